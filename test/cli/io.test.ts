import { expect, test } from 'bun:test'
import { accountListText, keyListText } from '../../server/cli/answers.ts'
import type { AccountState } from '../../server/cli/control.ts'
import { liveLine, shown, table } from '../../server/cli/io.ts'

test('columns stay aligned whatever the width of the letters in them', () => {
  const text = table([
    ['ID', 'LABEL', 'STATE'],
    ['a', '团队一号', 'ready'],
    ['b', 'é🙂', 'cooling'],
    ['c', '', 'expired'],
  ])
  const starts = text
    .trimEnd()
    .split('\n')
    .map((line) => Bun.stringWidth(line.slice(0, line.search(/STATE|ready|cooling|expired/))))
  expect(new Set(starts)).toEqual(new Set([14]))
})

test('rows of different lengths and no rows are tables too', () => {
  expect(table([['a'], ['', 'wide', 'x']])).toBe('a\n   wide  x\n')
  expect(table([])).toBe('')
})

test.each([
  ['a colour sequence', 'a\x1b[31mb', 'a\ufffd[31mb'],
  ['a carriage return', 'safe\rfake', 'safe\ufffdfake'],
  ['a C1 control', 'a\x9bb', 'a\ufffdb'],
  ['turned letters', 'abc\u202ecba', 'abc\ufffdcba'],
  ['lines, Chinese, joined emoji', '一\n二 👩‍🚀', '一\n二 👩‍🚀'],
])('text from elsewhere cannot move the cursor: %s', (_, given, expected) => {
  expect(shown(given)).toBe(expected)
})

const account: AccountState = {
  id: 'acc_1',
  label: 'one\x1b[2J',
  status: 'exhausted',
  state: 'exhausted',
  until: '2026-02-01T00:00:00.000Z',
  reason: 'Nothing\nleft.',
  email: null,
  plan: 'KIRO PRO',
  method: 'social',
  region: 'us-east-1',
}

test('an account takes one line, with the time it serves again', () => {
  const lines = accountListText([account]).split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[1]).toContain('exhausted until 2026-02-01 00:00 UTC')
  expect(lines[1]).toContain('Nothing left.')
  expect(lines[1]).not.toContain('\x1b')
})

test('empty lists say what to do', () => {
  expect(accountListText([])).toContain('claude-server account add')
  expect(keyListText([])).toContain('claude-server key create NAME')
})

test('a live line is drawn over on a terminal, cut to its width, and not at all elsewhere', () => {
  const written: string[] = []
  const err = (text: string): void => void written.push(text)
  const there = liveLine({ err, isTerminal: true, columns: 20 })
  there.draw('x'.repeat(50))
  there.end()
  expect(written).toEqual([`\r\x1b[K${'x'.repeat(19)}`, '\r\x1b[K'])
  const elsewhere = liveLine({ err, isTerminal: false, columns: 20 })
  elsewhere.draw('x')
  elsewhere.end()
  expect(written).toHaveLength(2)
})
