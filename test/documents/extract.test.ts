import { describe, expect, test } from 'bun:test'
import type { Conversation, DocumentPart, Part } from '../../server/conversation/conversation.ts'
import type { Note } from '../../server/conversation/note.ts'
import { createDocuments } from '../../server/documents/extract.ts'
import type { PdfReader } from '../../server/documents/pdf.ts'
import { makeConversation } from '../support/conversation.ts'

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const pdf = (over: Partial<DocumentPart> = {}): DocumentPart => ({
  type: 'document',
  mediaType: 'application/pdf',
  base64: 'JVBERi0=',
  field: 'messages.0.content.1',
  ...over,
})
const asked = (...parts: readonly Part[]): Conversation => makeConversation({ messages: [{ role: 'user', parts }] })
const never = new AbortController().signal
const reads: PdfReader = async (bytes) => ({ ok: true, text: `${bytes.length} bytes`, pages: 2 })
const resolve = (conversation: Conversation, readPdf: PdfReader = reads, signal = never) =>
  createDocuments({ readPdf }).resolve(conversation, signal)

describe('createDocuments', () => {
  test('a conversation without documents and images is returned as it is', async () => {
    const given = asked({ type: 'text', text: 'hello' })
    const resolved = await resolve(given)
    expect(resolved.ok && resolved.value).toBe(given)
  })

  test('a document becomes text with its title and its place kept, in messages and in tool results', async () => {
    const given = asked({ type: 'text', text: 'read' }, pdf({ title: 'Report' }), {
      type: 'tool-result',
      callId: 'a',
      isError: false,
      parts: [pdf()],
    })
    const resolved = await resolve(given)
    expect(resolved.ok && resolved.value.messages[0]?.parts).toEqual([
      { type: 'text', text: 'read' },
      { type: 'text', text: 'Document "Report" (PDF, 2 pages):\n\n5 bytes' },
      {
        type: 'tool-result',
        callId: 'a',
        isError: false,
        parts: [{ type: 'text', text: 'Document (PDF, 2 pages):\n\n5 bytes' }],
      },
    ])
  })

  test('an unreadable document is refused by its field with the reason', async () => {
    expect(await resolve(asked(pdf()), async () => ({ ok: false, reason: 'is protected by a password' }))).toEqual({
      ok: false,
      error: {
        kind: 'invalid-request',
        message: 'messages.0.content.1: the document is protected by a password.',
        field: 'messages.0.content.1',
      },
    })
  })

  test('a document over 32 MB is refused unread', async () => {
    const resolved = await resolve(asked(pdf({ base64: 'A'.repeat(45_000_000) })), async () => {
      throw new Error('read')
    })
    expect(resolved).toMatchObject({ ok: false, error: { kind: 'invalid-request', field: 'messages.0.content.1' } })
  })

  test('the same document is read once', async () => {
    let times = 0
    const documents = createDocuments({
      readPdf: async () => {
        times++
        return { ok: true, text: 'text', pages: 1 }
      },
    })
    await documents.resolve(asked(pdf(), pdf()), never)
    await documents.resolve(asked(pdf({ field: 'elsewhere' })), never)
    expect(times).toBe(1)
    await documents.resolve(asked(pdf({ base64: 'JVBERi1B' })), never)
    expect(times).toBe(2)
  })

  test('a caller who leaves cancels the reading', async () => {
    const leaving = new AbortController()
    const resolved = resolve(
      asked(pdf()),
      async () => {
        leaving.abort()
        return { ok: false, reason: 'was not read' }
      },
      leaving.signal,
    )
    expect(await resolved).toMatchObject({ ok: false, error: { kind: 'cancelled' } })
  })

  test('a wrongly declared image is corrected, a sound one untouched', async () => {
    const sound = { type: 'image', format: 'png', base64: png } as const
    const resolved = await resolve(asked(sound, { ...sound, format: 'jpeg' }))
    expect(resolved.ok && resolved.value.messages[0]?.parts).toEqual([sound, sound])
  })

  test('an undecodable image is refused by its number', async () => {
    const resolved = await resolve(
      asked(
        { type: 'image', format: 'png', base64: png },
        {
          type: 'tool-result',
          callId: 'a',
          isError: false,
          parts: [{ type: 'image', format: 'png', base64: 'aGVsbG8gd29ybGQgaGVsbG8=' }],
        },
      ),
    )
    expect(resolved).toMatchObject({
      ok: false,
      error: { kind: 'invalid-request', field: 'messages', message: expect.stringContaining('image 2 of the request') },
    })
  })

  describe('in a past turn', () => {
    const past = (...parts: readonly Part[]): Conversation =>
      makeConversation({
        messages: [
          { role: 'user', parts },
          { role: 'assistant', parts: [{ type: 'text', text: 'Fine.' }] },
          { role: 'user', parts: [{ type: 'text', text: 'hello' }] },
        ],
      })
    const bmp = { type: 'image', format: 'png', base64: 'Qk0AAAAAAAAAAAAAAAAAAAAAAAAA' } as const
    const huge = { type: 'image', format: 'png', base64: `iVBORw0KGgo${'A'.repeat(15_400_000)}A` } as const

    test('what cannot be read is a line that says so, with a note', async () => {
      const notes: Note[] = []
      const given = past(bmp, huge, pdf({ title: 'Plan' }), {
        type: 'tool-result',
        callId: 'a',
        isError: false,
        parts: [bmp],
      })
      const resolved = await createDocuments({ readPdf: async () => ({ ok: false, reason: 'has no text' }) }).resolve(
        given,
        never,
        (note) => notes.push(note),
      )
      const parts = resolved.ok ? (resolved.value.messages[0]?.parts ?? []) : []
      expect(parts).toMatchObject([
        { type: 'text', text: expect.stringMatching(/^\[image left out: .*not a PNG/) },
        { type: 'text', text: expect.stringMatching(/^\[image left out: .*image exceeds 10 MB/) },
        { type: 'text', text: '[document "Plan" left out: the document has no text]' },
        { type: 'tool-result', parts: [{ type: 'text', text: expect.stringContaining('[image left out') }] },
      ])
      expect(notes.map(({ what }) => what)).toEqual(Array(4).fill('attachment-left-out'))
    })

    test('what can be read is there as ever', async () => {
      const resolved = await resolve(past(pdf(), { type: 'image', format: 'png', base64: png }))
      expect(resolved.ok && resolved.value.messages[0]?.parts).toMatchObject([{ type: 'text' }, { type: 'image' }])
    })

    test('a document that could not be read is not tried anew with every turn', async () => {
      let times = 0
      const documents = createDocuments({
        readPdf: async () => {
          times++
          return { ok: false, reason: 'could not be read within 20 seconds' }
        },
      })
      for (let turn = 0; turn < 3; turn++) expect((await documents.resolve(past(pdf()), never)).ok).toBe(true)
      expect(times).toBe(1)
      expect((await documents.resolve(asked(pdf()), never)).ok).toBe(false)
      expect(times).toBe(2)
    })
  })
})
