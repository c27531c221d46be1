import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { gatewayError } from '../../server/conversation/error.ts'
import type { Note } from '../../server/conversation/note.ts'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import type { Dialect } from '../../server/dialect/dialect.ts'
import { openaiChat } from '../../server/dialect/openai-chat/openai-chat.ts'
import { isObject } from '../../server/dialect/validate.ts'
import { createDocuments } from '../../server/documents/extract.ts'
import { err } from '../../server/lib/result.ts'
import { wireText } from '../../server/upstream/amazonq/wire-text.ts'
import { encode, refusal } from '../upstream/conversation-support.ts'
import { damaged } from './damage.ts'
import { chatTalk, itemsTalk, messagesTalk, type Talk } from './past-samples.ts'
import { openaiResponses } from './samples.ts'

const documents = createDocuments({
  reader: {
    document: async () => ({ ok: false, reason: 'cannot be read as a PDF' }),
    image: async () => ({ ok: false, reason: 'is not a sound PNG image' }),
  },
  fetchAttachment: async ({ field }) => err(gatewayError('invalid-request', 'not fetched', { field })),
})
const never = new AbortController().signal

/**
 * Sends a request on its way to the provider, whose own check is the strict one: what stops it, if anything, and what the
 * provider would be sent.
 */
async function sent(dialect: Dialect, body: object): Promise<{ readonly stoppedBy?: string; readonly text: string }> {
  const decoded = dialect.decode(body)
  if (!decoded.ok) return { stoppedBy: `decode: ${decoded.error.message}`, text: '' }
  const resolved = await documents.resolve(decoded.value.conversation, never)
  if (!resolved.ok) return { stoppedBy: `documents: ${resolved.error.message}`, text: '' }
  // The client repeats without reasoning where a signature is refused, as these invented ones are.
  const { body: request } = encode(resolved.value, undefined, { dropReasoning: true })
  const stoppedBy = refusal(request)
  return { ...(stoppedBy === undefined ? {} : { stoppedBy }), text: wireText(request) }
}

/** What a sound message says: texts, results and the like; not the reasoning, whose signatures are invented here. */
const saidIn = (message: unknown): readonly string[] =>
  [...JSON.stringify(message).matchAll(/"(?:text|content|output|refusal)":"([^"]+)"/g)].map((match) => match[1] ?? '')

/**
 * An item of which no more than its id is left is one that the API calls a reference: it stands for what is kept elsewhere,
 * and without it the conversation would be another (docs/compatibility.md).
 */
const isReference = (item: unknown): boolean =>
  isObject(item) &&
  item.id != null &&
  item.type == null &&
  Object.keys(item).every((name) => name === 'id' || name === 'type')

const rows: readonly (readonly [name: string, dialect: Dialect, talk: Talk, list: 'messages' | 'input'])[] = [
  ['Messages', anthropic, messagesTalk, 'messages'],
  ['Chat Completions', openaiChat, chatTalk, 'messages'],
  ['a Messages-shaped body on the Chat path', openaiChat, { ...messagesTalk, tools: chatTalk.tools }, 'messages'],
  ['Responses', openaiResponses, itemsTalk, 'input'],
  ['a Responses-shaped body on the Chat path', openaiChat, itemsTalk, 'input'],
]

describe.each(rows)('%s', (_, dialect, talk, list) => {
  const sound = new Set(talk.history.map((message) => JSON.stringify(message)))
  const bodyOf = (history: readonly unknown[], newest: readonly object[]) => ({
    model: 'claude-sonnet-4.5',
    max_tokens: 100,
    tools: talk.tools,
    [list]: [...history, ...newest],
  })

  test('the sound conversation goes through whole, without a note', async () => {
    for (const newest of talk.newest) {
      const notes: Note[] = []
      const decoded = dialect.decode(bodyOf(talk.history, newest), (note) => notes.push(note))
      expect(decoded.ok).toBe(true)
      expect(notes).toEqual([])
      expect((await sent(dialect, bodyOf(talk.history, newest))).stoppedBy).toBeUndefined()
    }
  })

  test('whatever is cut, dropped, doubled or mistyped in its history, it goes through while its newest turn is sound', async () => {
    await fc.assert(
      fc.asyncProperty(damaged(talk.history), fc.constantFrom(...talk.newest), async (history, newest) => {
        const { stoppedBy, text } = await sent(dialect, bodyOf(history, newest))
        const reference = list === 'input' ? history.findIndex(isReference) : -1
        if (reference >= 0) {
          expect(stoppedBy).toStartWith(`decode: input.${reference}.id: `)
          return
        }
        expect(stoppedBy).toBeUndefined()
        // What was not damaged is all there.
        for (const message of history) {
          if (!sound.has(JSON.stringify(message))) continue
          for (const words of saidIn(message)) expect(text).toContain(words)
        }
      }),
      { numRuns: Number(process.env.PAST_RUNS ?? 1_000) },
    )
  })
})
