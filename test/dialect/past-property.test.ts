import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Note } from '../../server/conversation/note.ts'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import type { Dialect } from '../../server/dialect/dialect.ts'
import { openaiChat } from '../../server/dialect/openai-chat/openai-chat.ts'
import { createDocuments } from '../../server/documents/extract.ts'
import { encode, refusal } from '../upstream/conversation-support.ts'
import { damaged } from './damage.ts'
import { chatTalk, itemsTalk, messagesTalk, type Talk } from './past-samples.ts'
import { openaiResponses } from './samples.ts'

const documents = createDocuments({ readPdf: async () => ({ ok: false, reason: 'cannot be read as a PDF' }) })
const never = new AbortController().signal

/** What stops a request on its way to the provider, whose own check is the strict one; undefined when nothing does. */
async function stoppedBy(dialect: Dialect, body: object): Promise<string | undefined> {
  const notes: Note[] = []
  const decoded = dialect.decode(body, (note) => notes.push(note))
  if (!decoded.ok) return `decode: ${decoded.error.message}`
  const resolved = await documents.resolve(decoded.value.conversation, never, (note) => notes.push(note))
  if (!resolved.ok) return `documents: ${resolved.error.message}`
  const refused = (dropReasoning: boolean): string | undefined =>
    refusal(encode(resolved.value, undefined, { dropReasoning }).body)
  // The client repeats without reasoning where a signature is refused, as these invented ones are.
  return refused(true)
}

const rows: readonly (readonly [name: string, dialect: Dialect, talk: Talk, list: 'messages' | 'input'])[] = [
  ['Messages', anthropic, messagesTalk, 'messages'],
  ['Chat Completions', openaiChat, chatTalk, 'messages'],
  ['a Messages-shaped body on the Chat path', openaiChat, { ...messagesTalk, tools: chatTalk.tools }, 'messages'],
  ['Responses', openaiResponses, itemsTalk, 'input'],
  ['a Responses-shaped body on the Chat path', openaiChat, itemsTalk, 'input'],
]

describe.each(rows)('%s', (_, dialect, talk, list) => {
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
      expect(await stoppedBy(dialect, bodyOf(talk.history, newest))).toBeUndefined()
    }
  })

  test('whatever is cut, dropped, doubled or mistyped in its history, it goes through while its newest turn is sound', async () => {
    await fc.assert(
      fc.asyncProperty(damaged(talk.history), fc.constantFrom(...talk.newest), async (history, newest) => {
        expect(await stoppedBy(dialect, bodyOf(history, newest))).toBeUndefined()
      }),
      { numRuns: 1_500 },
    )
  })
})
