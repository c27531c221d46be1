import { expect, test } from 'bun:test'
import type { HealthCheck } from '../../server/admin/contract/health.ts'
import { type HealthFacts, healthChecks } from '../../server/admin/health-check.ts'
import { leftOutOf, newestOf, planRows } from '../../ui/src/features/backup/plan.ts'
import {
  type Check,
  clockCheck,
  countOf,
  providerCheck,
  remedyOf,
  worstFirst,
} from '../../ui/src/features/health/checks.ts'
import {
  appended,
  createTest,
  filtered,
  type LogLine,
  logFile,
  mostLines,
  readLine,
  readMark,
} from '../../ui/src/features/health/log-lines.ts'
import { deviceName } from '../../ui/src/features/settings/device.ts'
import { en } from '../support/words.ts'

const words = en as Readonly<Record<string, string>>
const sent = (event: string, fields: object = {}, level = 'info') =>
  JSON.stringify({ at: 1_700_000_000_000, level, event, fields })
const line = (event: string, fields: object = {}, level = 'info', key = 1): LogLine => {
  const read = readLine(sent(event, fields, level), key)
  if (read === undefined) throw new Error(event)
  return read
}

test('whatever the server finds has its words', () => {
  const base: HealthFacts = {
    database: { engine: 'SQLite', version: '3', place: '', writable: true, bytes: 1 },
    disk: { free_bytes: 10 ** 12, total_bytes: null },
    pool: { accounts: 1, in_service: 1, in_flight: 0, waiting: 0 },
    ...{ keys: 1, now: 0, encrypted: true, visitorsHidden: false, backups: { newestAt: 0 } },
  }
  const worst: HealthFacts = {
    database: { ...base.database, writable: false },
    disk: { free_bytes: 1, total_bytes: null },
    pool: { ...base.pool, in_service: 0 },
    ...{ keys: 0, now: 0, encrypted: false, visitorsHidden: true, backups: { newestAt: undefined } },
  }
  const none = { ...worst, pool: { ...base.pool, accounts: 0 } }
  const found = [base, worst, none].flatMap(healthChecks)
  const own = [clockCheck('2026-11-28T00:00:00Z', 0), clockCheck(new Date(0).toISOString(), 0)]
  const latencies = [undefined, ...(['good', 'poor', 'error'] as const)].map((status) =>
    providerCheck(status && { latency: 1, status, timestamp: 0 }),
  )
  for (const { name, reason } of [...found, ...own, ...latencies]) {
    const key = `health.found.${name}.${reason}`
    expect([key, words[key]]).toEqual([key, expect.any(String)])
    const remedy = remedyOf({ name, level: 'warn', reason, params: {} } as Check)
    if (remedy) expect([remedy.text, words[remedy.text]]).toEqual([remedy.text, expect.any(String)])
  }
})

test('what is wrong stands first and is counted', () => {
  const check = (level: HealthCheck['level']) => ({ name: 'keys' as const, level, reason: 'none', params: {} })
  const checks = [check('pass'), check('fail'), check('warn')]
  expect(worstFirst(checks).map(({ level }) => level)).toEqual(['fail', 'warn', 'pass'])
  expect(countOf(checks, 'warn')).toBe(1)
})

test('a line is one line of words, keeps what it was, and damage is no line', () => {
  const read = line('relay.finished', { message: 'All\nwell', status: 200, list: [1] })
  expect(read.text).toBe('relay.finished All well status=200 list=[1]')
  expect(JSON.parse(read.whole)).toEqual({ event: 'relay.finished', message: 'All\nwell', status: 200, list: [1] })
  expect(readLine('{', 1)).toBeUndefined()
})

test('only the newest lines are kept', () => {
  const many = Array.from({ length: mostLines }, (_, index) => line('a', {}, 'info', index))
  const kept = appended(many, [line('b', {}, 'info', mostLines)])
  expect([kept.length, kept[0]?.key, kept.at(-1)?.event]).toEqual([mostLines, 1, 'b'])
})

