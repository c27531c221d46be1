import { expect, test } from 'bun:test'
import { helpText, versionText } from '../../server/cli/help.ts'

test.each([
  ['nothing: all commands', [], ['account add', 'doctor', 'key create'], []],
  ['a group: its commands with their options', ['account'], ['account add', '--start-url', 'account list'], ['doctor']],
  ['two words: one command', ['account', 'add'], ['account add', '--import'], ['account list']],
  ['one word: one command', ['doctor'], ['doctor', '--json'], ['account add']],
  ['a command with its operand', ['key', 'create', 'laptop'], ['key create NAME'], ['key list']],
  ['a word that is no command: all', ['nonsense'], ['account add', 'doctor'], []],
] as const)('help for %s', (_, words, has, lacks) => {
  const text = helpText(words)
  for (const part of has) expect(text).toContain(part)
  for (const part of lacks) expect(text).not.toContain(part)
})

test('the version says what it was built from, in JSON when asked for; from source it stands alone', () => {
  const build = { version: '1.2.3', commit: '0123456789ab', date: '2026-11-28T16:04:06.000Z' }
  expect(versionText(build, false)).toBe('1.2.3 (0123456789ab, 2026-11-28)\n')
  expect(JSON.parse(versionText(build, true))).toEqual(build)
  expect(versionText({ version: '1.2.3', commit: null, date: null }, false)).toBe('1.2.3\n')
})
