/** A part of a pattern: how often it may stand, and what it may take of a text each time. */
type Part = {
  readonly low: number
  readonly high: number
  /** Characters; a reference back takes as many as there are. */
  readonly width: number
  readonly group?: Alternatives
  /** What is looked at from a place, and taken back as a whole. */
  readonly isLook: boolean
}
type Alternatives = readonly (readonly Part[])[]

/** A tick of a judgement (schema-weight.ts) is as long as these. */
export const stepsPerTick = 1_000

/**
 * How many steps a backtracking engine may take over a text of so many characters, at most. It counts in how many ways the
 * pattern's parts can share the text among them, from each place the pattern may begin at.
 */
export function nativeSteps(pattern: string): (length: number) => number {
  const root = createParser(pattern).alternatives()
  const isBound = pattern.startsWith('^') && root.length === 1
  const fixed = fixedOf(root)
  return (length) => {
    const borders = createBorders(length)
    const begins = isBound ? 1 : borders.open()
    const { ways, looks } = waysOf(root, length, borders)
    return begins * (ways + looks) * (1 + Math.min(length, fixed))
  }
}

type Borders = { readonly open: () => number }

/** Parts that take any share of a text have borders between them: n + 1 places for one, half as many pairs of places for two, … */
function createBorders(length: number): Borders {
  let count = 0
  return {
    open: () => {
      count++
      return (length + count) / count
    },
  }
}

/** `ways` multiply with what follows, `looks` do not. */
type Ways = { readonly ways: number; readonly looks: number }
const oneWay: Ways = { ways: 1, looks: 0 }

function waysOf(alternatives: Alternatives, length: number, borders: Borders): Ways {
  let ways = 0
  let looks = 0
  for (const parts of alternatives) {
    let own = 1
    for (const { low, high, group, isLook } of parts) {
      const most = Math.min(high, length)
      const isRepeated = most > 1
      const inner =
        group === undefined ? oneWay : waysOf(group, length, isLook || isRepeated ? createBorders(length) : borders)
      const counts = high <= low ? 1 : high >= length ? borders.open() : most - low + 1
      const taken = isRepeated && inner.ways > 1 ? inner.ways ** most : inner.ways
      looks += own * (isLook ? taken : 0) + own * inner.looks * Math.max(1, most)
      own *= Math.max(1, counts) * (isLook ? 1 : taken)
    }
    ways += own
  }
  return { ways, looks }
}

/** Characters that are there to be compared in any case, once for each way. */
function fixedOf(alternatives: Alternatives): number {
  const lengths = alternatives.map((parts) =>
    parts.reduce((sum, { low, width, group }) => sum + low * (group === undefined ? width : fixedOf(group)), 0),
  )
  return Math.max(0, ...lengths)
}

function createParser(pattern: string) {
  let at = 0
  const alternatives = (): Alternatives => {
    const all: Part[][] = [[]]
    while (at < pattern.length && pattern[at] !== ')') {
      if (pattern[at] === '|') {
        all.push([])
        at++
      } else all.at(-1)?.push(part())
    }
    return all
  }
  const part = (): Part => {
    const atom = readAtom()
    return { ...atom, ...readCount() }
  }
  const readAtom = (): Pick<Part, 'width' | 'group' | 'isLook'> => {
    const rest = pattern.slice(at, at + 100)
    const opening = /^\((?:\?(?:[:=!]|<[=!]|<[^>]*>))?/.exec(rest)?.[0]
    if (opening !== undefined) {
      at += opening.length
      const group = alternatives()
      at++
      return { width: 0, group, isLook: /^\(\?<?[=!]/.test(opening) }
    }
    const reference = /^\\(?:[1-9]\d*|k<[^>]*>)/.exec(rest)?.[0]
    at += reference?.length ?? (rest.startsWith('[') ? classLength(pattern.slice(at)) : rest.startsWith('\\') ? 2 : 1)
    return { width: reference === undefined ? 1 : Number.POSITIVE_INFINITY, isLook: false }
  }
  const readCount = (): Pick<Part, 'low' | 'high'> => {
    const [all, sign, from = '0', comma, to = ''] =
      /^(?:([*+?])|\{(\d+)(?:(,)(\d*))?\})\??/.exec(pattern.slice(at, at + 30)) ?? []
    if (all === undefined) return { low: 1, high: 1 }
    at += all.length
    if (sign !== undefined) return { low: sign === '+' ? 1 : 0, high: sign === '?' ? 1 : Number.POSITIVE_INFINITY }
    const low = Number(from)
    return { low, high: comma === undefined ? low : to === '' ? Number.POSITIVE_INFINITY : Number(to) }
  }
  return { alternatives }
}

/** Of a class of characters, its brackets included. */
export function classLength(rest: string): number {
  for (let at = 1; at < rest.length; at++) {
    if (rest[at] === '\\') at++
    else if (rest[at] === ']') return at + 1
  }
  return rest.length
}