test.each<[string, 'debug' | 'info' | 'warn' | 'error', readonly string[]]>([
  ['', 'debug', ['one', 'two', 'gap']],
  ['', 'warn', ['two', 'gap']],
  ['ACCOUNT rest', 'debug', ['two']],
  ['/^account\\.\\w+ed/', 'debug', ['two']],
  ['/ONE|rests/', 'debug', ['one', 'two']],
  ['nothing like it', 'debug', []],
])('%p from %s on finds %p', (search, level, found) => {
  const lines = [
    ['one', line('http.answered', { path: '/one' })],
    ['two', line('account.cooled', { message: 'It rests' }, 'warn')],
    ['gap', readMark('{"reason":"gap","missed":14}', 3, 0)],
  ] as const
  const test = createTest(search, level)
  expect(lines.filter(([, one]) => test?.(one)).map(([name]) => name)).toEqual([...found] as never)
})

test('a pattern that is none is said to be none', () => {
  expect(createTest('/(/', 'debug')).toBeUndefined()
})

test('a mark says what is missing, and that the server was started anew', () => {
  expect(readMark('{"reason":"gap","missed":14}', 1, 0).mark).toEqual({ kind: 'gap', missed: 14 })
  expect(readMark('{"reason":"restart"}', 1, 0).mark).toEqual({ kind: 'restart', missed: undefined })
  expect(readMark('', 1, 0).mark?.kind).toBe('gap')
})

test('5,000 lines are gone through a few at a time, and not to the end when nobody wants it any more', async () => {
  const lines = Array.from({ length: mostLines }, (_, index) => line('relay.finished', { n: index }, 'info', index))
  let clock = 0
  let rests = 0
  const slow = (one: LogLine): boolean => {
    clock += 0.5
    return one.text.endsWith('7')
  }
  const rest = async (): Promise<void> => void rests++
  const found = await filtered(
    lines,
    slow,
    () => true,
    rest,
    () => clock,
  )
  expect(found?.length).toBe(500)
  // Half a millisecond each: never more than 25 ms and a bit in one go.
  expect(rests).toBeGreaterThan(80)
  expect(
    await filtered(
      lines,
      slow,
      () => rests < 85,
      rest,
      () => clock,
    ),
  ).toBeUndefined()
})

test('the file holds the lines as they are seen, without marks', () => {
  const text = logFile([line('a.b', { n: 1 }, 'warn'), readMark('{}', 2, 0)])
  expect(text).toBe('2023-11-14T22:13:20.000Z WARN  a.b n=1\n')
})

test('a plan names what people know and sums up the rest', () => {
  const table = (name: string, rows: number, replaces: number | null) => ({ name, rows, replaces })
  const changes = { added: 1, changed: 2, same: 3, kept: 4, removed: 5, invalid: 6 }
  const reasons = ['row 1: it is bad']
  expect(planRows({ tables: [table('accounts', 2, 3), table('credentials', 2, 3), table('visitors', 1, 1)] })).toEqual([
    { part: 'accounts', rows: 2, replaces: 3 },
    { part: 'others', rows: 3, replaces: 4 },
  ])
  expect(planRows({ tables: [table('credentials', 2, null)] })).toEqual([{ part: 'others', rows: 2, replaces: null }])
  const compared = ['users', 'credentials', 'visitors'].map((name) => ({
    ...table(name, 16, 14),
    changes: { ...changes, reasons },
  }))
  expect(planRows({ tables: compared })).toEqual([
    { part: 'users', rows: 16, replaces: 14, changes },
    {
      ...{ part: 'others', rows: 32, replaces: 28 },
      changes: { added: 2, changed: 4, same: 6, kept: 8, removed: 10, invalid: 12 },
    },
  ])
  expect(leftOutOf({ tables: compared.slice(0, 2) })).toEqual([
    { part: 'users', reason: 'row 1: it is bad' },
    { part: 'others', reason: 'row 1: it is bad' },
  ])
})

test.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0', 'Firefox 140, Linux'],
  [
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0',
    'Edge 140, Windows',
  ],
  [
    'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Safari/605.1.15',
    'Safari 18, macOS',
  ],
  ['curl/8.5.0', 'curl 8.5.0'],
  ['', undefined],
])('%s is %s', (userAgent, name) => {
  expect(deviceName(userAgent)).toBe(name as string)
})

test('the newest copy is any that is counted, and never in the future', () => {
  const now = Date.UTC(2026, 10, 29)
  const made = (ago: number) => ({ created_at: new Date(now - ago).toISOString() })
  expect(newestOf([made(5_000), made(1_000)], now)).toBe(now - 1_000)
  expect(newestOf([made(-20_000)], now)).toBe(now)
  expect(newestOf([], now)).toBeUndefined()
})
