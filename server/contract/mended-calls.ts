import type { ReplyEvent } from '../conversation/event.ts'
import type { MadeCall } from './reading.ts'

/** A call, with what it is told from others by. */
type Known = {
  readonly name: string
  /** The input, as one text whatever the order of its members. */
  readonly key: string
  /** The values that stand in the input. */
  readonly values: ReadonlySet<string>
}
type NewCall = Known & { readonly events: readonly ReplyEvent[] }

/** Wrong calls of one reply that are told apart, each from each. */
const mostMended = 50

/** The calls of a repair without those that were taken before: a model likes to repeat all it has said. */
export const newCalls = (events: readonly ReplyEvent[], before: readonly MadeCall[]): readonly ReplyEvent[] =>
  unrepeated(events, takenOf(before)).flatMap((call) => call.events)

/**
 * The calls of a repair that take the place of wrong ones, one for each. Undefined: it is not certain which is which, and a call
 * that nobody wanted is worse than none.
 */
export function mendedCalls(
  events: readonly ReplyEvent[],
  before: readonly MadeCall[],
): readonly ReplyEvent[] | undefined {
  const taken = takenOf(before)
  const wrong = before.filter(({ faults }) => faults.length > 0)
  const mended = unrepeated(events, taken)
  if (wrong.length > mostMended || mended.length !== wrong.length) return undefined
  const known = wrong.map(knownOf)
  const placed = mended.map((call) => placeOf(call, mended, known, taken))
  const isCertain = new Set(placed).size === wrong.length && !placed.includes(undefined)
  return isCertain ? mended.flatMap((call) => call.events) : undefined
}

/** Which of the wrong calls it mends: the only one of its tool, or the one it has most in common with; of equal ones the next. */
function placeOf(
  call: Known,
  mended: readonly Known[],
  wrong: readonly Known[],
  taken: readonly Known[],
): number | undefined {
  const own = [...wrong.entries()].flatMap(([at, { name, key, values }]) =>
    name === call.name ? [{ at, key, common: values.intersection(call.values).size }] : [],
  )
  const most = Math.max(...own.map(({ common }) => common))
  const isTaken = taken.some(({ name, values }) => name === call.name && values.intersection(call.values).size > most)
  const nearest = own.filter(({ common }) => common === most)
  const [first] = nearest
  if (first === undefined || isTaken) return undefined
  if (nearest.length === 1 || own.length === 1) return first.at
  // As often as it was called wrongly, it is called alike.
  const isAlike = nearest.every(({ key }) => key === first.key)
  return isAlike ? nearest[mended.filter((other) => isEqual(other, call)).indexOf(call)]?.at : undefined
}

const takenOf = (before: readonly MadeCall[]): readonly Known[] =>
  before.filter(({ faults }) => faults.length === 0).map(knownOf)

function unrepeated(events: readonly ReplyEvent[], taken: readonly Known[]): readonly NewCall[] {
  const keys = new Set(taken.map(({ name, key }) => `${name} ${key}`))
  return callsIn(events).filter(({ name, key }) => !keys.has(`${name} ${key}`))
}

const isEqual = (one: Known, other: Known): boolean => one.name === other.name && one.key === other.key

const knownOf = ({ name, json }: Pick<MadeCall, 'name' | 'json'>): Known => ({
  name,
  key: keyOf(json),
  values: valuesOf(json),
})

function keyOf(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json === '' ? '{}' : json), inOrder)
  } catch {
    return json
  }
}

const inOrder = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value

/** Also of half a text; names of members are the same in all calls of a tool. */
const valuesOf = (json: string): ReadonlySet<string> =>
  new Set(
    [...json.matchAll(/("(?:[^"\\]|\\.)*"|[^\s,:{}[\]"]+)(\s*:)?/g)].flatMap(([, token = '', colon]) =>
      colon === undefined ? [token.replace(/^"|"$/g, '')] : [],
    ),
  )

function callsIn(events: readonly ReplyEvent[]): readonly NewCall[] {
  const calls: NewCall[] = []
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
    if (event.type === 'tool-call-end') calls.push({ ...knownOf({ name, json }), events: open })
  }
  return calls
}
