/** An answer that is no page may be nobody's page, frame, script or form, whatever its bytes look like. */
const inert = {
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
} as const

/** Of every answer, where it does not say otherwise itself: the console's pages have a policy of their own. */
export const edgeHeaders: Readonly<Record<string, string>> = {
  ...inert,
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
}

/** The same for the client APIs, which pages of other origins may read (`cors.ts`). */
export const clientEdgeHeaders: Readonly<Record<string, string>> = {
  ...inert,
  'cross-origin-resource-policy': 'cross-origin',
  'cache-control': 'no-store',
}

/**
 * Tells browsers to come by TLS alone from now on, only where they have come so: over plain HTTP it would lock out who has
 * no TLS. Without subdomains, which may be other machines. 0: not said.
 */
export const transportSecurity = (https: boolean, seconds: number): Readonly<Record<string, string>> =>
  https && seconds > 0 ? { 'strict-transport-security': `max-age=${seconds}` } : {}
