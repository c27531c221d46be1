import { describe, expect, test } from 'bun:test'
import { createPeerOf } from '../../server/http/peer.ts'

const ask = (headers: Record<string, string>) => new Request('http://localhost/', { headers })

describe('without trusted proxies', () => {
  const peerOf = createPeerOf([])
  test('the socket alone says who calls, and forwarding headers are only noted', () => {
    expect(peerOf(ask({ 'x-forwarded-for': '10.9.9.9', 'x-forwarded-proto': 'https' }), '203.0.113.5')).toEqual({
      address: '203.0.113.5',
      loopback: false,
      forwarded: true,
      https: false,
      forwardedHosts: [],
    })
  })
  test.each([
    ['127.0.0.1', true],
    ['127.8.8.8', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['::ffff:10.0.0.1', false],
    ['10.0.0.1', false],
    [undefined, false],
  ] as const)('%s is loopback: %p', (address, loopback) => {
    expect(peerOf(ask({}), address).loopback).toBe(loopback)
  })
  test.each(['forwarded', 'x-forwarded-for', 'x-real-ip', 'x-forwarded-host', 'x-forwarded-proto', 'via'])(
    '%s marks a peer as forwarded',
    (name) => {
      expect(peerOf(ask({ [name]: 'x' }), '127.0.0.1').forwarded).toBe(true)
      expect(peerOf(ask({}), '127.0.0.1').forwarded).toBe(false)
    },
  )
})

describe('behind trusted proxies', () => {
  const peerOf = createPeerOf(['10.0.0.0/8', '::1'])
  test('the right-most address that is not a proxy is the client; what it wrote itself is not believed', () => {
    const headers = { 'x-forwarded-for': '1.1.1.1, 198.51.100.7, 10.2.2.2', 'x-forwarded-proto': 'https' }
    expect(peerOf(ask(headers), '10.1.1.1')).toMatchObject({ address: '198.51.100.7', https: true })
  })
  test('a header from a stranger is ignored', () => {
    expect(peerOf(ask({ 'x-forwarded-for': '1.1.1.1' }), '192.0.2.1')).toMatchObject({ address: '192.0.2.1' })
  })
  test('nonsense in the header falls back to the proxy itself', () => {
    expect(peerOf(ask({ 'x-forwarded-for': 'unknown, _x' }), '10.1.1.1').address).toBe('10.1.1.1')
  })
})

test('a peer from the one address we listen on is on this machine; any other is not', () => {
  const peerOf = createPeerOf([], '192.0.2.7')
  expect(peerOf(ask({}), '192.0.2.7').loopback).toBe(true)
  expect(peerOf(ask({}), '192.0.2.8').loopback).toBe(false)
  expect(peerOf(ask({}), undefined).loopback).toBe(false)
})

describe('whom a trusted proxy names', () => {
  const peerOf = createPeerOf(['127.0.0.0/8', '::1', '10.0.0.0/8'])
  test.each([
    ['one address', { 'x-forwarded-for': '203.0.113.7' }, '203.0.113.7'],
    ['an address with its port', { 'x-forwarded-for': '203.0.113.7:51234' }, '203.0.113.7'],
    ['IPv6', { 'x-forwarded-for': '2001:db8::7' }, '2001:db8::7'],
    ['IPv6 in brackets with a port', { 'x-forwarded-for': '[2001:db8::7]:443' }, '2001:db8::7'],
    ['IPv6 in brackets and quotes', { 'x-forwarded-for': '"[2001:db8::7]"' }, '2001:db8::7'],
    ['IPv6 with a zone', { 'x-forwarded-for': 'fe80::1%eth0' }, 'fe80::1'],
    ['IPv4 in IPv6 clothing', { 'x-forwarded-for': '::FFFF:203.0.113.7' }, '203.0.113.7'],
    ['a chain of proxies of ours', { 'x-forwarded-for': '203.0.113.7, 10.1.1.1, 127.0.0.1' }, '203.0.113.7'],
    ['what the client made up before it', { 'x-forwarded-for': '6.6.6.6, 127.0.0.1, 203.0.113.7' }, '203.0.113.7'],
    ['a client among our own machines', { 'x-forwarded-for': '10.9.9.9, 10.1.1.1' }, '10.9.9.9'],
    ['nothing left of what is unknown', { 'x-forwarded-for': '6.6.6.6, unknown, 10.1.1.1' }, '10.1.1.1'],
    ['an empty list', { 'x-forwarded-for': ' , ' }, '127.0.0.1'],
    ['Forwarded', { forwarded: 'for=203.0.113.7;proto=https, for=10.1.1.1' }, '203.0.113.7'],
    ['Forwarded with IPv6', { forwarded: 'For="[2001:db8::7]:4711"; By=10.0.0.1' }, '2001:db8::7'],
    ['Forwarded that hides it', { forwarded: 'for=6.6.6.6, for=_hidden, for=10.1.1.1' }, '10.1.1.1'],
    ['Forwarded with a gap', { forwarded: 'for=6.6.6.6, proto=https' }, '127.0.0.1'],
    ['Forwarded with separators in quotes', { forwarded: 'for="_a,b;c=d", for=203.0.113.7' }, '203.0.113.7'],
    ['X-Real-IP alone', { 'x-real-ip': '203.0.113.7' }, '203.0.113.7'],
    ['X-Forwarded-For before the rest', { 'x-forwarded-for': '203.0.113.7', forwarded: 'for=6.6.6.6' }, '203.0.113.7'],
  ] as const)('%s', (_, headers, address) => {
    expect(peerOf(ask(headers), '127.0.0.1')).toMatchObject({ address, forwarded: true })
  })

  test.each([
    [{ 'x-forwarded-proto': 'https' }, true],
    [{ 'x-forwarded-proto': 'HTTPS, http' }, true],
    [{ 'x-forwarded-proto': 'http' }, false],
    [{ forwarded: 'for=203.0.113.7;proto=https' }, true],
    [{ 'x-forwarded-for': '203.0.113.7' }, false],
  ] as const)('%j is HTTPS: %p', (headers, https) => {
    expect(peerOf(ask(headers), '::1').https).toBe(https)
    expect(peerOf(ask(headers), '192.0.2.1').https).toBe(false)
  })

  test.each([
    [{ 'x-forwarded-host': 'gateway.example' }, ['gateway.example']],
    [{ 'x-forwarded-host': 'a.example, b.example' }, ['a.example', 'b.example']],
    [{ 'x-forwarded-host': 'a.example', 'x-forwarded-port': '8443' }, ['a.example', 'a.example:8443']],
    [{ 'x-forwarded-host': 'a.example:1', 'x-forwarded-port': '8443' }, ['a.example:1']],
    [{ forwarded: 'host="gateway.example:8443";proto=https' }, ['gateway.example:8443']],
  ] as const)('%j asked for %j', (headers, hosts) => {
    expect(peerOf(ask(headers), '127.0.0.1').forwardedHosts).toEqual([...hosts])
    expect(peerOf(ask(headers), '192.0.2.1').forwardedHosts).toEqual([])
  })
})
