import { describe, expect, test } from 'bun:test'
import { chooseLanguage, chooseTheme, resolveTheme } from '../../ui/src/lib/appearance.ts'
import { type CopyEnvironment, copyText } from '../../ui/src/lib/copy.ts'
import { countdown, maskEmail, parseTime } from '../../ui/src/lib/format.ts'
import { safeNext } from '../../ui/src/lib/path.ts'
import { matchesWords } from '../../ui/src/lib/search.ts'
import { noteServerTime, serverTime } from '../../ui/src/lib/server-clock.ts'
import { formatIn } from '../support/words.ts'

test.each([
  [null, ['zh-CN'], 'zh-CN'],
  [null, ['zh-TW', 'en'], 'zh-CN'],
  [null, ['en-GB', 'zh-CN'], 'en'],
  [null, ['fr'], 'en'],
  [null, ['fr', 'zh'], 'zh-CN'],
  [null, [], 'en'],
  ['zh-CN', ['en-US'], 'zh-CN'],
  ['en', ['zh-CN'], 'en'],
  ['klingon', ['zh-CN'], 'zh-CN'],
] as const)('saved %p and preferred %p give %s', (saved, preferred, language) => {
  expect(chooseLanguage(saved, preferred)).toBe(language)
})

test('the theme follows the system unless one was chosen', () => {
  expect(chooseTheme(null)).toBe('system')
  expect(chooseTheme('sepia')).toBe('system')
  expect(resolveTheme(chooseTheme('dark'), false)).toBe('dark')
  expect(resolveTheme('system', true)).toBe('dark')
  expect(resolveTheme('system', false)).toBe('light')
})

test.each([
  ['/accounts', '/accounts'],
  ['/accounts?status=expired#top', '/accounts?status=expired#top'],
  ['/nothing/%E0%A4%A', '/nothing/%25E0%25A4%25A'],
  ['/nothing/%E4%B8%AD', '/nothing/%E4%B8%AD'],
  ['https://evil.example', '/'],
  ['//evil.example', '/'],
  ['/\\evil.example', '/'],
  ['/..//evil.example', '/'],
  ['/.//evil.example/x', '/'],
  ['/a/../..//evil.example', '/'],
  ['/a/../accounts', '/accounts'],
  ['/\t/evil.example', '/'],
  ['javascript:alert(1)', '/'],
  ['accounts', '/'],
  ['/login?next=/login', '/'],
  ['', '/'],
  [undefined, '/'],
  [['/a', '/b'], '/'],
])('after sign-in, next=%p leads to %s', (next, destination) => {
  expect(safeNext(next)).toBe(destination)
})

describe('copying', () => {
  const environment = (clipboard: 'works' | 'refuses' | 'absent', selection: boolean) => {
    const tried: string[] = []
    const value: CopyEnvironment = {
      ...(clipboard === 'absent'
        ? {}
        : {
            writeClipboard: async () => {
              tried.push('clipboard')
              if (clipboard === 'refuses') throw new Error('not allowed')
            },
          }),
      copyBySelection: () => {
        tried.push('selection')
        return selection
      },
    }
    return { value, tried }
  }
  test.each([
    ['works', true, 'copied', ['clipboard']],
    ['refuses', true, 'copied', ['clipboard', 'selection']],
    ['absent', true, 'copied', ['selection']],
    ['absent', false, 'manual', ['selection']],
    ['refuses', false, 'manual', ['clipboard', 'selection']],
  ] as const)(
    'with a clipboard that %s and a selection that copies: %p, the result is "%s"',
    async (clipboard, selection, result, order) => {
      const { value, tried } = environment(clipboard, selection)
      expect(await copyText('secret', value)).toBe(result)
      expect(tried).toEqual([...order])
    },
  )
})

test.each([
  [582, '9:42'],
  [60, '1:00'],
  [59.2, '1:00'],
  [0, '0:00'],
  [-5, '0:00'],
  [3700, '1:01:40'],
])('%p seconds count down from %s', (seconds, text) => {
  expect(countdown(seconds)).toBe(text)
})

