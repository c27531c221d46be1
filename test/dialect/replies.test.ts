import { describe, expect, test } from 'bun:test'
import type { ReplyEvent } from '../../server/conversation/event.ts'
import { foldReply } from '../../server/conversation/reply.ts'
import { caseNames, expectCaseJson, expectCaseText, readCaseLines } from '../support/fixture-cases.ts'
import { replyFault } from '../support/grammar.ts'
import { asStream, dialects, encodeAll, replyContext, streamFault } from './samples.ts'

for (const name of caseNames('replies', 'events.jsonl')) {
  describe(name, () => {
    const events = readCaseLines<ReplyEvent>('replies', name, 'events.jsonl')

    test('keeps the grammar of replies', () => expect(replyFault(events)).toBeUndefined())

    for (const dialect of dialects) {
      test(`streams as ${dialect.name}`, () => {
        const sse = encodeAll(dialect, events)
        expect(streamFault(dialect, sse)).toBeUndefined()
        expectCaseText('replies', name, `${dialect.name}.sse`, sse)
      })

      test(`is one answer as ${dialect.name}`, async () => {
        const reply = await foldReply(asStream(events))
        const answer = reply.ok
          ? dialect.encodeReply(reply.value, replyContext)
          : dialect.encodeError(reply.error, { requestId: replyContext.requestId })
        expectCaseJson('replies', name, `${dialect.name}.json`, answer)
      })
    }
  })
}
