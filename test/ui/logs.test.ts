import { describe, expect, test } from 'bun:test'
import type { RequestRow } from '../../server/admin/contract/logs.ts'
import { noteKinds } from '../../server/conversation/note.ts'
import { beside } from '../../ui/src/components/table-order.ts'
import { blockEnd, isBehindProxy, limitOf } from '../../ui/src/features/addresses/block-form.ts'
import { type LogFilters, rangeQuery, searchOf, serverQuery } from '../../ui/src/features/logs/filters.ts'
import { noted } from '../../ui/src/features/logs/noted.ts'
import {
  accountOf,
  costText,
  modelText,
  outcomeOf,
  outcomeText,
  timesOf,
  tokensText,
  weakest,
} from '../../ui/src/features/logs/row-view.ts'
import { append, merge } from '../../ui/src/features/logs/rows.ts'
import { errorKindText, isAble, verdictText } from '../../ui/src/features/routing/words.ts'
import { resolve, type Translate } from '../../ui/src/i18n/dictionary.ts'
import { en, formatIn } from '../support/words.ts'

const t = ((key: keyof typeof en, params?: Record<string, string | number>) => resolve(en[key], params)) as Translate
const format = formatIn('en')
const at = (id: string, second: number): RequestRow =>
  ({ id, timestamp: `2026-11-28T10:00:${String(second).padStart(2, '0')}.000Z` }) as RequestRow // what the order depends on
const ids = (rows: readonly RequestRow[]): string => rows.map(({ id }) => id).join(' ')
const none: LogFilters = {
  ...{ status: 'any', model: '', api: 'any', user: '', key: '', account: '', ip: '', stream: 'any' },
  ...{ retried: false, error: '', id: '', session: '' },
}

test('whatever the gateway notes of a request has its words', () => {
  expect<readonly string[]>(noted.toSorted()).toEqual([...noteKinds].toSorted())
  const words = en as Readonly<Record<string, string>>
  expect(noteKinds.filter((kind) => words[`logs.note.${kind}`] === undefined)).toEqual([])
})

describe('the rows of the log', () => {
  const rows = [at('c', 30), at('b', 20), at('a', 10)]
  test('new ones stand where their time is, known ones stay as they are', () => {
    expect(ids(merge(rows, [at('d', 40)]))).toBe('d c b a')
    expect(ids(merge(rows, [at('b', 20), at('x', 25)]))).toBe('c x b a')
    expect(merge(rows, [at('c', 30)])).toBe(rows)
    expect(merge(rows, [])).toBe(rows)
    expect(merge(rows, [at('x', 25)])[0]).toBe(rows[0] as RequestRow)
    expect(ids(merge(rows, [at('old', 5)]))).toBe('c b a old')
  })
  test('are no more than are held', () => {
    expect(ids(merge(rows, [at('d', 40)], 2))).toBe('d c')
  })
  test('a page goes behind them, without what is there', () => {
    expect(ids(append(rows, [at('a', 10), at('z', 5)]))).toBe('c b a z')
  })
  test('have neighbours', () => {
    expect([beside(rows, 'b', 1), beside(rows, 'b', -1), beside(rows, 'c', -1), beside(rows, 'gone', 1)]).toEqual([
      'a',
      'c',
      undefined,
      undefined,
    ])
  })
})

describe('filters', () => {
  test('are asked for by the server’s names, and nothing for what is not set', () => {
    expect(serverQuery(none)).toEqual({})
    expect(serverQuery({ ...none, status: '429', api: 'admin', stream: 'no', retried: true, ip: '192.0.2.1' })).toEqual(
      {
        status_code: '429',
        endpoint_type: 'admin',
        is_stream: 'false',
        retried: 'true',
        client_ip: '192.0.2.1',
      },
    )
    expect(serverQuery({ ...none, status: 'cancelled' })).toEqual({ error_kind: 'cancelled' })
  })
  test('a range that goes on has no end, one that is over has', () => {
    expect(rangeQuery({ name: '1h' }, 10_000_000)).toEqual({ start_time: '6400000' })
    expect(rangeQuery({ from: 1, to: 5 }, 9)).toEqual({ start_time: '1', end_time: '5' })
  })
  test('what names a request is looked for as one', () => {
    expect(searchOf('req_0mx0lkazz')).toEqual({ id: 'req_0mx0lkazz', error: '' })
    expect(searchOf('req is full')).toEqual({ id: '', error: 'req is full' })
  })
})

