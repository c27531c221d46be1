import { type Fault, isFaultName } from './fault.ts'
import { parseShape, type Shape } from './shape.ts'

/** What the prompt tells the simulator to do; see `readDirectives`. */
export type Directives = {
  readonly text?: string
  /** Said in place of whatever was asked for; no tool is called. */
  readonly instead?: string
  /** The same, and again in every later turn. */
  readonly always?: string
  readonly repeat?: number
  readonly tools?: number
  readonly tool?: string
  readonly input?: Shape
  /** Calls told one by one, in order. */
  readonly calls: readonly { readonly name: string; readonly input?: Shape }[]
  readonly rounds?: number
  readonly searches: readonly string[]
  readonly delayMs?: number
  readonly paceMs?: number
  readonly json?: boolean
  readonly think?: string
  readonly thoughts?: number
  readonly redacted?: boolean
  readonly stop?: string
  readonly fault?: Fault
  /** Every `[[marker:…]]`, brackets and all, in order. */
  readonly markers: readonly string[]
}

const directivePattern = /\[\[sim:([a-z]+)(?:=([\s\S]*?))?\]\]/g
const maxRepeat = 1_000_000
const maxTools = 64

/**
 * Reads the directives of a prompt. Anyone who writes a prompt may use them, in tests and in the demo:
 *
 * - `[[marker:anything]]` comes back in the reply (and from tool results), so that mixed-up streams are noticed.
 * - `[[sim:text=…]]` answers exactly this text (up to the first `]]`).
 * - `[[sim:instead=…]]` answers this text and calls nothing, whatever is asked for; `[[sim:always=…]]` in the first message does so in
 *   every turn of the conversation: a model that never does what it is told.
 * - `[[sim:repeat=N]]` says the answer N times over: long replies.
 * - `[[sim:tools=N]]` calls N tools in one reply, going round the declared ones; `[[sim:tool=name]]` calls that one;
 *   `[[sim:input={…}]]` gives the input (JSON without `]]`); `[[sim:rounds=N]]` calls again after each result, N replies in all.
 * - `[[sim:call=name {…}]]` calls this tool with this input; several make one reply with calls that differ.
 * - `[[sim:thoughts=N]]` thinks N times between tags, the answer standing between the thoughts (where thinking is on by tags).
 * - `[[sim:search=words]]` searches the web for these words, where the model has such a tool; several search several times, one
 *   after the other when given with `[[sim:rounds=N]]`. Words with `no results`, `as text`, `fails` or `is refused` in them meet what they say (mcp.ts).
 * - `[[sim:json]]` answers JSON; `[[sim:think=…]]` reasons with this text; `[[sim:redacted]]` adds a redacted block.
 * - `[[sim:stop=MAX_TOKENS]]` is the `stopReason` of the metadata event.
 * - `[[sim:delay=ms]]` waits before the first frame (headers are sent); `[[sim:pace=ms]]` waits before each frame.
 * - `[[sim:fault=name]]`, `[[sim:fault=name:ms]]`: one of the faults of fault.ts; `ms` is the wait of `silence`,
 *   `silence-after-text` and `slow-headers`, and `retryAfterMilliseconds` of the throttles. `[[sim:fault=silence:500]]`.
 */
export function readDirectives(text: string): Directives {
  const found: { -readonly [Name in keyof Directives]?: Directives[Name] } = {}
  const calls: Directives['calls'][number][] = []
  const searches: string[] = []
  for (const [, name, value = ''] of text.matchAll(directivePattern)) {
    switch (name) {
      case 'text':
        found.text = value
        break
      case 'instead':
        found.instead = value
        break
      case 'always':
        found.always = value
        break
      case 'repeat':
        found.repeat = count(value, maxRepeat)
        break
      case 'tools':
        found.tools = count(value, maxTools)
        break
      case 'tool':
        found.tool = value
        break
      case 'input': {
        const input = parseShape(value)
        if (input !== undefined) found.input = input
        break
      }
      case 'call': {
        const [, tool = '', json = ''] = /^\s*(\S+)\s*([\s\S]*)$/.exec(value) ?? []
        const input = parseShape(json)
        if (tool !== '' && calls.length < maxTools)
          calls.push({ name: tool, ...(input === undefined ? {} : { input }) })
        break
      }
      case 'search':
        if (searches.length < maxTools) searches.push(value)
        break
      case 'rounds':
        found.rounds = count(value, 1000)
        break
      case 'delay':
        found.delayMs = count(value, 600_000)
        break
      case 'pace':
        found.paceMs = count(value, 60_000)
        break
      case 'json':
        found.json = true
        break
      case 'think':
        found.think = value
        break
      case 'thoughts':
        found.thoughts = count(value, 64)
        break
      case 'redacted':
        found.redacted = true
        break
      case 'stop':
        found.stop = value
        break
      case 'fault': {
        const fault = readFault(value)
        if (fault !== undefined) found.fault = fault
        break
      }
      default:
    }
  }
  return { ...found, calls, searches, markers: markersOf(text) }
}

export function markersOf(text: string): readonly string[] {
  return [...text.matchAll(/\[\[marker:[^\]]{1,200}\]\]/g)].map(([marker]) => marker)
}

export function withoutDirectives(text: string): string {
  return text.replaceAll(directivePattern, '').trim()
}

const count = (text: string, max: number): number => Math.max(0, Math.min(max, Math.floor(Number(text)) || 0))

function readFault(text: string): Fault | undefined {
  const [name = '', ms] = text.split(':')
  if (!isFaultName(name)) return undefined
  if (ms === undefined) return { name }
  const wait = count(ms, 3_600_000)
  return { name, waitMs: wait, retryAfterMs: wait }
}
