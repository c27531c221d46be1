import { describe, expect, test } from 'bun:test'
import { drawnValues, isEmpty, movedCursor } from '../../ui/src/components/chart-data.ts'
import { keyCaps } from '../../ui/src/features/shell/key-caps.ts'
import { changedNames, faultsByName, isSame, nameOf, plainBody } from '../../ui/src/lib/form-state.ts'
import { bestOf, matchScore } from '../../ui/src/lib/fuzzy.ts'
import { readRange, spanOf, stepRange, writeRange } from '../../ui/src/lib/time-range.ts'
import { choiceParam, flagParam, listParam, numberParam, textParam } from '../../ui/src/lib/url-params.ts'

describe('a form', () => {
  test('knows what was changed, lists included', () => {
    expect(isSame(['a', 'b'], ['a', 'b'])).toBe(true)
    expect(isSame(['a'], ['b'])).toBe(false)
    expect(changedNames({ name: 'x', ids: ['a'], on: true }, { name: 'x', ids: ['a', 'b'], on: true })).toEqual(['ids'])
  })

  test('sends texts trimmed, and leaves out what was left empty', () => {
    expect(plainBody({ name: ' a ', note: '  ', on: false, count: undefined })).toEqual({ name: 'a', on: false })
    expect(plainBody({ name: '' }, ['name'])).toEqual({ name: '' })
  })

  test('finds the field of a fault, by its name or by that of what it lies in', () => {
    expect(nameOf('limits.tokens.0', ['name', 'limits.tokens'])).toBe('limits.tokens')
    expect(nameOf('ids.3', ['ids'])).toBe('ids')
    expect(nameOf('other', ['ids'])).toBeUndefined()
    const faults = [
      { path: 'ids.1', kind: 'wrong' },
      { path: 'ids.2', kind: 'whole' },
      { path: 'x', kind: 'wrong' },
    ] as const
    const { named, others } = faultsByName(faults, ['ids'])
    expect([...named]).toEqual([['ids', faults[0]]])
    expect(others).toEqual([faults[2]])
  })
})

test.each([
  [textParam, 'a b', 'a b', 'a b'],
  [textParam, undefined, '', undefined],
  [listParam(['on', 'off']), 'off,strange,on', ['off', 'on'], 'off,on'],
  [listParam(), '', [], undefined],
  [choiceParam(['all', 'new'], 'all'), 'odd', 'all', undefined],
  [choiceParam(['all', 'new'], 'all'), 'new', 'new', 'new'],
  [numberParam(1), '0', 1, undefined],
  [numberParam(1), '3.5', 1, undefined],
  [numberParam(1), '7', 7, '7'],
  [flagParam, '1', true, '1'],
  [flagParam, 'no', false, undefined],
] as const)(
  'of the address %#: what is not known is ignored, what is usual is left out',
  (param, text, value, written) => {
    expect(param.read(text)).toEqual(value)
    expect((param.write as (value: unknown) => string | undefined)(value)).toEqual(written)
  },
)

describe('a time range', () => {
  const now = new Date(2026, 10, 28, 15, 30).getTime()
  const local = (day: number, hour = 0): number => new Date(2026, 10, day, hour).getTime()

  test('is read from the address and written back the same', () => {
    expect(readRange({})).toEqual({ name: '24h' })
    expect(readRange({ range: 'never' })).toEqual({ name: '24h' })
    expect(writeRange({ name: '24h' })).toEqual({ range: undefined, from: undefined, to: undefined })
    expect(readRange(writeRange({ name: '7d' }))).toEqual({ name: '7d' })
    expect(readRange(writeRange({ from: 1000, to: 2000 }))).toEqual({ from: 1000, to: 2000 })
    expect(readRange({ from: '2026-01-02T00:00:00Z', to: '2026-01-01T00:00:00Z' })).toEqual({ name: '24h' })
  })

  test('lies where the browser’s days lie', () => {
    expect(spanOf({ name: '1h' }, now)).toEqual({ from: now - 3_600_000, to: now })
    expect(spanOf({ name: 'today' }, now)).toEqual({ from: local(28), to: now })
    expect(spanOf({ name: 'yesterday' }, now)).toEqual({ from: local(27), to: local(28) })
    expect(spanOf({ name: 'this-month' }, now)).toEqual({ from: local(1), to: now })
    expect(stepRange({ name: '1h' }, -1, now)).toEqual({ from: now - 7_200_000, to: now - 3_600_000 })
    expect(stepRange({ from: 10, to: 20 }, 1, now)).toEqual({ from: 20, to: 30 })
  })
})

describe('the palette', () => {
  const items = [
    { id: 'page:/accounts', text: 'Accounts' },
    { id: 'add', text: 'Add account' },
    { id: 'account:1', text: 'team-07', words: 'li.wei@example.com acc_0017' },
    { id: 'page:/playground', text: 'Playground' },
  ]
  const found = (search: string, recent: readonly string[] = []) => bestOf(items, search, recent, 3).map(({ id }) => id)

  test('puts beginnings before beginnings of words, and these before middles', () => {
    expect(found('acc')).toEqual(['page:/accounts', 'add', 'account:1'])
    expect(found('ground')).toEqual(['page:/playground'])
    expect(found('li.wei')).toEqual(['account:1'])
    expect(found('account add')).toEqual(['add'])
    expect(found('plgr')).toEqual(['page:/playground'])
    expect(found('zzz')).toEqual([])
    expect(matchScore('账号', '账')).toBeGreaterThan(0)
  })

  test('gives what was used last before what answers as well', () => {
    expect(found('', ['page:/playground'])[0]).toBe('page:/playground')
  })

  test('writes keys as they stand on the keyboard', () => {
    expect(keyCaps('g a')).toEqual(['G', 'A'])
    expect(keyCaps('Shift+?')).toEqual(['?'])
  })
})

describe('a chart', () => {
  const series = [
    { text: 'ok', color: 'outcome-ok', values: [1, 2, null] },
    { text: 'failed', color: 'outcome-upstream', values: [0, 3, 4] },
  ] as const

  test('stacks columns, the highest drawn first so that the lower ones cover it', () => {
    expect(drawnValues(series, 'columns')).toEqual([
      [1, 5, 4],
      [1, 2, 0],
    ])
    expect(drawnValues(series, 'lines')).toEqual([
      [1, 2, null],
      [0, 3, 4],
    ])
    expect(isEmpty(series)).toBe(false)
    expect(isEmpty([{ text: 'ok', color: 'outcome-ok', values: [0, null] }])).toBe(true)
  })

  test('moves its cursor by arrow keys and stays within', () => {
    expect(movedCursor('ArrowRight', undefined, 5)).toBe(0)
    expect(movedCursor('ArrowLeft', undefined, 5)).toBe(4)
    expect(movedCursor('ArrowRight', 4, 5)).toBe(4)
    expect(movedCursor('Home', 3, 5)).toBe(0)
    expect(movedCursor('End', 3, 5)).toBe(4)
    expect(movedCursor('x', 3, 5)).toBeUndefined()
  })
})
