import { expect, test } from 'bun:test'
import { converse } from '../../server/contract/converse.ts'
import { createForms } from '../../server/contract/forms.ts'
import { createHolds } from '../../server/contract/hold.ts'
import { createSchemaJudges } from '../../server/contract/schema-judges.ts'
import { makeConversation } from '../support/conversation.ts'
import { calls, read, setUp } from './set-up.ts'

test('inputs of ordinary tools are counted by whether they fit, and go on as they came', async () => {
  const forms = createForms({ judges: createSchemaJudges(), holds: createHolds(), repairs: () => true })
  const { deps, effects, leaving } = setUp([forms], () =>
    calls({ name: 'a', json: ['{"x"', ':1}'] }, { name: 'a', json: '{"x":"1"}' }, { name: 'b', json: '{}' }),
  )
  const seen: (boolean | 'unknown')[] = []
  const callWatch = { judges: createSchemaJudges(), seen: (fits: boolean | 'unknown') => void seen.push(fits) }
  const schema = { type: 'object', properties: { x: { type: 'integer' } } }
  const tools = [
    { name: 'a', description: '', schema },
    { name: 'b', description: '', schema: { type: 'no such type' } },
  ]
  const request = {
    conversation: makeConversation({ tools }),
    callerId: 'k',
    arrivedAt: effects.now(),
    onEnd: () => {},
  }
  const events = await read(await converse(request, { ...deps, callWatch }, leaving.signal))
  expect(events.flatMap((event) => (event.type === 'tool-call-delta' ? [event.json] : []))).toEqual([
    '{"x"',
    ':1}',
    '{"x":"1"}',
    '{}',
  ])
  expect(seen).toEqual([true, false, 'unknown'])
})
