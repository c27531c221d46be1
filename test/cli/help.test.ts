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

test('the version stands alone, in JSON when asked for', () => {
  expect(versionText('1.2.3', false)).toBe('1.2.3\n')
  expect(JSON.parse(versionText('1.2.3', true))).toEqual({ version: '1.2.3' })
})
