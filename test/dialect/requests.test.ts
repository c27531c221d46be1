import { describe, expect, test } from 'bun:test'
import type { Conversation } from '../../server/conversation/conversation.ts'
import { caseNames, expectCaseJson, readCaseJson } from '../support/fixture-cases.ts'
import { dialects } from './samples.ts'

for (const dialect of dialects) {
  describe(`a request of ${dialect.name} becomes the conversation`, () => {
    for (const name of caseNames('requests', `${dialect.name}.json`)) {
      test(name, () => {
        const decoded = dialect.decode(readCaseJson('requests', name, `${dialect.name}.json`))
        if (!decoded.ok) throw new Error(decoded.error.message)
        expectCaseJson('requests', name, 'conversation.json', withoutPlaces(decoded.value.conversation))
      })
    }
  })
}

/** Each dialect's own: where an image or a schema stood, how strictly it is meant (strict.test.ts), which kinds of tools it leaves out. */
const own: ReadonlySet<string> = new Set(['strict', 'at', 'alsoDeclared', 'alsoStrict'])
function withoutPlaces(conversation: Conversation): unknown {
  return JSON.parse(
    JSON.stringify(conversation, (key, value) =>
      value?.type === 'image' ? { ...value, field: undefined } : own.has(key) ? undefined : value,
    ),
  )
}

test('most cases are spelled in every dialect', () => {
  const [first = [], ...others] = dialects.map((dialect) => caseNames('requests', `${dialect.name}.json`))
  const inAll = first.filter((name) => others.every((names) => names.includes(name)))
  expect(inAll.length).toBeGreaterThanOrEqual(10)
})