describe('a request in words', () => {
  test.each([
    [undefined, 200, 'ok', '200'],
    ['limit-reached', 429, 'limited', '429 limited'],
    ['invalid-request', 400, 'client', '400 rejected'],
    ['cancelled', 499, 'cancelled', '499 cancelled'],
    ['broken-reply', 200, 'upstream', '200 failed'],
  ] as const)('%s with %s is %s', (kind, status_code, outcome, text) => {
    const row = { status_code, ...(kind === undefined ? {} : { error_kind: kind }) }
    expect([outcomeOf(row), outcomeText(row, t)]).toEqual([outcome, text])
  })
  test('tokens nobody counted are marked, and a sum is worth as much as the worst of its parts', () => {
    expect(tokensText(8_120, 'measured', format)).toBe('8.1K')
    expect(tokensText(412, 'estimated', format)).toBe('~412')
    expect(tokensText(412, 'derived', format)).toBe('≈412')
    expect(tokensText(0, 'none', format)).toBe('0')
    expect(weakest([{ input_source: 'derived', output_source: 'measured' }])).toBe('derived')
    expect(weakest([{ input_source: 'none', output_source: 'none' }])).toBeUndefined()
  })
  test('less than a cent is not nothing, and no price is no number', () => {
    expect([costText(0.004, format, t), costText(0, format, t), costText(undefined, format, t)]).toEqual([
      '<$0.01',
      '$0.00',
      '—',
    ])
  })
  test('the model that served stands beside the one asked for', () => {
    expect(modelText({ requested_model: 'opus', model: 'sonnet' })).toBe('opus > sonnet')
    expect(modelText({ requested_model: '', model: '' })).toBeUndefined()
  })
  test('the parts of its time are together its time', () => {
    expect(timesOf({ duration_ms: 100, first_token_ms: 30 }, 10)).toEqual({
      waiting: 10,
      connecting: 20,
      answering: 70,
    })
    expect(timesOf({ duration_ms: 100 }, 500)).toEqual({ waiting: 100, connecting: 0, answering: 0 })
  })
  test('why an account was taken or not, and what went wrong, have words; what is unknown stays as it came', () => {
    expect(verdictText('told-to-wait', t)).toBe('the provider had asked it to wait')
    expect([verdictText('new-one', t), errorKindText('new-kind', t)]).toEqual(['new-one', 'new-kind'])
    expect([isAble('strained'), isAble('cooling')]).toEqual([true, false])
  })
})

describe('addresses', () => {
  test('a block ends when it was said to', () => {
    expect(blockEnd('never', '', 5)).toBeUndefined()
    expect(blockEnd('24h', '', 0)).toBe(86_400_000)
    expect(blockEnd('own', '2026-11-28T10:00', 0)).toBe(Date.parse('2026-11-28T10:00'))
  })
  test('a limit is a whole number, empty is none', () => {
    expect(['', '0', '60', '1.5', '-1', 'x', '2000000'].map((text) => limitOf(text, 1_000_000))).toEqual([
      0,
      0,
      60,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })
  test('one private address for all looks like a proxy in front', () => {
    expect([
      isBehindProxy(['10.0.0.1']),
      isBehindProxy(['203.0.113.1']),
      isBehindProxy(['10.0.0.1', '10.0.0.2']),
    ]).toEqual([true, false, false])
  })
})

test('an account is called as its drawer calls it: never by nothing, and no e-mail in full', () => {
  const id = 'acc_0mx1mjJMBAXc'
  expect(accountOf({ account_id: id, account_label: '' } as RequestRow)).toBe('#JMBAXc')
  expect(accountOf({ account_id: id, account_label: 'team' } as RequestRow)).toBe('team')
  expect(accountOf({ account_id: id, account_label: 'team-05@example.com' } as RequestRow)).toBe('te***05@example.com')
  expect(accountOf({} as RequestRow)).toBeUndefined()
})

test('no page shows the label that came with a request without that', async () => {
  const bare: string[] = []
  for await (const file of new Bun.Glob('**/*.{ts,tsx}').scan('ui/src')) {
    const lines = (await Bun.file(`ui/src/${file}`).text()).split('\n')
    bare.push(...lines.filter((line) => line.includes('account_label') && !/accountCalled\(|accountOf = /.test(line)))
  }
  expect(bare).toEqual([])
})
