import { describe, expect, test } from 'bun:test'
import { createFrameDecoder, encodeFrame, type Frame } from '../../server/codec/eventstream.ts'
import type { ReplyEvent, UpstreamEvent } from '../../server/conversation/event.ts'
import { createReplyDecoder } from '../../server/upstream/amazonq/decode.ts'
import { createMeter } from '../../server/usage/meter.ts'
import { caseNames, expectCaseText, readCaseLines } from '../support/fixture-cases.ts'
import { replyFault } from '../support/grammar.ts'

type WrittenFrame = { readonly headers: Readonly<Record<string, string>>; readonly payload: object }

/** Frames as they come off the wire. */
function framesOf(written: readonly WrittenFrame[]): readonly Frame[] {
  const pushed = createFrameDecoder().push(
    Buffer.concat(written.map(({ headers, payload }) => encodeFrame(headers, JSON.stringify(payload)))),
  )
  if (!pushed.ok) throw new Error(pushed.error.message)
  return pushed.value
}

function decode(frames: readonly Frame[]): readonly UpstreamEvent[] {
  const decoder = createReplyDecoder({
    toolName: (name) => name,
    splitThinking: false,
    accounting: { isKnown: () => true, learn: () => undefined },
  })
  return [...frames.flatMap((frame) => decoder.step(frame)), ...decoder.end()]
}

/** As the relay passes them on, with token counts that need no tokenizer. */
function metered(events: readonly UpstreamEvent[]): readonly ReplyEvent[] {
  const meter = createMeter({
    input: { tokens: 12, source: 'estimated' },
    countTokens: (text) => Math.ceil(text.length / 4),
  })
  return [meter.start(), ...events.map((event) => meter.push(event))]
}

for (const name of caseNames('replies', 'amazonq.jsonl')) {
  describe(name, () => {
    const events = metered(decode(framesOf(readCaseLines<WrittenFrame>('replies', name, 'amazonq.jsonl'))))
    test('becomes the events', () => {
      const lines = events.map((event) => JSON.stringify(event)).join('\n')
      expectCaseText('replies', name, 'events.jsonl', `${lines}\n`)
    })
    test('keeps the grammar of replies', () => expect(replyFault(events)).toBeUndefined())
  })
}
