import type { Figure, Usage } from '../conversation/event.ts'

const strength = ['estimated', 'derived', 'measured'] as const satisfies readonly Figure['source'][]

/** Several figures as one: no surer than the least sure of them. Undefined where none is known. */
function sumOf(figures: readonly (Figure | undefined)[]): Figure | undefined {
  const known = figures.filter((figure) => figure !== undefined)
  if (known.length === 0) return undefined
  const weakest = Math.min(...known.map(({ source }) => strength.indexOf(source)))
  return { tokens: known.reduce((sum, { tokens }) => sum + tokens, 0), source: strength[weakest] ?? 'estimated' }
}

/** What several turns have used together; undefined of none. Figures that only some of them have count as far as they go. */
export function sumUsage(usages: readonly Usage[]): Usage | undefined {
  const input = sumOf(usages.map((usage) => usage.input))
  const output = sumOf(usages.map((usage) => usage.output))
  if (input === undefined || output === undefined) return undefined
  const reasoning = sumOf(usages.map((usage) => usage.reasoning))
  const cacheRead = sumOf(usages.map((usage) => usage.cacheRead))
  const cacheWrite = sumOf(usages.map((usage) => usage.cacheWrite))
  const credits = usages.flatMap((usage) => (usage.credits === undefined ? [] : [usage.credits]))
  const searches = usages.reduce((sum, usage) => sum + (usage.searches ?? 0), 0)
  return {
    input,
    output,
    ...(reasoning && { reasoning }),
    ...(cacheRead && { cacheRead }),
    ...(cacheWrite && { cacheWrite }),
    ...(credits.length > 0 && { credits: credits.reduce((sum, one) => sum + one, 0) }),
    ...(searches > 0 && { searches }),
  }
}
