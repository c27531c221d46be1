import type { Asset } from './manifest.ts'

export type Encoding = 'br' | 'gzip' | 'identity'

/** Weights of an `Accept…` header by lower-case name; a refused one (`q=0`) stays in with 0. */
function weights(header: string | null): ReadonlyMap<string, number> {
  const items = (header ?? '').split(',').map((item) => {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    const q = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1)
    return [name, Number.isFinite(q) ? q : 0] as const
  })
  return new Map(items.filter(([name]) => name !== ''))
}

/** The smallest form that the client takes and the build made: br before gzip before the plain file. */
export function chooseEncoding(acceptEncoding: string | null, asset: Pick<Asset, 'variants'>): Encoding {
  const accepted = weights(acceptEncoding)
  const weight = (name: string): number => accepted.get(name) ?? accepted.get('*') ?? 0
  for (const encoding of ['br', 'gzip'] as const) {
    if (asset.variants[encoding] !== undefined && weight(encoding) > 0) return encoding
  }
  return 'identity'
}

/** True for browsers' page loads. `*` alone is what programs send: they get a 404, not a page. */
export const acceptsHtml = (accept: string | null): boolean => (weights(accept).get('text/html') ?? 0) > 0

export const etagOf = (asset: Pick<Asset, 'etag'>, encoding: Encoding): string =>
  encoding === 'identity' ? `"${asset.etag}"` : `"${asset.etag}-${encoding}"`

/** Weak comparison, as RFC 9110 asks of If-None-Match. */
export function isUnchanged(ifNoneMatch: string | null, etag: string): boolean {
  if (ifNoneMatch === null) return false
  if (ifNoneMatch.trim() === '*') return true
  return ifNoneMatch.split(',').some((item) => item.trim().replace(/^W\//, '') === etag)
}
