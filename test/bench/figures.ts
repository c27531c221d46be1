// How the benchmarks print their figures.

export type Say = (name: string, value: string) => void

export const say: Say = (name, value) => console.log(`${name.padEnd(66)} ${value}`)
export const fixed = (value: number, digits = 2): string => value.toFixed(digits)
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
export const megabytes = (mib: number): number => mib * 1.048576

/** A figure, its goal, and whether it is met. */
export function judged(value: number, goal: { readonly most: number } | { readonly least: number }, unit = ''): string {
  const [bound, limit, met] =
    'most' in goal ? ['at most', goal.most, value <= goal.most] : ['at least', goal.least, value >= goal.least]
  const shown = unit === ' MB' ? fixed(value, 1) : fixed(value)
  return `${shown}${unit}, goal ${bound} ${limit}${unit}: ${met ? 'met' : 'MISSED'}`
}
