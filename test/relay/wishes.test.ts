import { expect, test } from 'bun:test'
import type { Conversation } from '../../server/conversation/conversation.ts'
import type { ReplyEvent } from '../../server/conversation/event.ts'
import { createWishCheck, type Missed } from '../../server/relay/wishes.ts'
import { makeConversation } from '../support/conversation.ts'

const schema = {
  type: 'object',
  properties: {
    name: { type: 'string' },
    tags: { type: 'array', items: { type: 'integer' } },
    kind: { enum: ['a', 'b'] },
  },
  required: ['name'],
}
const conversation = (more: Partial<Conversation>): Conversation =>
  makeConversation({
    tools: [
      { name: 'one', description: '', schema: {} },
      { name: 'two', description: '', schema: {} },
    ],
    ...more,
  })
const call = (name: string): ReplyEvent => ({ type: 'tool-call-start', index: 0, id: 'c', name })
const text = (said: string): ReplyEvent => ({ type: 'text-delta', index: 0, text: said })

const rows: readonly [string, Partial<Conversation>, readonly ReplyEvent[], Missed | undefined | 'not watched'][] = [
  ['nothing demanded', {}, [text('hi')], 'not watched'],
  ['any tool, one called', { toolChoice: { type: 'any' } }, [call('two')], undefined],
  ['any tool, none called', { toolChoice: { type: 'any' } }, [text('hi')], 'tool-choice'],
  ['any tool, but none offered', { toolChoice: { type: 'any' }, tools: [] }, [text('hi')], 'not watched'],
  ['one tool, called', { toolChoice: { type: 'tool', name: 'one' } }, [text('hm'), call('one')], undefined],
  ['one tool, another called', { toolChoice: { type: 'tool', name: 'one' } }, [call('two')], 'tool-choice'],
  ['JSON, given in pieces', { output: { type: 'json' } }, [text('{"a"'), text(':1}')], undefined],
  ['JSON, prose given', { output: { type: 'json' } }, [text('Here is {"a":1}')], 'output-format'],
  ['JSON, a tool called instead', { output: { type: 'json' } }, [call('one')], undefined],
  [
    'schema, fitting',
    { output: { type: 'json-schema', schema } },
    [text('{"name":"x","tags":[1,2],"kind":"a","more":0}')],
    undefined,
  ],
  ['schema, member missing', { output: { type: 'json-schema', schema } }, [text('{"tags":[]}')], 'output-format'],
  ['schema, wrong type', { output: { type: 'json-schema', schema } }, [text('{"name":1}')], 'output-format'],
  [
    'schema, wrong item',
    { output: { type: 'json-schema', schema } },
    [text('{"name":"x","tags":["1"]}')],
    'output-format',
  ],
  [
    'schema, not in the list',
    { output: { type: 'json-schema', schema } },
    [text('{"name":"x","kind":"c"}')],
    'output-format',
  ],
  ['schema, a list', { output: { type: 'json-schema', schema } }, [text('[]')], 'output-format'],
]
test.each(rows)('%s', (_, more, events, expected) => {
  const check = createWishCheck(conversation(more))
  for (const event of events) check?.push(event)
  expect(check === undefined ? 'not watched' : check.missed()).toBe(expected)
})
