import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { nativeSteps } from '../../server/contract/native-steps.ts'

/** A pattern as its parts, so that a matcher of the simplest kind can be run and its steps counted. */
type Node =
  | { readonly kind: 'character'; readonly value: string }
  | { readonly kind: 'group' | 'look'; readonly of: readonly (readonly Node[])[] }
  | { readonly kind: 'repeat'; readonly of: Node; readonly low: number; readonly high: number }

const sourceOf = (node: Node): string => {
  switch (node.kind) {
    case 'character':
      return node.value
    case 'group':
      return `(?:${node.of.map((parts) => parts.map(sourceOf).join('')).join('|')})`
    case 'look':
      return `(?=${node.of.map((parts) => parts.map(sourceOf).join('')).join('|')})`
    case 'repeat':
      return `${sourceOf(node.of)}{${node.low},${Number.isFinite(node.high) ? node.high : ''}}`
  }
}

/** Backtracks as an engine does, greedily; gives whether it matched and how many characters were compared. */
function run(parts: readonly Node[], text: string): { readonly matches: boolean; readonly steps: number } {
  let steps = 0
  type Next = (at: number) => boolean
  const all = (list: readonly Node[], at: number, next: Next): boolean => {
    const [first, ...rest] = list
    return first === undefined ? next(at) : one(first, at, (after) => all(rest, after, next))
  }
  const one = (node: Node, at: number, next: Next): boolean => {
    switch (node.kind) {
      case 'character':
        steps++
        return text[at] === node.value && next(at + 1)
      case 'group':
        return node.of.some((list) => all(list, at, next))
      case 'look':
        return node.of.some((list) => all(list, at, () => true)) && next(at)
      case 'repeat': {
        const again = (count: number, from: number): boolean =>
          (count < node.high && one(node.of, from, (after) => after > from && again(count + 1, after))) ||
          (count >= node.low && next(from))
        return again(0, at)
      }
    }
  }
  for (let at = 0; at <= text.length; at++) if (all(parts, at, () => true)) return { matches: true, steps }
  return { matches: false, steps }
}

const { parts } = fc.letrec<{ node: Node; parts: readonly Node[] }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom('a', 'b').map((value): Node => ({ kind: 'character', value })),
    fc
      .record({
        of: fc.oneof(
          fc.constantFrom('a', 'b').map((value): Node => ({ kind: 'character', value })),
          tie('parts').map((list): Node => ({ kind: 'group', of: [list] })),
        ),
        low: fc.nat({ max: 2 }),
        more: fc.constantFrom(0, 1, 3, Number.POSITIVE_INFINITY),
      })
      .map(({ of, low, more }): Node => ({ kind: 'repeat', of, low, high: low + more })),
    fc
      .record({ kind: fc.constantFrom('group', 'look'), of: fc.array(tie('parts'), { minLength: 1, maxLength: 3 }) })
      .map(({ kind, of }): Node => ({ kind: kind as 'group' | 'look', of })),
  ),
  parts: fc.array(tie('node'), { minLength: 1, maxLength: 4 }),
}))

/** The count is of ways; along each of them a few characters more are compared than it says. */
const slack = 8

test('no backtracking takes more steps than are counted', () => {
  fc.assert(
    fc.property(parts, fc.string({ unit: fc.constantFrom('a', 'a', 'a', 'b'), maxLength: 14 }), (list, text) => {
      const counted = nativeSteps(list.map(sourceOf).join(''))(text.length)
      if (counted > 100_000) return
      expect(run(list, text).steps).toBeLessThanOrEqual(counted * slack)
    }),
    { numRuns: 20_000 },
  )
})

test.each([
  ['a*b', 1_000, 10_000_000],
  ['a*a*a*b', 100, 20_000_000],
  ['^a*b', 1_000, 10_000],
  ['(?!x)[ab]{0,49}[ab]{0,49}b', 1_000, 20_000_000],
  ['(\\d{1,3})\\1', 30, 10_000],
  ['^(?=.*[a-z])(?=.*\\d).{8,}$', 100, 100_000],
] as const)('%s over %d characters is no more than %d', (pattern, length, most) => {
  expect(nativeSteps(pattern)(length)).toBeLessThanOrEqual(most)
  expect(nativeSteps(pattern)(length)).toBeGreaterThan(length / 10)
})

test('what has to be compared in any case counts with each way', () => {
  expect(nativeSteps('a*a{50}b')(200)).toBeGreaterThan(500_000)
})

test('what multiplies with the text has no bound', () => {
  for (const pattern of ['(a+)+b', '(?:a|b)*c', '(?:aa?)*b', '(?:a?){60}a{60}b'])
    expect(nativeSteps(pattern)(100)).toBeGreaterThan(1e15)
})
