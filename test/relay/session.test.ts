import { expect, test } from 'bun:test'
import type { Conversation, Message } from '../../server/conversation/conversation.ts'
import { sessionOf } from '../../server/relay/session.ts'
import { makeConversation } from '../support/conversation.ts'

const say = (role: Message['role'], text: string): Message => ({ role, parts: [{ type: 'text', text }] })
const conversation = (messages: readonly Message[], more: Partial<Conversation> = {}): Conversation =>
  makeConversation({ system: ['be kind'], messages, ...more })
const first = [say('user', 'Hello')]
const second = [...first, say('assistant', 'Hi'), say('user', 'How are you?')]

test('a named session is the conversation, for its caller alone', () => {
  const named = sessionOf(conversation(first, { session: 's' }), 'key')
  expect(named).toEqual(sessionOf(conversation(second, { session: 's' }), 'key'))
  expect(named.isNew).toBe(false)
  expect(sessionOf(conversation(first, { session: 's' }), 'other').session).not.toBe(named.session)
})

test('without a name its beginning is: the same from turn to turn, whatever follows', () => {
  const turns = [first, second, [...second, say('assistant', 'Well'), say('user', 'Good')]]
  const sessions = turns.map((messages) => sessionOf(conversation(messages), 'key'))
  expect(new Set(sessions.map(({ session }) => session)).size).toBe(1)
  expect(sessions.map(({ isNew }) => isNew)).toEqual([true, false, false])
})

test('a named session wins over who asks', () => {
  const named = (endUser: string) => sessionOf(conversation(first, { session: 's', endUser }), 'key')
  expect(named('u')).toEqual(named('v'))
})

test('one end user for all ties nothing together, and stays the same from turn to turn', () => {
  const of = (messages: readonly Message[]) => sessionOf(conversation(messages, { endUser: 'team' }), 'key').session
  expect(of(first)).toBe(of(second))
  const many = Array.from({ length: 100 }, (_, index) => of([say('user', `Question ${index}`)]))
  expect(new Set(many).size).toBe(100)
})

test.each([
  ['another end user', conversation(first, { endUser: 'u' }), 'key'],
  ['another first message', conversation([say('user', 'Hullo')]), 'key'],
  ['another system text', conversation(first, { system: ['be brief'] }), 'key'],
  ['another caller', conversation(first), 'other'],
] as const)('%s is another conversation', (_, other, caller) => {
  expect(sessionOf(other, caller).session).not.toBe(sessionOf(conversation(first), 'key').session)
})
