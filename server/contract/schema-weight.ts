import { format } from '@cfworker/json-schema'
import { LRUCache } from 'lru-cache'
import { type Loose, mostPatternsKept } from './judging.ts'
import { type Pattern, readPattern } from './pattern.ts'
import { lengthFormat, patternFormat, type Stands } from './schema-copy.ts'

export class TooMuch extends Error {}

/** Of one judgement. `chain`: of how many parts, at most, each is judged within the one before it for the same value. */
export type Bound = { readonly most: number; readonly natives: Natives; readonly chain?: number }

/**
 * What becomes of patterns that only the platform's engine judges, which nothing bounds: it runs, the judgement is too much, or
 * (where no fault is looked for) they count as met.
 */
export type Natives = 'run' | 'refused' | 'met'

/** What the judge's work is weighed by, and what stands for the keywords that compare values with one another. */
export type Weighed = Stands & {
  /** Runs a judgement over `value` seen through a watch; more than `most` ticks throw TooMuch. */
  readonly during: <T>(value: unknown, bound: Bound, work: (watched: unknown) => T) => T
  /** A fault of the library's in words for the caller. */
  readonly says: (error: string) => string
}

type Watched = { readonly watched: object; readonly level: number }

const memberFormat = 'member of a schema: '
const uniqueMark = 'as items that differ'
const longestShown = 200
const charactersPerTick = 40
const keysPerTick = 2
const numbersPerTick = 50
const membersPerTick = 2
/** The library copies what is wrong in a part into the list of each part around it. */
const levelsPerTick = 60
const itemsPerTick = 4

/** Member names and texts of the running judgement's schema; a judgement is synchronous. */
let running:
  | {
      readonly texts: readonly ReadonlySet<string>[]
      readonly tick: (weight: number) => void
      readonly natives: Natives
    }
  | undefined

/** `spend` is told what each judgement took. */
export function createWeighed(spend: (ticks: number) => void): Weighed {
  let left = Number.POSITIVE_INFINITY
  /** What a tick counts for: more, the deeper in the value and the longer the chains. */
  let dear = 1
  let dearerByLevel = 0
  let seen: object | undefined
  let watches = new Map<object, Watched>()
  let canons = new Map<object, string>()
  const texts: ReadonlySet<string>[] = []
  const shown: string[] = []
  const tick = (weight: number): void => {
    left -= weight * dear
    if (left < 0) throw new TooMuch()
  }

  const traps: ProxyHandler<object> = {
    get: (target, name) => {
      if (name === 'length') seen = target
      else if (Array.isArray(target)) tick(1 / itemsPerTick)
      return watch(Reflect.get(target, name), target)
    },
    ownKeys: (target) => {
      seen = target
      const keys = Reflect.ownKeys(target)
      let characters = 0
      for (const key of keys) characters += (key as string).length
      tick(keys.length / keysPerTick + characters / charactersPerTick)
      return keys
    },
  }
  const watch = (value: unknown, within?: object): unknown => {
    if (typeof value !== 'object' || value === null) return value
    const known = watches.get(value)
    if (known !== undefined) return known.watched
    const level = 1 + (within === undefined ? 0 : (watches.get(within)?.level ?? 0))
    const watched = new Proxy(value, traps)
    watches.set(value, { watched, level })
    dear = Math.max(dear, 1 + (level + 1) * dearerByLevel)
    return watched
  }
  const canonOf = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) {
      const text = JSON.stringify(value)
      tick(text.length / charactersPerTick)
      return text
    }
    const known = canons.get(value)
    if (known !== undefined) return known
    const made = Array.isArray(value)
      ? `[${value.map(canonOf).join()}]`
      : `{${Object.keys(value)
          .sort()
          .map((key) => `${JSON.stringify(key)}:${canonOf((value as Loose)[key])}`)
          .join()}}`
    tick(1 + made.length / charactersPerTick)
    canons.set(value, made)
    return made
  }

  const oneOf = (members: readonly unknown[]): Loose => {
    tick(members.length / membersPerTick)
    const compound = new Set<string>()
    const strings = new Set<string>()
    const plain: unknown[] = []
    for (const member of members) {
      if (typeof member === 'string') strings.add(member)
      else if (typeof member === 'object' && member !== null) compound.add(canonOf(member))
      else plain.push(member)
    }
    canons = new Map()
    const name = `${memberFormat}${shown.length}`
    shown.push(shownOf(members))
    texts.push(strings)
    const some = (holds: (member: unknown) => boolean): boolean => {
      // What is compared is known by the watch it is compared through.
      seen = undefined
      if (compound.size > 0) {
        holds([])
        if (seen === undefined) holds({})
        if (seen !== undefined) return compound.has(canonOf(seen))
      }
      tick(plain.length / numbersPerTick)
      return plain.some(holds)
    }
    return { if: { type: 'string' }, else: { enum: { some, toJSON: () => name } }, format: name }
  }

  const differs = (): boolean => {
    const items = seen as readonly unknown[]
    const met = new Set<string>()
    for (const item of items) {
      tick(1)
      const text = canonOf(item)
      if (met.has(text)) return false
      met.add(text)
    }
    return true
  }
  // The library reads the list's length, then this.
  const unique = {
    maxItems: {
      [Symbol.toPrimitive]: (hint: string) =>
        hint === 'number' ? (differs() ? Number.POSITIVE_INFINITY : -1) : uniqueMark,
    },
  }

  return {
    tick,
    oneOf,
    unique,
    during: (value, { most, natives, chain = 0 }, work) => {
      left = most
      dearerByLevel = chain / levelsPerTick
      dear = 1 + dearerByLevel
      const before = [running, globalThis.RegExp] as const
      running = { texts, tick, natives }
      // The library makes an expression of each name in `patternProperties`, and knows no other place for an own engine.
      globalThis.RegExp = NamePattern as unknown as RegExpConstructor
      try {
        return work(watch(value))
      } finally {
        ;[running, globalThis.RegExp] = before
        spend(most - Math.max(0, left))
        left = Number.POSITIVE_INFINITY
        seen = undefined
        watches = new Map()
        canons = new Map()
      }
    },
    says: (error) => {
      if (error === 'False boolean schema.') return 'Is not allowed here.'
      if (error.includes(uniqueMark)) return 'Two of its items are the same.'
      const at = error.indexOf(`"${memberFormat}`)
      if (at < 0) return error.replace(`"${patternFormat}`, 'of the pattern "')
      return `Instance does not match ${shown[Number.parseInt(error.slice(at + memberFormat.length + 1), 10)]}.`
    },
  }
}

