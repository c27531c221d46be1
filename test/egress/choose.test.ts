import { describe, expect, test } from 'bun:test'
import { chooseWay, type Network, type OutboundProxy, stickyProxy } from '../../server/egress/choose.ts'

const proxy = (id: string, more: Partial<OutboundProxy> = {}): OutboundProxy => ({
  id,
  href: `http://${id}:1`,
  weight: 1,
  enabled: true,
  healthy: true,
  ...more,
})
const { href: _href, ...sealed } = proxy('sealed')
const all: readonly OutboundProxy[] = [
  proxy('a'),
  proxy('off', { enabled: false }),
  proxy('ill', { healthy: false }),
  sealed,
]
const global = { globalHref: 'http://global:1' }

test.each<[string, Network, string | undefined, object]>([
  ['nothing set', { proxies: [], poolEnabled: false }, undefined, { type: 'environment' }],
  ['proxies, pool off', { proxies: all, poolEnabled: false }, undefined, { type: 'environment' }],
  ['only a global one', { proxies: [], poolEnabled: false, ...global }, undefined, { type: 'global' }],
  [
    'only a global one, sealed',
    { proxies: [], poolEnabled: false, globalUnreadable: true },
    undefined,
    { id: 'global' },
  ],
  ['pool on', { proxies: all, poolEnabled: true, ...global }, undefined, { type: 'proxy', id: 'a' }],
  ['pool on, none there', { proxies: [], poolEnabled: true, ...global }, undefined, { type: 'global' }],
  ['pool on, all ill', { proxies: all.slice(1), poolEnabled: true, ...global }, undefined, { type: 'global' }],
  ['pool on, all ill, no global one', { proxies: all.slice(1), poolEnabled: true }, undefined, { id: 'ill' }],
  [
    'pool on, all off',
    { proxies: [proxy('off', { enabled: false })], poolEnabled: true },
    undefined,
    { type: 'environment' },
  ],
  [
    'pool on, none that could be used',
    { proxies: [sealed], poolEnabled: true },
    undefined,
    { type: 'blocked', id: 'sealed' },
  ],
  ['its own', { proxies: all, poolEnabled: true, ...global }, 'a', { type: 'proxy', id: 'a' }],
  ['its own is ill', { proxies: all, poolEnabled: true, ...global }, 'ill', { type: 'proxy', id: 'ill' }],
  [
    'its own is off',
    { proxies: all, poolEnabled: true, ...global },
    'off',
    { type: 'blocked', reason: 'switched-off' },
  ],
  [
    'its own is sealed',
    { proxies: all, poolEnabled: true, ...global },
    'sealed',
    { type: 'blocked', reason: 'unreadable' },
  ],
  ['its own is gone', { proxies: all, poolEnabled: true, ...global }, 'x', { type: 'blocked', reason: 'gone' }],
])('with %s', (_, network, own, way) => {
  expect(chooseWay(network, 'acc_1', own)).toMatchObject(way)
})

describe('the sticky choice', () => {
  const accounts = Array.from({ length: 10_000 }, (_, index) => `acc_${index}`)
  const five = ['p', 'q', 'r', 's', 't'].map((id) => proxy(id))
  const of = (proxies: readonly OutboundProxy[]) => new Map(accounts.map((id) => [id, stickyProxy(proxies, id)?.id]))
  const count = (chosen: Map<string, string | undefined>, id: string) =>
    [...chosen.values()].filter((one) => one === id).length

  test('is the same every time and in any order of the list', () => {
    expect(of(five.toReversed())).toEqual(of(five))
  })

  test('follows the weights', () => {
    const chosen = of([proxy('p', { weight: 1 }), proxy('q', { weight: 3 }), proxy('r', { weight: 6 })])
    expect(count(chosen, 'p')).toBeWithin(850, 1150)
    expect(count(chosen, 'q')).toBeWithin(2800, 3200)
    expect(count(chosen, 'r')).toBeWithin(5800, 6200)
  })

  test('moves only the accounts of a proxy that leaves, and they come back with it', () => {
    const before = of(five)
    const after = of(five.filter(({ id }) => id !== 'r'))
    const moved = accounts.filter((id) => before.get(id) !== after.get(id))
    expect(moved.every((id) => before.get(id) === 'r')).toBe(true)
    expect(moved.length).toBe(count(before, 'r'))
    expect(of(five)).toEqual(before)
  })
})
