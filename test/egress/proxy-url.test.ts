import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { maskProxyUrl, parseProxyUrl, secretsOf } from '../../server/egress/proxy-url.ts'

test.each([
  ['http://proxy.corp:8080', 'http://proxy.corp:8080'],
  ['  HTTP://Proxy.Corp:8080/ ', 'http://proxy.corp:8080'],
  ['http://proxy.corp:80', 'http://proxy.corp:80'],
  ['https://proxy.corp:443', 'https://proxy.corp:443'],
  ['socks5://10.0.0.1:1080', 'socks5://10.0.0.1:1080'],
  ['socks5h://user:secret@proxy:1080', 'socks5h://user:secret@proxy:1080'],
  ['http://user@proxy:3128', 'http://user@proxy:3128'],
  ['http://us%20er:p%40ss%25@proxy:3128', 'http://us%20er:p%40ss%25@proxy:3128'],
  ['http://user:p@ss@proxy:3128', 'http://user:p%40ss@proxy:3128'],
  ['socks5://[::1]:1080', 'socks5://[::1]:1080'],
  ['http://täst.example:8080', 'http://xn--tst-qla.example:8080'],
  ['http://user-{session}:p%40ss@proxy:8080', 'http://user-{session}:p%40ss@proxy:8080'],
  ['http://user-%-de:pass-%@%.proxy:8080', 'http://user-{session}-de:pass-{session}@{session}.proxy:8080'],
  ['http://user:%7Bsession%7D@proxy:8080', 'http://user:%7Bsession%7D@proxy:8080'],
])('%s is read', (given, href) => {
  expect(parseProxyUrl(given)).toMatchObject({ ok: true, value: { href } })
})

test.each([
  ['', 'is empty'],
  ['proxy:8080', 'must begin with'],
  ['ftp://proxy:21', 'must be http, https, socks5 or socks5h, not ftp'],
  ['socks4://proxy:1080', 'not socks4'],
  ['http://proxy', 'no port'],
  ['http://proxy:', 'no port'],
  ['http://:8080', 'no host'],
  ['http://user:secret@:8080', 'no host'],
  ['http://proxy:0', 'port outside'],
  ['http://proxy:65536', 'port outside'],
  ['http://proxy:8080/path', 'no path'],
  ['http://proxy:8080?x=1', 'no path'],
  ['http://pro xy:8080', 'spaces'],
  ['http://proxy:8080\r\nx: y', 'spaces'],
  ['http://pro<xy:8080', 'host that is not'],
  ['http://us%ffer:secret@proxy:8080', 'an escape in its user or password that is no text'],
  ['http://user:••••@proxy:8080', 'type it again'],
  ['http://@proxy:8080', 'without a user'],
  ['http://:secret@proxy:8080', 'password without a user'],
  ['http://us%0d%0aer:secret@proxy:8080', 'control characters'],
  ['http://us%3Aer:secret@proxy:8080', 'colon in its user'],
  [`http://${'u'.repeat(256)}:x@proxy:8080`, 'more than 255 bytes'],
  [`http://${'p'.repeat(600)}:8080`, 'more than 500 characters'],
])('%j is refused and the error repeats no secret', (given, said) => {
  const parsed = parseProxyUrl(given)
  expect(parsed.ok).toBe(false)
  if (parsed.ok) return
  expect(parsed.error).toContain(said)
  expect(parsed.error).not.toContain('secret')
})

test.each([
  ['socks5://user:secret@host:1080', 'socks5://user:••••@host:1080'],
  ['http://user@host:1', 'http://user@host:1'],
  ['http://host:1', 'http://host:1'],
  ['http://user-{session}:se-{session}@host:1', 'http://user-{session}:••••@host:1'],
  ['not a proxy secret', '••••'],
])('%s is shown as %s', (given, shown) => {
  expect(maskProxyUrl(given)).toBe(shown)
})

test('whatever the password is, it is neither in the masked address nor lost in the real one', () => {
  const text = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter((one) => !/\p{Cc}|\p{Cs}/u.test(one))
  fc.assert(
    fc.property(text, (secret) => {
      const parsed = parseProxyUrl(`http://user:${encodeURIComponent(secret)}@host:8080`)
      if (!parsed.ok) return Buffer.byteLength(secret) > 255 || encodeURIComponent(secret).length > 450
      expect(new URL(parsed.value.href).password).not.toBe('')
      expect(decodeURIComponent(new URL(parsed.value.href).password)).toBe(secret)
      expect(secretsOf(parsed.value.href)).toContain(secret)
      expect(maskProxyUrl(parsed.value.href)).toBe('http://user:••••@host:8080')
      return true
    }),
  )
})
