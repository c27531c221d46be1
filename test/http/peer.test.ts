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
  test.each(['forwarded', 'x-forwarded-for', 'x-real-ip'])('%s marks a peer as forwarded', (name) => {
    expect(peerOf(ask({ [name]: 'x' }), '127.0.0.1').forwarded).toBe(true)
    expect(peerOf(ask({}), '127.0.0.1').forwarded).toBe(false)
  })
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
