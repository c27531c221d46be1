import type { ReplyEvent } from '../conversation/event.ts'
import type { MadeCall } from './reading.ts'

/** A call, with what it is told from others by. */
type Known = {
  readonly name: string
  /** The input, as one text whatever the order of its members. */
  readonly exact: string
  /** The same, however its words and numbers are written. */
  readonly key: string
  /** The members of the input, each as such a text. */
  readonly members: ReadonlyMap<string, string>
  /** The values that stand in the input. */
  readonly values: ReadonlySet<string>
}
type WrongCall = Known & {
  /** Values of members that no fault is found with. */
  readonly sound: ReadonlySet<string>
}
type NewCall = Known & { readonly events: readonly ReplyEvent[] }

/** Wrong calls of one reply that are told apart, each from each. */
const mostMended = 50

/**
 * The calls of a repair without those that were taken before: a model likes to repeat all it has said. To the letter: there may
 * be others, and `README` is not `readme`.
 */
export const newCalls = (events: readonly ReplyEvent[], before: readonly MadeCall[]): readonly ReplyEvent[] =>
  unrepeated(events, takenOf(before), 'exact').flatMap((call) => call.events)

/**
 * The calls of a repair that take the place of wrong ones, one for each. Undefined: it is not certain which is which, or that
 * none of them is made a second time, and a call that nobody wanted is worse than none.
 */
export function mendedCalls(
  events: readonly ReplyEvent[],
  before: readonly MadeCall[],
): readonly ReplyEvent[] | undefined {
  const taken = takenOf(before)
  const wrong = before.filter(({ faults }) => faults.length > 0).map(wrongOf)
  const mended = unrepeated(events, taken, 'key')
  if (wrong.length > mostMended || mended.length !== wrong.length) return undefined
  const places = asAsked(mended, wrong) ?? byLikeness(mended, wrong)
  if (places === undefined || isTwice(mended, places)) return undefined
  const isAgain = mended.some((call, index) => taken.some((good) => isOnce(good, call, places[index])))
  return isAgain ? undefined : mended.flatMap((call) => call.events)
}

type Places = readonly WrongCall[]

/**
 * Each is asked for in the place of the wrong one, so where nothing speaks against it that is where it stands. What does: that
 * there was something right in that one, and none of it has stayed, or it has more in common with another.
 */
function asAsked(mended: readonly NewCall[], wrong: readonly WrongCall[]): Places | undefined {
  const places: WrongCall[] = []
  const next = new Map<string, number>()
  for (const call of mended) {
    const own = wrong.filter(({ name }) => name === call.name)
    const at = next.get(call.name) ?? 0
    next.set(call.name, at + 1)
    const place = own[at]
    if (place === undefined) return undefined
    const common = inCommon(place, call)
    const isOther = place.sound.isDisjointFrom(call.values) || own.some((other) => inCommon(other, call) > common)
    if (place.sound.size > 0 && isOther) return undefined
    places.push(place)
  }
  return places
}

/** Each in the place of the one it has most in common with; of those that are alike, the next. */
function byLikeness(mended: readonly NewCall[], wrong: readonly WrongCall[]): Places | undefined {
  const open = new Set(wrong)
  const places: WrongCall[] = []
  for (const call of mended) {
    const own = wrong.filter(({ name }) => name === call.name)
    const most = Math.max(...own.map((one) => inCommon(one, call)))
    const nearest = own.filter((one) => inCommon(one, call) === most)
    const isAlike = nearest.every(({ key }) => key === nearest[0]?.key)
    const place = isAlike ? nearest.find((one) => open.has(one)) : undefined
    if (place === undefined) return undefined
    open.delete(place)
    places.push(place)
  }
  return places
}

/** Of wrong calls that were not the same the mended ones are, or the other way round, though one has lost what it said. */
const isTwice = (mended: readonly NewCall[], places: Places): boolean =>
  mended.some((call, index) =>
    mended.slice(0, index).some((other, at) => {
      const [place, others] = [places[index], places[at]]
      if (call.name !== other.name || place === undefined || others === undefined) return false
      if (place.key !== others.key) return call.key === other.key
      return call.key !== other.key && ![call, other].every(({ values }) => place.values.isSubsetOf(values))
    }),
  )

/**
 * Whether it is a good call once more. It is where one holds all members of the other, unless the wrong call held them already;
 * and where it has more of the good call than of the wrong one, and has lost all that was right in that and not in the good one.
 */
function isOnce(good: Known, call: Known, wrong: WrongCall | undefined): boolean {
  if (good.name !== call.name || wrong === undefined) return false
  if (holds(call, good) && !holds(wrong, good)) return true
  if (call.members.size > 0 && holds(good, call)) return true
  const own = wrong.sound.difference(good.values)
  return own.size > 0 && inCommon(good, call) > inCommon(wrong, call) && own.isDisjointFrom(call.values)
}

const holds = ({ members }: Known, other: Known): boolean =>
  [...other.members].every(([name, value]) => members.get(name) === value)

const inCommon = (one: Known, other: Known): number => one.values.intersection(other.values).size

const takenOf = (before: readonly MadeCall[]): readonly Known[] =>
  before.filter(({ faults }) => faults.length === 0).map(knownOf)

function unrepeated(events: readonly ReplyEvent[], taken: readonly Known[], by: 'exact' | 'key'): readonly NewCall[] {
  const keys = new Set(taken.map((one) => `${one.name} ${one[by]}`))
  return callsIn(events).filter((one) => !keys.has(`${one.name} ${one[by]}`))
}

function knownOf({ name, json }: Pick<MadeCall, 'name' | 'json'>): Known {
  const input = inputOf(json)
  const members = new Map(Object.entries(input ?? {}).map(([member, value]) => [member, keyOf(value)]))
  const exact = input === undefined ? json : JSON.stringify(input, inOrder)
  return { name, exact, key: input === undefined ? json : keyOf(input), members, values: valuesOf(json) }
}

function wrongOf({ name, json, faults }: MadeCall): WrongCall {
  const known = knownOf({ name, json })
  const isFaulty = (member: string): boolean => {
    const at = `#/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`
    return faults.some((fault) => fault.startsWith(`${at}:`) || fault.startsWith(`${at}/`))
  }
  const faulty = Object.entries(inputOf(json) ?? {}).filter(([member]) => isFaulty(member))
  const wrong = faulty.flatMap(([, value]) => [...valuesOf(JSON.stringify(value))])
  return { ...known, sound: known.values.difference(new Set(wrong)) }
}

function inputOf(json: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(json === '' ? '{}' : json)
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject ? (value as Readonly<Record<string, unknown>>) : undefined
  } catch {
    return undefined
  }
}

/** The same for what a model writes now so, now so: case and spaces of words, `5`, `5.0` and `"5"`, the order of members. */
const keyOf = (value: unknown): string => JSON.stringify(value, alike) ?? ''

function alike(_: string, value: unknown): unknown {
  if (typeof value === 'string') {
    const words = value.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase()
    return isNumber.test(words) ? Number(words) : words
  }
  return inOrder('', value)
}
const isNumber = /^-?(?:0|[1-9]\d{0,14})(?:\.\d+)?$/

const inOrder = (_: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)))
    : value

/** Also of half a text; names of members are the same in all calls of a tool. */
const valuesOf = (json: string): ReadonlySet<string> =>
  new Set(
    [...json.matchAll(/("(?:[^"\\]|\\.)*"|[^\s,:{}[\]"]+)(\s*:)?/g)].flatMap(([, token = '', colon]) =>
      colon === undefined ? [`${alike('', token.replace(/^"|"$/g, ''))}`] : [],
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
