/** No inline script or style, nothing from elsewhere. The built page is checked against exactly this. */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join('; ')

const always = {
  'content-security-policy': contentSecurityPolicy,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
} as const

const loopback = /^(localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/**
 * The headers of everything the console serves. Browsers ignore COOP, and complain, on plain HTTP from another machine;
 * `upgrade-insecure-requests` would lock out installations without TLS and is never sent.
 */
export function securityHeaders(url: URL, https: boolean): Readonly<Record<string, string>> {
  return https || loopback.test(url.hostname) ? { ...always, 'cross-origin-opener-policy': 'same-origin' } : always
}
