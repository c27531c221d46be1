import type { ReplyEvent } from '../conversation/event.ts'
import type { MadeCall } from './reading.ts'

type Call = { readonly name: string; readonly json: string; readonly events: readonly ReplyEvent[] }

/** The calls of a repair without those that were taken before: a model likes to repeat all it has said. */
export function newCalls(events: readonly ReplyEvent[], before: readonly MadeCall[]): readonly ReplyEvent[] {
  return unrepeated(events, before).flatMap((call) => call.events)
}

/**
 * The calls of a repair that take the place of wrong ones, one for each. Undefined: it is not certain which is which, and a call
 * that nobody wanted is worse than none.
 */
export function mendedCalls(
  events: readonly ReplyEvent[],
  before: readonly MadeCall[],
): readonly ReplyEvent[] | undefined {
  const wrong = before.filter(({ faults }) => faults.length > 0)
  const mended = unrepeated(events, before)
  if (mended.length !== wrong.length) return undefined
  const placed = mended.map((call) => placeOf(call, mended, wrong, before))
  return new Set(placed).size === wrong.length && !placed.includes(undefined)
    ? mended.flatMap((call) => call.events)
    : undefined
}

/** Which of the wrong calls it mends: the only one of its tool, or the one it has most in common with; of equal ones the next. */
function placeOf(
  call: Call,
  mended: readonly Call[],
  wrong: readonly MadeCall[],
  before: readonly MadeCall[],
): number | undefined {
  const common = (other: MadeCall): number => valuesOf(other.json).intersection(valuesOf(call.json)).size
  const own = [...wrong.entries()].filter(([, { name }]) => name === call.name)
  const most = Math.max(...own.map(([, other]) => common(other)))
  const isTaken = before.some((other) => other.name === call.name && other.faults.length === 0 && common(other) > most)
  const [best, more] = own.filter(([, other]) => common(other) === most)
  if (best === undefined || isTaken) return undefined
  if (own.length === 1) return best[0]
  if (most === 0) return undefined
  if (more === undefined) return best[0]
  // As often as it was called wrongly, it is called alike.
  const alike = own.filter(([, { json }]) => json === best[1].json)
  const isAlike = alike.length === own.filter(([, other]) => common(other) === most).length
  const same = mended.filter((other) => isEqual(other, call))
  return isAlike && same.length === alike.length ? alike[same.indexOf(call)]?.[0] : undefined
}

/** The values that stand in a JSON text, whole or not, without the names of members: by them calls of one tool are told apart. */
const valuesOf = (json: string): ReadonlySet<string> =>
  new Set(
    [...json.matchAll(/("(?:[^"\\]|\\.)*"|[^\s,:{}[\]"]+)(\s*:)?/g)].flatMap(([, token = '', colon]) =>
      colon === undefined ? [token.replace(/^"|"$/g, '')] : [],
    ),
  )

function unrepeated(events: readonly ReplyEvent[], before: readonly MadeCall[]): readonly Call[] {
  const taken = before.filter(({ faults }) => faults.length === 0)
  return callsIn(events).filter((call) => !taken.some((other) => isEqual(other, call)))
}

const isEqual = (one: Pick<Call, 'name' | 'json'>, other: Pick<Call, 'name' | 'json'>): boolean =>
  one.name === other.name && Bun.deepEquals(parsed(one.json), parsed(other.json), true)

function parsed(json: string): unknown {
  try {
    return JSON.parse(json === '' ? '{}' : json)
  } catch {
    return json
  }
}

function callsIn(events: readonly ReplyEvent[]): readonly Call[] {
  const calls: Call[] = []
  let open: ReplyEvent[] = []
  let [name, json] = ['', '']
  for (const event of events) {
    if (event.type === 'tool-call-start') {
      open = []
      name = event.name
      json = ''
    }
    if (event.type === 'tool-call-delta') json += event.json
    if (event.type.startsWith('tool-call')) open.push(event)
    if (event.type === 'tool-call-end') calls.push({ name, json, events: open })
  }
  return calls
}
