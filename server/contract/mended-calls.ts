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

/** Wrong calls of one reply that are told apart. */
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
  const inWrong = createTally(wrong)
  const common = mended.map(({ values }) => inWrong(values))
  const places = asAsked(mended, wrong, common) ?? byLikeness(mended, wrong, common)
  if (places === undefined || isTwice(mended, places)) return undefined
  const isGoodOnceMore = createRepeats(taken)
  const isAgain = places.some(({ place, common: own }, index) => {
    const call = mended[index]
    return call !== undefined && isGoodOnceMore(call, place, own)
  })
  return isAgain ? undefined : mended.flatMap((call) => call.events)
}

/** Of each mended call: the wrong one whose place it takes, and how many values they have in common. */
type Places = readonly { readonly place: WrongCall; readonly common: number }[]
/** Of a mended call: how many values it has in common with each of the wrong ones. */
type Common = Int32Array

/**
 * Each is asked for in the place of the wrong one, so where nothing speaks against it that is where it stands. What does: that
 * there was something right in that one, and none of it has stayed, or it has more in common with another.
 */
function asAsked(
  mended: readonly NewCall[],
  wrong: readonly WrongCall[],
  common: readonly Common[],
): Places | undefined {
  const places: Places[number][] = []
  const next = new Map<string, number>()
  for (const [index, call] of mended.entries()) {
    const own = ownOf(call, wrong, common[index])
    const at = next.get(call.name) ?? 0
    next.set(call.name, at + 1)
    const asked = own[at]
    if (asked === undefined) return undefined
    const { sound } = asked.place
    const isOther = sound.isDisjointFrom(call.values) || own.some((other) => other.common > asked.common)
    if (sound.size > 0 && isOther) return undefined
    places.push(asked)
  }
  return places
}

/** Each in the place of the one it has most in common with; of those that are alike, the next. */
function byLikeness(
  mended: readonly NewCall[],
  wrong: readonly WrongCall[],
  common: readonly Common[],
): Places | undefined {
  const open = new Set(wrong)
  const places: Places[number][] = []
  for (const [index, call] of mended.entries()) {
    const own = ownOf(call, wrong, common[index])
    const most = Math.max(...own.map((one) => one.common))
    const nearest = own.filter((one) => one.common === most)
    const isAlike = nearest.every(({ place }) => place.key === nearest[0]?.place.key)
    const found = isAlike ? nearest.find(({ place }) => open.has(place)) : undefined
    if (found === undefined) return undefined
    open.delete(found.place)
    places.push(found)
  }
  return places
}

/** The wrong calls of the same tool. */
const ownOf = (call: Known, wrong: readonly WrongCall[], common?: Common): Places =>
  wrong.flatMap((place, at) => (place.name === call.name ? [{ place, common: common?.[at] ?? 0 }] : []))

/** Of wrong calls that were not the same the mended ones are, or the other way round, though one has lost what it said. */
const isTwice = (mended: readonly NewCall[], places: Places): boolean =>
  mended.some((call, index) =>
    mended.slice(0, index).some((other, at) => {
      const [place, others] = [places[index]?.place, places[at]?.place]
      if (call.name !== other.name || place === undefined || others === undefined) return false
      if (place.key !== others.key) return call.key === other.key
      return call.key !== other.key && ![call, other].every(({ values }) => place.values.isSubsetOf(values))
    }),
  )

/**
 * Whether a call is a good one once more. It is where one holds all members of the other, unless the wrong call held them
 * already; and where it has more of the good call than of the wrong one (`common`), and has lost all that was right in that and
 * not in the good one.
 */
function createRepeats(taken: readonly Known[]): (call: Known, wrong: WrongCall, common: number) => boolean {
  const inTaken = createTally(taken)
  return (call, wrong, common) => {
    const has = inTaken(call.values)
    const isAgain = taken.some(
      (good) =>
        good.name === call.name &&
        ((holds(call, good) && !holds(wrong, good)) || (call.members.size > 0 && holds(good, call))),
    )
    if (isAgain || !has.some((count) => count > common)) return isAgain
    const kept = wrong.sound.intersection(call.values)
    const [hasSound, hasKept] = [inTaken(wrong.sound), inTaken(kept)]
    return taken.some(
      ({ name }, at) =>
        name === call.name &&
        (has[at] ?? 0) > common &&
        (hasSound[at] ?? 0) < wrong.sound.size &&
        hasKept[at] === kept.size,
    )
  }
}

function holds({ members }: Known, other: Known): boolean {
  for (const [name, value] of other.members) if (members.get(name) !== value) return false
  return true
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

function unrepeated(events: readonly ReplyEvent[], taken: readonly Known[], by: 'exact' | 'key'): readonly NewCall[] {
  const keys = new Set(taken.map((one) => `${one.name} ${one[by]}`))
  return callsIn(events).filter((one) => !keys.has(`${one.name} ${one[by]}`))
}

function knownOf({ name, json }: Pick<MadeCall, 'name' | 'json'>): Known {
  const input = inputOf(json)
  const members = new Map(Object.entries(input ?? {}).map(([member, value]) => [member, keyOf(value)]))
  const exact = input === undefined ? json : JSON.stringify(input, inOrder)
  const key = input === undefined ? json : JSON.stringify([...members].sort(([one], [other]) => (one < other ? -1 : 1)))
  return { name, exact, key, members, values: valuesOf(json) }
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
    const words = isPlain.test(value) ? value : value.normalize('NFKC').trim().replace(/\s+/g, ' ').toLowerCase()
    return isNumber.test(words) ? Number(words) : words
  }
  return inOrder('', value)
}
/** As it stays: most values are, and there may be very many. */
const isPlain = /^[!-@[-~]*$/
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
