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

/** Wrong calls of one reply that are told apart. */
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
  const place = createPlaces(wrong.map(knownOf), taken)
  for (const call of mended) if (!place(call)) return undefined
  return mended.flatMap((call) => call.events)
}

/** Gives each call the place of a wrong one; false: it is not certain which. */
function createPlaces(wrong: readonly Known[], taken: readonly Known[]): (call: Known) => boolean {
  const inWrong = createTally(wrong)
  const inTaken = createTally(taken)
  const open = new Set(wrong)

  /**
   * Whether it is a good call once more in other words: it has more of that one than of the wrong call, and nothing by which the
   * wrong one differs from it (what was missing is often filled in as in the call beside it). Of a call that said nothing at all
   * nothing can be told but that it is no good call with something added.
   */
  function isOnceMore(call: Known, nearest: Known, common: number): boolean {
    const has = inTaken(call.values)
    const kept = nearest.values.intersection(call.values)
    const hasKept = inTaken(kept)
    return taken.some(
      ({ name, values }, at) =>
        name === call.name &&
        (has[at] ?? 0) > common &&
        (nearest.values.size === 0 ? has[at] === values.size : hasKept[at] === kept.size),
    )
  }

  /** The only one of its tool, or the one it has most in common with; of equal ones the next. */
  return (call) => {
    const common = inWrong(call.values)
    const own = wrong.flatMap((one, at) => (one.name === call.name ? [{ one, common: common[at] ?? 0 }] : []))
    const most = Math.max(...own.map((each) => each.common))
    const nearest = own.flatMap((each) => (each.common === most ? [each.one] : []))
    const [first] = nearest
    if (first === undefined || isOnceMore(call, first, most)) return false
    // Of several that are alike each is mended with all it had, or with anything where it had nothing.
    const isAlike = most === first.values.size && nearest.every(({ key }) => key === first.key)
    const place = nearest.length === 1 || isAlike ? nearest.find((one) => open.has(one)) : undefined
    return place !== undefined && open.delete(place)
  }
}

/** How many of some values each of the calls has, without holding all against all. */
function createTally(calls: readonly Known[]): (values: ReadonlySet<string>) => Int32Array {
  const holders = new Map<string, number[]>()
  for (const [at, { values }] of calls.entries())
    for (const value of values) {
      const known = holders.get(value)
      if (known === undefined) holders.set(value, [at])
      else known.push(at)
    }
  return (values) => {
    const counts = new Int32Array(calls.length)
    for (const value of values) for (const at of holders.get(value) ?? []) counts[at] = (counts[at] ?? 0) + 1
    return counts
  }
}

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
