import { expect, test } from 'bun:test'
import { parseRange, rangeText, touchesLoopback } from '../../server/access/ip-range.ts'
import { createIpRules } from '../../server/access/ip-rules.ts'
import { ok } from '../../server/lib/result.ts'

test.each([
  ['192.0.2.7', '192.0.2.7/32'],
  ['10.1.2.3/8', '10.0.0.0/8'],
  ['2001:DB8:0:0::1/33', '2001:db8::/33'],
  ['::ffff:192.0.2.7', '192.0.2.7/32'],
  ['::ffff:192.0.2.0/120', '192.0.2.0/24'],
  ['[2001:db8::1]', '2001:db8::1/128'],
  ['fe80::1%eth0', 'fe80::1/128'],
  ['2001:db8::192.0.2.1', '2001:db8::c000:201/128'],
  ['192.0.2.7/33', undefined],
  ['2001:db8::/129', undefined],
  ['::ffff:192.0.2.7/90', undefined],
  ['192.0.2', undefined],
  ['example.com', undefined],
  ['192.0.2.7/', undefined],
  ['', undefined],
])('%s is read as %s', (text, expected) => {
  const range = parseRange(text)
  expect(range && rangeText(range)).toBe(expected as string)
})

test('a range that holds this machine is known as such', () => {
  const touches = (text: string): boolean => {
    const range = parseRange(text)
    return range !== undefined && touchesLoopback(range)
  }
  const own = ['127.0.0.1', '127.9.9.9', '0.0.0.0/0', '126.0.0.0/7', '::1', '::/0', '::ffff:127.0.0.1']
  const dressed = ['::ffff:0:0/96', '::ffff:7f00:0/104', '::ffff:7f00:1', '0:0:0:0:0:fffe::/95']
  expect([...own, ...dressed].filter((text) => !touches(text))).toEqual([])
  expect(['128.0.0.0/1', '10.0.0.0/8', '2001::/16'].some(touches)).toBe(false)
})

function setUp(max = 5, windowMs = 60_000) {
  const clock = { now: 1_000_000_000 }
  const limit = { max, windowMs }
  const rules = createIpRules({
    now: () => clock.now,
    limit: () => limit,
    countVisit: async () => ok(undefined),
    maxAddresses: 100,
  })
  const visits = async (address: string, count: number): Promise<number> => {
    let passed = 0
    for (let at = 0; at < count; at++) if ((await rules.visit(address)).ok) passed++
    return passed
  }
  return { clock, limit, rules, visits }
}

test('the window is as long as it is set, and a change counts at once', async () => {
  const { clock, limit, visits } = setUp(5, 10 * 60_000)
  expect(await visits('192.0.2.7', 9)).toBe(5)
  clock.now += 9 * 60_000
  expect(await visits('192.0.2.7', 9)).toBe(0)
  clock.now += 2 * 60_000
  expect(await visits('192.0.2.7', 9)).toBe(5)
  limit.max = 0
  expect(await visits('192.0.2.7', 9)).toBe(9)
})

test('an address with a limit of its own is held to that one alone', async () => {
  const { rules, visits } = setUp(5)
  rules.setOwn([
    { ip: '192.0.2.7', requestsPerMinute: 8 },
    { ip: '2001:db8::1', requestsPerMinute: 2 },
  ])
  expect(await visits('192.0.2.7', 20)).toBe(8)
  expect(await visits('2001:db8::1', 20)).toBe(2)
  expect(await visits('2001:db8::2', 20)).toBe(5)
})

test('addresses beyond the bound are forgotten, the longest quiet first', async () => {
  const { rules, visits } = setUp()
  for (let at = 0; at < 500; at++) await visits(`192.0.${at >> 8}.${at & 255}`, 1)
  expect(rules.stats().addresses).toBe(100)
})

test('ranges are blocked until their time; loopback and what is not an address never', () => {
  const { clock, rules } = setUp()
  expect(rules.blocksAny()).toBe(false)
  rules.setBlocks([
    { range: '192.0.2.0/24', expiresAt: clock.now + 1_000 },
    { range: '2001:db8::/32' },
    { range: '127.0.0.0/8' },
    { range: 'damaged' },
  ])
  expect(['192.0.2.7', '2001:db8::5', '192.0.3.1', '127.0.0.1', '::1', ''].map(rules.isBlocked)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
  ])
  clock.now += 1_000
  expect(rules.isBlocked('192.0.2.7')).toBe(false)
  expect(rules.isBlocked('2001:db8::5')).toBe(true)
})
