const members = [
  '"__proto__":{"polluted":"polluted-value","role":"owner","isAdmin":true}',
  '"constructor":{"prototype":{"polluted":"polluted-value"}}',
  '"prototype":{"polluted":"polluted-value"}',
].join(',')

/** A body as JSON with what would change every object, were it copied carelessly, in each of its objects. */
export function poisonedText(body: unknown): string {
  if (Array.isArray(body)) return `[${body.map(poisonedText).join(',')}]`
  if (typeof body !== 'object' || body === null) return JSON.stringify(body)
  const own = Object.entries(body).map(([name, value]) => `${JSON.stringify(name)}:${poisonedText(value)}`)
  return `{${[members, ...own].join(',')}}`
}
