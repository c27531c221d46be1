import type { PlainKey } from '../../i18n/dictionary.ts'

const sources = {
  measured: 'playground.source.measured',
  derived: 'playground.source.derived',
  estimated: 'playground.source.estimated',
} as const satisfies Record<string, PlainKey>

/** Where a token count comes from, in words. A word we do not know is not promoted to more than an estimate. */
export const tokenSource = (source: string): PlainKey =>
  Object.hasOwn(sources, source) ? sources[source as keyof typeof sources] : sources.estimated