test.each([
  ['simulated-17@example.com', 'si***-17@example.com'],
  ['team@example.com', 't***m@example.com'],
  ['ab@example.com', '***@example.com'],
  ['a@example.com', '***@example.com'],
  ['tea***@example.com', 'tea***@example.com'],
  ['team-01', 'team-01'],
])('%s is shown as %s', (email, masked) => {
  expect(maskEmail(email)).toBe(masked)
})

test.each([
  [42_000, '42 sec'],
  [60_000, '60 sec'],
  [61_000, '2 min'],
  [3_600_001, '2 hr'],
  [-5, '0 sec'],
])('%p ms left are said as %s', (ms, text) => {
  expect(formatIn('en').left(ms)).toBe(text)
})

test('a search finds every word, in any order and case', () => {
  for (const search of ['', ' ', 'pro', 'ONE team', 'team@ex']) {
    expect(matchesWords('Team one Pro team@example.com', search)).toBe(true)
  }
  for (const search of ['two', 'team free']) expect(matchesWords('Team one Pro', search)).toBe(false)
})

test('words of Chinese need no space between them', () => {
  const text = '日志 记录保留时长 更早的记录会被删除'
  for (const search of ['日志保留', '保留时长', '日志 保留']) expect(matchesWords(text, search)).toBe(true)
  for (const search of ['日志备份', '保密', '额度用完']) expect(matchesWords(text, search)).toBe(false)
})

test('times that are none are undefined', () => {
  expect(parseTime('2026-01-31T03:00:00Z')).toBe(Date.UTC(2026, 0, 31, 3))
  for (const none of [null, undefined, '', 'never', 'soon']) expect(parseTime(none)).toBeUndefined()
})

test('numbers and times follow the language', () => {
  const now = Date.UTC(2026, 0, 31)
  const english = formatIn('en')
  const chinese = formatIn('zh-CN')
  expect(english.percent(0.324)).toBe('32%')
  expect(english.number(1234.5)).toBe('1,234.5')
  expect(english.relative(now - 200_000, now)).toBe('3 min. ago')
  expect(english.relative(now - 20_000, now)).toBe('just now')
  expect(english.relative(now + 20_000, now)).toBe('now')
  expect(english.relative(now + 6 * 86_400_000, now)).toBe('in 6 days')
  expect(chinese.relative(now - 200_000, now)).toBe('3 分钟前')
  expect(chinese.relative(now - 20_000, now)).toBe('刚刚')
  expect([chinese.duration(240), chinese.duration(6200), chinese.left(61_000)]).toEqual([
    '240 毫秒',
    '6.2 秒',
    '2 分钟',
  ])
  expect([1, 2].map(english.form)).toEqual(['one', 'other'])
  expect([1, 2].map(chinese.form)).toEqual(['other', 'other'])
  expect(['b10', 'a', 'b9'].toSorted(english.compare)).toEqual(['a', 'b9', 'b10'])
  expect(english.duration(240)).toBe('240 ms')
  expect(english.duration(6200)).toBe('6.2 sec')
})

test('the clock of the server is told by its answers, and clocks that may agree are left alone', () => {
  const date = (at: number): string => new Date(at).toUTCString()
  const at = 1_800_000_000_000
  // Whole seconds, and the way there and back: nothing says that they differ.
  noteServerTime(date(at), at + 300, at + 900)
  noteServerTime(date(at), at - 4_000, at + 5_000)
  noteServerTime(null, at, at)
  noteServerTime('noon', at, at)
  expect(serverTime(at)).toBe(at)
  const hours = 2 * 3_600_000
  for (const ahead of [hours, -hours]) {
    noteServerTime(date(at + ahead), at + 300, at + 400)
    expect(Math.abs(serverTime(at) - at - ahead)).toBeLessThanOrEqual(1_000)
    const known = serverTime(at)
    noteServerTime(date(at + ahead), at + 200, at + 500)
    expect(serverTime(at)).toBe(known)
  }
  noteServerTime(date(at), at, at)
})
