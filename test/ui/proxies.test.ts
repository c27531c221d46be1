import { describe, expect, test } from 'bun:test'
import { parseProxyUrl } from '../../server/egress/proxy-url.ts'
import {
  proxyBody,
  proxyChanges,
  proxyFaults,
  proxyUrlFault,
  startForm,
} from '../../ui/src/features/proxies/proxy-form.ts'
import { proxyStatus, reasonText } from '../../ui/src/features/proxies/proxy-status.ts'
import { sayIn } from '../support/words.ts'
import { someProxies } from './fake-gateway.ts'

const t = sayIn('en')

describe('an address', () => {
  test.each([
    ['http://proxy.example:3128', undefined],
    [' socks5://user:pass@10.0.0.9:1080/ ', undefined],
    ['SOCKS5H://user@[::1]:1080', undefined],
    ['https://us%40er:p%3Aa@proxy.example:8443', undefined],
    ['http://user:p@ss@proxy.example:3128', undefined],
    ['http://user:p:ss@proxy.example:3128', undefined],
    ['http://user-{session}:x%@{session}.proxy.example:3128', undefined],
    ['', 'common.required'],
    ['proxy.example:3128', 'proxies.url.scheme'],
    ['ftp://proxy.example:21', 'proxies.url.scheme'],
    ['http://proxy.example', 'proxies.url.place'],
    ['http://:3128', 'proxies.url.place'],
    ['http://proxy.example:0', 'proxies.url.place'],
    ['http://proxy.example:65536', 'proxies.url.place'],
    ['http://pro<xy:3128', 'proxies.url.place'],
    ['http://proxy.example:3128/path', 'proxies.url.path'],
    ['http://proxy.example:3128?x', 'proxies.url.path'],
    ['http://us%ffer:pass@proxy.example:3128', 'proxies.url.login'],
    ['http://:pass@proxy.example:3128', 'proxies.url.login'],
    ['http://@proxy.example:3128', 'proxies.url.login'],
    ['http://us%3Aer:pass@proxy.example:3128', 'proxies.url.login'],
    ['http://proxy example:3128', 'proxies.url.spaces'],
    ['http://user:••••@proxy.example:3128', 'proxies.url.masked'],
    [`http://${'x'.repeat(490)}.example:3128`, 'proxies.url.long'],
    [`http://${'u'.repeat(256)}@proxy.example:3128`, 'proxies.url.login'],
  ] as const)('%p is judged %p here, and alike by the server', (url, fault) => {
    expect(proxyUrlFault(url, undefined)).toBe(fault)
    expect(parseProxyUrl(url).ok).toBe(fault === undefined)
  })

  test('that comes back as it was shown is unchanged, with anything else in it the password is asked for', () => {
    const shown = 'http://team:••••@proxy.office.example:3128'
    expect(proxyUrlFault(` ${shown} `, shown)).toBeUndefined()
    expect(proxyUrlFault(shown.replace('3128', '3129'), shown)).toBe('proxies.url.masked')
  })
})

describe('the form', () => {
  const [office, , spare, , moved] = someProxies()
  if (!office || !spare || !moved) throw new Error('the fake gateway has other proxies')

  test('starts from what is shown, and sends only what was changed', () => {
    const form = startForm(office)
    expect(form.url).toBe('http://team:••••@proxy.office.example:3128')
    expect(proxyFaults(form, office)).toEqual({})
    expect(proxyChanges(form, office)).toBeUndefined()
    expect(proxyChanges({ ...form, name: ' HQ ', weight: '9' }, office)).toEqual({ name: 'HQ', weight: 9 })
    expect(proxyChanges({ ...form, name: '', enabled: false }, office)).toEqual({ name: '', enabled: false })
    const url = 'http://team:other@proxy.office.example:3128'
    expect(proxyChanges({ ...form, url: ` ${url}` }, office)).toEqual({ url })
  })

  test('of an address that cannot be opened starts empty and wants it again', () => {
    expect(startForm(moved).url).toBe('')
    expect(proxyFaults(startForm(moved), moved)).toEqual({ url: 'common.required' })
    expect(proxyFaults({ ...startForm(moved), url: moved.url }, moved)).toEqual({ url: 'proxies.url.masked' })
  })

  test('of a new one leaves out an empty name, so that the server gives one', () => {
    const form = { ...startForm(undefined), url: ' http://proxy.example:3128 ' }
    expect(proxyBody(form)).toEqual({ url: 'http://proxy.example:3128', weight: 1, enabled: true })
    expect(proxyFaults(form, undefined)).toEqual({})
  })

  test.each(['', '0', '101', '1.5', 'x', '-1'])('refuses the weight %p', (weight) => {
    expect(proxyFaults({ ...startForm(office), weight }, office)).toEqual({ weight: 'proxies.weightBad' })
  })

  test('refuses a name that is too long', () => {
    expect(proxyFaults({ ...startForm(office), name: 'n'.repeat(101) }, office)).toEqual({ name: 'proxies.nameLong' })
  })
})

test('a proxy that is switched off is off whatever was seen last, one that cannot be opened says so first', () => {
  expect(proxyStatus({ enabled: true, state: 'down' })).toBe('down')
  expect(proxyStatus({ enabled: false, state: 'up' })).toBe('off')
  expect(proxyStatus({ enabled: false, state: 'unreadable' })).toBe('unreadable')
})

test.each([
  ['timeout', 'No answer in time.'],
  ['ERR_PROXY_AUTH', 'The proxy refused the user or the password.'],
  ['status 407', 'The proxy refused the user or the password.'],
  ['ECONNREFUSED', 'Nothing listens at this address (connection refused).'],
  ['ConnectionRefused', 'Nothing listens at this address (connection refused).'],
  ['ENOTFOUND', 'The host name of the proxy was not found.'],
  ['ERR_PROXY_TUNNEL', 'The proxy was not reached, refused the user or the password, or could not reach the provider.'],
  ['ECONNRESET', 'The connection was cut.'],
  ['ConnectionClosed', 'The connection was cut.'],
  ['status 503', 'The proxy answers, but could not reach the provider.'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'The certificate of the proxy or of the provider behind it is not trusted.'],
  ['unreadable', 'Its address cannot be opened.'],
  ['ERR_SOMETHING', 'The test failed (ERR_SOMETHING).'],
])('the reason %p reads %p', (reason, text) => {
  expect(reasonText(reason, t)).toBe(text)
})
