import { describe, expect, test } from 'bun:test'
import { systems } from '../../ui/src/features/integrations/client.ts'
import { clients } from '../../ui/src/features/integrations/clients.ts'
import {
  addresses,
  addressFault,
  isOpenOnTheWay,
  isOutOfReach,
  originOf,
  otherAddress,
  ownOrigin,
  type PlaceForm,
} from '../../ui/src/features/integrations/place.ts'
import { isPrivateHost } from '../../ui/src/features/integrations/private-address.ts'
import { isPlainKey, powershell, shell } from '../../ui/src/features/integrations/spelling.ts'
import { dashed } from '../../ui/src/features/integrations/terminal-clients.ts'

const form = (part: Partial<PlaceForm>): PlaceForm => ({
  ...{ address: 'http://127.0.0.1:62311', own: '', key: '', keyName: '', model: '', system: 'unix' },
  ...part,
})

test.each([
  ...['localhost', 'a.localhost', '127.0.0.1', '127.9.9.9', '10.0.0.1', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
  ...['169.254.1.1', '100.64.0.1', '0.0.0.0', '[::1]', '[fd12::1]', '[fe80::1]', '[::ffff:10.0.0.1]', 'gateway'],
  ...['nas.local', 'gw.lan', 'x.internal', 'router.home.arpa', 'NAS.LOCAL', 'localhost.'],
])('%s is reached from its own network alone', (host) => {
  expect(isPrivateHost(host)).toBe(true)
})

test.each([
  ...[
    'example.com',
    '8.8.8.8',
    '172.32.0.1',
    '172.15.0.1',
    '100.63.0.1',
    '100.128.0.1',
    '192.169.0.1',
    '[2606:4700::1]',
  ],
  ...['local.example.com', 'mylan.com', '[::ffff:8.8.8.8]'],
])('%s is public', (host) => {
  expect(isPrivateHost(host)).toBe(false)
})

describe('the address', () => {
  test('is this page’s, the server’s, and those of the network, each once', () => {
    const reached = { url: 'https://gw.example', by_proxy: true, disbelieved: false, lan: ['http://10.0.0.5:62311'] }
    expect(addresses('https://gw.example', reached).map(({ url }) => url)).toEqual([
      'https://gw.example',
      'http://10.0.0.5:62311',
    ])
    // What a proxy that is not believed left of it is not offered.
    expect(addresses('https://gw.example', { ...reached, url: 'http://inner', disbelieved: true })).toHaveLength(2)
    expect(addresses('http://localhost:1', undefined)).toEqual([
      { url: 'http://localhost:1', from: 'integrations.addressHere' },
    ])
  })

  test.each([
    ['https://gw.example.com', 'https://gw.example.com'],
    [' https://gw.example.com/v1/ ', 'https://gw.example.com'],
    ['https://example.com/ai/v1', 'https://example.com/ai'],
    ['http://10.0.0.1:8080/', 'http://10.0.0.1:8080'],
    ['gw.example.com', undefined],
    ['ftp://gw.example.com', undefined],
    ['https://user:secret@gw.example.com', undefined],
    ['', undefined],
  ])('that is typed: %s', (typed, origin) => {
    expect(ownOrigin(typed)).toBe(origin)
    const other = form({ address: otherAddress, own: typed })
    expect(addressFault(other)).toBe(origin === undefined && typed !== '' ? 'integrations.addressBad' : undefined)
    expect(originOf(other, 'http://page')).toBe(origin ?? 'https://gateway.example.com')
  })

  test('warns of what Cursor cannot reach, and of keys that go in the clear', () => {
    const reach = ['https://gw.example.com', 'http://gw.example.com', 'https://10.0.0.1', 'http://10.0.0.1', 'nonsense']
    expect(reach.map(isOutOfReach)).toEqual([false, true, true, true, true])
    expect(reach.map(isOpenOnTheWay)).toEqual([false, true, false, false, false])
  })
})

test('every client has something to paste for every system, with the values in it', () => {
  const place = { origin: 'https://gw.example.com', key: 'sk-the-key-0123', model: 'claude-sonnet-4.5' }
  for (const client of clients) {
    for (const system of systems) {
      const all = client
        .snippets(place, system)
        .map(({ text }) => text)
        .join('\n')
      expect([client.id, all.includes(place.origin), all.includes(place.key)]).toEqual([client.id, true, true])
      expect(all).not.toContain('undefined')
    }
    expect(client.notes.length).toBeGreaterThan(0)
  }
  expect(new Set(clients.map(({ id }) => id)).size).toBe(clients.length)
})

test('words of shells', () => {
  expect([shell('plain-1'), shell("it's"), shell('a b'), shell('$HOME')]).toEqual([
    'plain-1',
    "'it'\\''s'",
    "'a b'",
    "'$HOME'",
  ])
  expect(powershell("it's")).toBe("'it''s'")
  expect(['sk-abcDEF_0123', 'short', "sk-'; rm -rf", 'sk-with space', ''].map(isPlainKey)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ])
  expect([dashed('claude-sonnet-4.5'), dashed('gpt-5.6-sol')]).toEqual(['claude-sonnet-4-5', 'gpt-5.6-sol'])
})
