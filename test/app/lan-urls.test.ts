import { expect, test } from 'bun:test'
import type { networkInterfaces } from 'node:os'
import { lanUrlsOf } from '../../server/app/lan-urls.ts'

const address = (text: string, internal = false) => {
  const family = text.includes(':') ? 'IPv6' : 'IPv4'
  return { address: text, family, internal, netmask: '', mac: '', cidr: null, scopeid: 0 }
}
const interfaces = {
  lo: [address('127.0.0.1', true), address('::1', true)],
  eth0: [address('fe80::1'), address('2001:db8::7'), address('192.168.1.5'), address('169.254.3.4')],
} as ReturnType<typeof networkInterfaces>

test.each([
  ['0.0.0.0', ['http://192.168.1.5:62311']],
  ['::', ['http://192.168.1.5:62311', 'http://[2001:db8::7]:62311']],
  ['192.168.1.5', ['http://192.168.1.5:62311']],
  ['127.0.0.1', []],
  ['localhost', []],
])('a server that listens on %s is reached from the network at %j', (host, urls) => {
  expect([...lanUrlsOf(host, 62311, interfaces)]).toEqual(urls)
})
