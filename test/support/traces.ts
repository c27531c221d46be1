/** A secret as it might stand somewhere: plain, escaped for an address or for JSON, in hex, in Base64 at any offset. */
export function formsOf(secret: string): readonly string[] {
  const bytes = Buffer.from(secret, 'utf8')
  // Of what stands in the middle of encoded bytes the first and the last characters depend on the neighbours.
  const base64 = [0, 1, 2].map((before) =>
    Buffer.concat([Buffer.alloc(before), bytes])
      .toString('base64')
      .slice(before === 0 ? 0 : 4, -4),
  )
  const forms = [
    secret,
    encodeURIComponent(secret),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('hex'),
    ...base64,
    ...base64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_')),
  ]
  return [...new Set(forms)].filter((form) => form.length >= 8)
}

/** Which of the secrets, by name, stand in some bytes. */
export function tracesIn(bytes: Uint8Array | string, secrets: Readonly<Record<string, string>>): readonly string[] {
  const hay = Buffer.from(bytes)
  return Object.entries(secrets)
    .filter(([, secret]) => formsOf(secret).some((form) => hay.includes(form)))
    .map(([name]) => name)
}
