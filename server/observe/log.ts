import { createRedact, redactText } from './redact.ts'

export const logLevels = ['debug', 'info', 'warn', 'error'] as const
export type LogLevel = (typeof logLevels)[number]
export type LogFields = Readonly<Record<string, unknown>>

export type LogLine = {
  /** Counts from 1 since start; gaps never occur. */
  readonly id: number
  /** Epoch ms. */
  readonly at: number
  readonly level: LogLevel
  /** `noun.verb`: `relay.finished`. */
  readonly event: string
  /** Redacted. `message`, when present, is a sentence for people. */
  readonly fields: LogFields
}

type Write = (event: string, fields?: LogFields) => void

/** Structured log. Whatever it is given is redacted before it is kept or written, so no caller can leak by accident. */
export type Logger = {
  readonly debug: Write
  readonly info: Write
  readonly warn: Write
  readonly error: Write
  readonly log: (level: LogLevel, event: string, fields?: LogFields) => void
  /** The same log with fields in every line: `child({ requestId })`. */
  readonly child: (fields: LogFields) => Logger
  /** The last lines kept in memory, oldest first; at most `limit`, only after line `afterId`. */
  readonly recent: (limit?: number, afterId?: number) => readonly LogLine[]
  /** Calls `listener` for each line from now on; the returned function ends it. A listener that throws is dropped. */
  readonly subscribe: (listener: (line: LogLine) => void) => () => void
  readonly setLevel: (level: LogLevel) => void
  readonly isOn: (level: LogLevel) => boolean
}

export type LogOptions = {
  readonly level: LogLevel
  readonly format: 'text' | 'json'
  /** Takes one line with its line end. What it throws is ignored: a closed terminal must not stop the server. */
  readonly write: (line: string) => void
  readonly now: () => number
  /** IANA zone of the times in text lines; JSON lines are UTC. Default: the system's zone. */
  readonly timeZone?: string
  /** Lines kept in memory (default 1,000). */
  readonly keep?: number
}

/** `auto` is text on a terminal and JSON lines elsewhere. */
export function logFormat(setting: 'auto' | 'text' | 'json', terminal: boolean): 'text' | 'json' {
  if (setting !== 'auto') return setting
  return terminal ? 'text' : 'json'
}

export function createLogger(options: LogOptions): Logger {
  const keep = Math.max(1, options.keep ?? 1000)
  const ring: LogLine[] = []
  const listeners = new Set<(line: LogLine) => void>()
  const redact = createRedact()
  const toText = options.format === 'json' ? jsonLine : textLine(options.timeZone)
  let level = options.level
  let count = 0

  const isOn = (wanted: LogLevel): boolean => logLevels.indexOf(wanted) >= logLevels.indexOf(level)

  const emit = (line: LogLine): void => {
    if (ring.length < keep) ring.push(line)
    else ring[(line.id - 1) % keep] = line
    try {
      options.write(toText(line))
    } catch {
      // nowhere left to say so
    }
    for (const listener of listeners) {
      try {
        listener(line)
      } catch {
        listeners.delete(listener)
      }
    }
  }

  const recent = (limit = keep, afterId = 0): readonly LogLine[] => {
    const start = ring.length < keep ? 0 : count % keep
    const lines = [...ring.slice(start), ...ring.slice(0, start)].filter((line) => line.id > afterId)
    return limit <= 0 ? [] : lines.slice(-limit)
  }

  const withFields = (bound: LogFields): Logger => {
    const log = (wanted: LogLevel, event: string, fields: LogFields = {}): void => {
      if (!isOn(wanted)) return
      const safe = redact({ ...bound, ...fields }) as LogFields
      emit({ id: ++count, at: options.now(), level: wanted, event: redactText(event), fields: safe })
    }
    return {
      debug: (event, fields) => log('debug', event, fields),
      info: (event, fields) => log('info', event, fields),
      warn: (event, fields) => log('warn', event, fields),
      error: (event, fields) => log('error', event, fields),
      log,
      child: (fields) => withFields({ ...bound, ...fields }),
      recent,
      subscribe: (listener) => {
        listeners.add(listener)
        return () => void listeners.delete(listener)
      },
      setLevel: (wanted) => {
        level = wanted
      },
      isOn,
    }
  }
  return withFields({})
}

/** One line for people, without its line end, times in the system's zone. */
export const lineText = (line: LogLine): string => textLine(undefined)(line).trimEnd()

function jsonLine({ at, level, event, fields }: LogLine): string {
  const head = { at: new Date(at).toISOString(), level, event }
  return `${oneLine(JSON.stringify({ ...head, ...fields, ...head }))}\n` // first for the eye, last so that no field overrides it
}

function textLine(timeZone: string | undefined): (line: LogLine) => string {
  const clock = new Intl.DateTimeFormat('sv-SE', {
    ...(timeZone !== undefined && { timeZone }),
    dateStyle: 'short',
    timeStyle: 'medium',
  })
  return ({ at, level, event, fields }) => {
    const { message, ...others } = fields
    const pairs = Object.entries(others)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}=${quoted(value)}`)
    const sentence = typeof message === 'string' ? [oneLine(message)] : []
    return `${[clock.format(at), level.toUpperCase().padEnd(5), event, ...sentence, ...pairs].join(' ')}\n`
  }
}

/** Text from outside cannot begin a line of its own or move the cursor. The escape is JSON's, so it fits both forms. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]/gu, (sign) =>
    sign === '\n' ? '\\n' : `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function quoted(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return oneLine(typeof value === 'string' && (text === '' || /[\s"=]/.test(text)) ? JSON.stringify(text) : text)
}