/** The beginning of what is allowed. */
function shownOf(members: readonly unknown[]): string {
  let text = ''
  for (const member of members) {
    if (text.length > longestShown) return `any of [${text.slice(0, longestShown)}…]`
    text += `${text === '' ? '' : ','}${JSON.stringify(member)}`
  }
  const short = text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
  return members.length === 1 ? short : `any of [${short}]`
}

type Kept = Pattern & { readonly source: string; used: number; counted: number }

/** What a matcher learns of texts it keeps, in bytes some 2,500 for each tick, up to its own bound; all together 75 MB. */
const mostTicksKept = 30_000
const mostTicksOfOne = 3_500

export const matchers = new LRUCache<string, Kept>({
  max: mostPatternsKept,
  maxSize: mostTicksKept,
  sizeCalculation: ({ counted }) => counted,
})

// As pydantic and others write them, too: a time without its offset, a fraction of the last second of a duration.
for (const name of ['date-time', 'time']) {
  const isMetByRfc = format[name]
  if (isMetByRfc !== undefined) format[name] = (text) => isMetByRfc(text) || isMetByRfc(`${text}Z`)
}
const isDuration = format.duration
if (isDuration !== undefined) format.duration = (text) => isDuration(text.replace(/\.\d+S$/, 'S'))

// The judge looks formats up in this table of the library's and knows no other place for an own engine of patterns.
Object.setPrototypeOf(
  format,
  new Proxy(Object.create(null), {
    get: (_, name) => {
      if (typeof name !== 'string') return undefined
      if (name.startsWith(memberFormat)) {
        const allowed = running?.texts[Number(name.slice(memberFormat.length))]
        return (text: string) => {
          running?.tick(text.length / charactersPerTick)
          return allowed?.has(text) === true
        }
      }
      if (name === lengthFormat)
        return (text: string) => {
          running?.tick(text.length / charactersPerTick)
          return true
        }
      if (!name.startsWith(patternFormat)) return undefined
      const pattern = patternOf(name.slice(patternFormat.length))
      return (text: string) => isMet(pattern, text)
    },
  }),
)

/** Takes the place of an expression of the platform's. */
class NamePattern {
  private readonly pattern: Kept

  constructor(source: string) {
    this.pattern = patternOf(source)
  }

  test(name: string): boolean {
    return isMet(this.pattern, name)
  }
}

function isMet(pattern: Kept, text: string): boolean {
  if (!pattern.isLinear) {
    running?.tick(text.length / charactersPerTick)
    if (running?.natives === 'met') return true
    const isMatch = running?.natives === 'run' ? pattern.test(text) : undefined
    if (isMatch === undefined) throw new TooMuch()
    return isMatch
  }
  const weight = pattern.weightOf(text.length)
  running?.tick(weight)
  noteUse(pattern, weight)
  return pattern.test(text, running?.tick)
}

function patternOf(source: string): Kept {
  const known = matchers.get(source)
  if (known !== undefined) return known
  const read = readPattern(source)
  const pattern: Pattern = read.ok ? read.value : noPattern
  const made: Kept = { ...pattern, source, used: 0, counted: 1 }
  matchers.set(source, made)
  return made
}

/** Of a schema that was refused for it. */
const noPattern: Pattern = { isLinear: false, test: () => undefined }

function noteUse(pattern: Kept, weight: number): void {
  pattern.used += weight
  if (pattern.used < pattern.counted * 2 || pattern.counted === mostTicksOfOne) return
  pattern.counted = Math.min(mostTicksOfOne, Math.ceil(pattern.used))
  matchers.delete(pattern.source) // one that is there is not measured again
  matchers.set(pattern.source, pattern)
}
