import { expect, test } from 'bun:test'
import { fromOriginal, inSession, sessionOf } from '../../server/egress/session.ts'

// Published vectors: isthe.com/chongo/tech/comp/fnv (empty, a, foobar); the last as Go's hash/fnv gives it.
test.each([
  ['', '2166136261'],
  ['a', '3826002220'],
  ['foobar', '3214735720'],
])('the session of %j is %s', (who, session) => expect(sessionOf(who)).toBe(session))

test('an address without the placeholder is the same for everybody', () => {
  expect(inSession('http://user:p%40ss@proxy:1', 'acc_1')).toBe('http://user:p%40ss@proxy:1')
})

test('each placeholder of an address is the session of the account', () => {
  const at = inSession('http://user-{session}:x{session}@{session}.proxy:1', 'foobar')
  expect(at).toBe('http://user-3214735720:x3214735720@3214735720.proxy:1')
  expect(inSession(fromOriginal('http://user-%:x@proxy:1'), 'foobar')).toBe('http://user-3214735720:x@proxy:1')
})
