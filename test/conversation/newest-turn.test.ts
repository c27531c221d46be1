import { expect, test } from 'bun:test'
import { newestTurnStart, type TurnKind } from '../../server/conversation/newest-turn.ts'

const kinds: Readonly<Record<string, TurnKind>> = {
  u: 'user',
  r: 'results',
  a: 'assistant',
  s: 'system',
  '?': 'unknown',
}

test.each([
  ['u', 0, 'one message'],
  ['uau', 2, 'after the assistant'],
  ['uarr', 2, 'the results of one round of calls, a message each'],
  ['uarru', 4, 'words after results: those were sent before, or can be carried'],
  ['uauu', 3, 'a second message of the user: the first was sent before'],
  ['uaus', 2, 'a reminder goes along'],
  ['uaua', 2, 'a reply the caller began is not the user’s'],
  ['uaraa', 2, 'results before it'],
  ['ua?', 2, 'what cannot be told is no history when it is the last'],
  ['u?u', 2, 'and is history before it'],
  ['?r', 1, 'results alone'],
  ['s', 0, 'instructions alone'],
  ['as', 1, 'instructions after the assistant'],
  ['a', 1, 'the assistant alone'],
  ['', 0, 'nothing'],
])('of %s the newest turn begins at %d: %s', (letters, start) => {
  const given = [...letters].map((letter) => kinds[letter] ?? 'unknown')
  expect(newestTurnStart(given)).toBe(start)
})
