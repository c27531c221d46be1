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
  const open = new Set(wrong.map(knownOf))
  const known = [...open]
  for (const call of mended) {
    const place = placeOf(call, known, open, taken)
    if (place === undefined) return undefined
    open.delete(place)
  }
  return mended.flatMap((call) => call.events)
}

/** Which of the wrong calls it mends: the only one of its tool, or the one it has most in common with; of equal ones the next. */
function placeOf(
  call: Known,
  wrong: readonly Known[],
  open: ReadonlySet<Known>,
  taken: readonly Known[],
): Known | undefined {
  const own = wrong.filter(({ name }) => name === call.name)
  const most = Math.max(...own.map((one) => inCommon(one, call)))
  const nearest = own.filter((one) => inCommon(one, call) === most)
  const [first] = nearest
  if (first === undefined || taken.some((good) => isOnce(good, call, first, most))) return undefined
  // Of several that are alike each is mended with all it had, or with anything where it had nothing.
  const isAlike = nearest.every(({ key }) => key === first.key) && first.values.isSubsetOf(call.values)
  return nearest.length === 1 || isAlike ? nearest.find((one) => open.has(one)) : undefined
}

/**
 * Whether it is a good call once more in other words: it has more of that one than of the wrong call, and nothing by which the
 * wrong one differs from it (what was missing is often filled in as in the call beside it). Of a call that said nothing at all
 * nothing can be told but that it is no good call with something added.
 */
const isOnce = (good: Known, call: Known, wrong: Known, common: number): boolean =>
  good.name === call.name &&
  inCommon(good, call) > common &&
  (wrong.values.size === 0
    ? good.values.isSubsetOf(call.values)
    : wrong.values.difference(good.values).isDisjointFrom(call.values))

const inCommon = (one: Known, other: Known): number => one.values.intersection(other.values).size

const takenOf = (before: readonly MadeCall[]): readonly Known[] =>
  before.filter(({ faults }) => faults.length === 0).map(knownOf)

function unrepeated(events: readonly ReplyEvent[], taken: readonly Known[]): readonly NewCall[] {
  const keys = new Set(taken.map(({ name, key }) => `${name} ${key}`))
  return callsIn(events).filter(({ name, key }) => !keys.has(`${name} ${key}`))
}

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
