export const levels = ['debug', 'info', 'warn', 'error'] as const
export type Level = (typeof levels)[number]

/** A line of the server's log, or a mark where some are missing. */
export type LogLine = {
  /** Counts here, so that a line keeps its place whatever comes. */
  readonly key: number
  readonly at: number
  readonly level: Level
  readonly event: string
  /** All but time and level, in one line; what is searched. */
  readonly text: string
  /** As it came, for a closer look. */
  readonly whole: string
  readonly mark?: { readonly kind: 'gap' | 'restart'; readonly missed: number | undefined }
}

/** More are forgotten from the front: somebody who needs them has the file. */
export const mostLines = 5_000

type Sent = {
  readonly at: number
  readonly level: Level
  readonly event: string
  readonly fields: Readonly<Record<string, unknown>>
}

export function readLine(data: string, key: number): LogLine | undefined {
  try {
    const { at, level, event, fields } = JSON.parse(data) as Sent // our own server's
    const { message, ...others } = fields
    const pairs = Object.entries(others).map(
      ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    const text = [event, ...(typeof message === 'string' ? [message] : []), ...pairs].join(' ').replaceAll(/\s+/g, ' ')
    return { key, at, level, event, text, whole: JSON.stringify({ event, ...fields }, null, 2) }
  } catch {
    return undefined
  }
}

/** Where the server could not go on from the last line: how many are missing, if it knows. */
export function readMark(data: string, key: number, at: number): LogLine {
  let missed: number | undefined
  let kind: 'gap' | 'restart' = 'gap'
  try {
    const told = JSON.parse(data) as { readonly reason?: string; readonly missed?: number }
    missed = told.missed
    kind = told.reason === 'restart' ? 'restart' : 'gap'
  } catch {
    // something is missing all the same
  }
  return { key, at, level: 'warn', event: '', text: '', whole: '', mark: { kind, missed } }
}

export const appended = (lines: readonly LogLine[], more: readonly LogLine[]): readonly LogLine[] =>
  [...lines, ...more].slice(-mostLines)

export type Test = (line: LogLine) => boolean

/** `/pattern/` is a regular expression, anything else words that all must be there; undefined: no valid pattern. */
export function createTest(search: string, level: Level): Test | undefined {
  const from = levels.indexOf(level)
  const isLevel = (line: LogLine): boolean => line.mark !== undefined || levels.indexOf(line.level) >= from
  const text = search.trim()
  if (text === '') return isLevel
  const pattern = /^\/(.+)\/([imsu]*)$/.exec(text)
  if (pattern) {
    try {
      const expression = new RegExp(pattern[1] ?? '', pattern[2] || 'i')
      return (line) => isLevel(line) && !line.mark && expression.test(line.text)
    } catch {
      return undefined
    }
  }
  const words = text.toLowerCase().split(/\s+/)
  return (line) => {
    if (!isLevel(line) || line.mark) return false
    const lower = line.text.toLowerCase()
    return words.every((word) => lower.includes(word))
  }
}

/** Goes through many lines a few at a time: `rest` lets the page draw and take keys in between. Undefined: nobody wants it any more. */
export async function filtered(
  lines: readonly LogLine[],
  test: Test,
  isWanted: () => boolean,
  rest: () => Promise<void>,
  now: () => number = () => performance.now(),
): Promise<readonly LogLine[] | undefined> {
  const found: LogLine[] = []
  let since = now()
  for (const [index, line] of lines.entries()) {
    if (test(line)) found.push(line)
    if (index % 50 === 49 && now() - since > 8) {
      await rest()
      if (!isWanted()) return undefined
      since = now()
    }
  }
  return isWanted() ? found : undefined
}

export const logFile = (lines: readonly LogLine[]): string =>
  `${lines
    .filter(({ mark }) => mark === undefined)
    .map(({ at, level, text }) => `${new Date(at).toISOString()} ${level.toUpperCase().padEnd(5)} ${text}`)
    .join('\n')}\n`
