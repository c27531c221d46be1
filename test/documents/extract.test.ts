import { describe, expect, test } from 'bun:test'
import type { Conversation, DocumentPart, Part } from '../../server/conversation/conversation.ts'
import { gatewayError } from '../../server/conversation/error.ts'
import type { Note } from '../../server/conversation/note.ts'
import { createDocuments } from '../../server/documents/extract.ts'
import { imageLimits } from '../../server/documents/images.ts'
import type { AttachmentReader, DocumentReading } from '../../server/documents/reading.ts'
import type { FetchAttachment } from '../../server/documents/remote.ts'
import { err, ok } from '../../server/lib/result.ts'
import { makeConversation } from '../support/conversation.ts'

const png = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='
const pdf = (over: Partial<DocumentPart> = {}): DocumentPart => ({
  type: 'document',
  kind: 'pdf',
  base64: 'JVBERi0=',
  field: 'messages.0.content.1',
  ...over,
})
const asked = (...parts: readonly Part[]): Conversation => makeConversation({ messages: [{ role: 'user', parts }] })
const never = new AbortController().signal
type ReadDocument = AttachmentReader['document']
const readings = (...texts: readonly string[]): DocumentReading => ({
  ok: true,
  about: `PDF, ${texts.length} pages`,
  sections: texts.map((text, index) => ({ heading: `Page ${index + 1}`, text })),
})
const reads: ReadDocument = async (base64) => readings(`${Buffer.from(base64, 'base64').length} bytes`, '')
const unsound: AttachmentReader['image'] = async () => ({ ok: false, reason: 'is not a sound PNG image' })
const offline: FetchAttachment = async ({ field }) =>
  err(gatewayError('invalid-request', `${field}: addresses are not fetched`, { field }))
const documentsWith = (document: ReadDocument, image = unsound, fetchAttachment = offline) =>
  createDocuments({ reader: { document, image }, fetchAttachment })
const resolve = (conversation: Conversation, document = reads, signal = never) =>
  documentsWith(document).resolve(conversation, signal)

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

  test('what is not in the text is said in the text, and in the record each time', async () => {
    const reading: DocumentReading = {
      ok: true,
      about: 'PDF, 3 pages',
      sections: [
        { heading: 'Page 1', text: 'one' },
        { heading: 'Page 2', text: '', gap: 'no text; an image?' },
        { heading: 'Page 3', text: 'three' },
      ],
      lacks: '1 page of 3 without text',
    }
    const { resolve: read } = documentsWith(async () => reading)
    for (const [byPage, text] of [
      [false, 'one\n\n[Page 2: no text; an image?]\n\nthree'],
      [true, '[Page 1]\none\n\n[Page 2: no text; an image?]\n\n[Page 3]\nthree'],
      [true, '[Page 1]\none\n\n[Page 2: no text; an image?]\n\n[Page 3]\nthree'],
    ] as const) {
      const notes: Note[] = []
      const resolved = await read(asked(pdf({ byPage })), never, (note) => notes.push(note))
      expect(resolved.ok && resolved.value.messages[0]?.parts).toEqual([
        { type: 'text', text: `Document (PDF, 3 pages):\n\n${text}` },
      ])
      expect(notes).toEqual([
        { what: 'document-incomplete', field: 'messages.0.content.1', detail: '1 page of 3 without text' },
      ])
    }
  })

  test('an address whose reading fails hurts nobody who did not wait for it', async () => {
    const remote = (url: string): Part => ({ type: 'remote', holds: 'document', url, field: url })
    const unhandled: unknown[] = []
    const hear = (thrown: unknown): void => void unhandled.push(thrown)
    process.on('unhandledRejection', hear)
    const fetchAttachment: FetchAttachment = async ({ url, field }) => {
      if (url === 'bad') throw new Error('a bug')
      await Bun.sleep(30)
      return err(gatewayError('invalid-request', `${field}: slow`, { field }))
    }
    const { resolve: read } = documentsWith(reads, unsound, fetchAttachment)
    expect(await read(asked(remote('slow'), remote('bad')), never)).toMatchObject({ error: { field: 'slow' } })
    expect(await read(asked(remote('bad')), never)).toMatchObject({ error: { kind: 'internal', field: 'bad' } })
    await Bun.sleep(10)
    process.off('unhandledRejection', hear)
    expect(unhandled).toEqual([])
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
    const documents = documentsWith(async () => {
      times++
      return readings('text')
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

  test('an undecodable image is refused by its member', async () => {
    const resolved = await resolve(
      asked(
        { type: 'image', format: 'png', base64: png },
        {
          type: 'tool-result',
          callId: 'a',
          isError: false,
          parts: [{ type: 'image', format: 'png', base64: 'aGVsbG8gd29ybGQgaGVsbG8=', field: 'input.0.output.0' }],
        },
      ),
    )
    expect(resolved).toMatchObject({
      ok: false,
      error: {
        kind: 'invalid-request',
        field: 'input.0.output.0',
        message: 'input.0.output.0: image is not a PNG, JPEG, GIF or WebP image (declared as png).',
      },
    })
  })

  test('pages are named where citations are asked for, and sheets always', async () => {
    const pages: ReadDocument = async () => readings('one', '', 'three')
    const cited = await resolve(asked(pdf({ byPage: true }), pdf({ kind: 'xlsx', base64: 'UEsDBA==' })), pages)
    expect(cited.ok && cited.value.messages[0]?.parts).toEqual([
      { type: 'text', text: 'Document (PDF, 3 pages):\n\n[Page 1]\none\n\n[Page 3]\nthree' },
      { type: 'text', text: 'Document (PDF, 3 pages):\n\n[Page 1]\none\n\n[Page 3]\nthree' },
    ])
    const plain = await resolve(asked(pdf()), pages)
    expect(plain.ok && plain.value.messages[0]?.parts[0]).toMatchObject({
      text: 'Document (PDF, 3 pages):\n\none\n\nthree',
    })
  })

  test('an image over the limits is made smaller once, told in the record, and the same in the next turn', async () => {
    const notes: Note[] = []
    let times = 0
    const large = {
      type: 'image',
      format: 'png',
      field: 'messages.0.content.0.source.data',
      base64: png.replace('=', 'A'.repeat(Math.ceil((imageLimits.bytes * 4) / 3))),
    } as const
    const documents = documentsWith(reads, async () => {
      times++
      return { ok: true, format: 'webp', base64: 'UklGRg==', about: 'png 9x9 -> webp 3x3' }
    })
    for (let turn = 0; turn < 2; turn++) {
      const resolved = await documents.resolve(asked(large), never, (note) => notes.push(note))
      expect(resolved.ok && resolved.value.messages[0]?.parts).toEqual([
        { type: 'image', format: 'webp', base64: 'UklGRg==', field: large.field },
      ])
    }
    expect(times).toBe(1)
    expect(notes).toEqual([{ what: 'image-shrunk', field: large.field, detail: 'png 9x9 -> webp 3x3' }])
  })

  test('what stands at an address is fetched and read like what was sent, at most 20 of one request', async () => {
    const fetched: FetchAttachment = async ({ field, url }) =>
      ok({ part: { type: 'image', format: 'png', base64: png, field }, about: url, bytes: 70 })
    const at = (index: number): Part => ({
      ...{ type: 'remote', holds: 'image', url: `https://pictures.example/${index}` },
      field: `messages.0.content.${index}`,
    })
    const notes: Note[] = []
    const { resolve: fetchAll } = documentsWith(reads, unsound, fetched)
    const some = await fetchAll(asked(at(0)), never, (note) => notes.push(note))
    expect(some.ok && some.value.messages[0]?.parts).toMatchObject([{ type: 'image', format: 'png' }])
    expect(notes).toEqual([
      { what: 'address-fetched', field: 'messages.0.content.0', detail: 'https://pictures.example/0' },
    ])
    expect(await fetchAll(asked(...Array.from({ length: 21 }, (_, index) => at(index))), never)).toMatchObject({
      error: {
        kind: 'invalid-request',
        field: 'messages.0.content.20',
        message: expect.stringContaining('at most 20'),
      },
    })
  })

  test('addresses of one request are fetched beside each other, the same one once, and given up with the request', async () => {
    const called: string[] = []
    const signals = new Set<AbortSignal>()
    const all = Promise.withResolvers<void>()
    const together: FetchAttachment = async ({ field, url }, _, signal, ask) => {
      called.push(url)
      signals.add(signal)
      if (called.length >= 3) all.resolve()
      await all.promise
      expect(ask).toEqual({ callerId: 'key' })
      return url === 'lost'
        ? refused(field)
        : ok({ part: { type: 'image', format: 'png', base64: png, field }, about: url, bytes: 9 })
    }
    const refused = (field: string) => err(gatewayError('invalid-request', `${field}: lost`, { field }))
    const at = (url: string, index: number): Part => ({ type: 'remote', holds: 'image', url, field: `${index}` })
    const { resolve: fetchAll } = documentsWith(reads, unsound, together)
    const parts = ['a', 'b', 'a', 'c'].map(at)
    const resolved = await fetchAll(asked(...parts), never, undefined, { callerId: 'key' })
    expect(resolved.ok && resolved.value.messages[0]?.parts).toHaveLength(4)
    expect(called).toEqual(['a', 'b', 'c', 'a'])
    expect(await fetchAll(asked(at('lost', 0), at('d', 1)), never, undefined, { callerId: 'key' })).toMatchObject({
      error: { field: '0' },
    })
    expect([...signals].map(({ aborted }) => aborted)).toEqual([true, true])
  })

  test('all addresses of one request together are within 64 MB', async () => {
    const large: FetchAttachment = async ({ field, url }) =>
      ok({ part: { type: 'image', format: 'png', base64: png, field }, about: url, bytes: 30 * 1024 * 1024 })
    const at = (index: number): Part => ({ type: 'remote', holds: 'image', url: `${index}`, field: `${index}` })
    const { resolve: fetchAll } = documentsWith(reads, unsound, large)
    expect(await fetchAll(asked(at(0), at(1)), never)).toMatchObject({ ok: true })
    expect(await fetchAll(asked(at(0), at(1), at(2)), never)).toMatchObject({ error: { field: '2' } })
  })

  test('a turn in line that does not come is an error that may pass, in past turns too, and no reason kept', async () => {
    let times = 0
    const documents = documentsWith(async () => {
      times++
      return times === 1 ? { ok: false, reason: 'was not read: busy', isBusy: true } : readings('text')
    })
    const given = makeConversation({
      messages: [
        { role: 'user', parts: [pdf()] },
        { role: 'assistant', parts: [{ type: 'text', text: 'Fine.' }] },
        { role: 'user', parts: [{ type: 'text', text: 'hello' }] },
      ],
    })
    expect(await documents.resolve(given, never)).toMatchObject({
      error: { kind: 'pool-busy', field: 'messages.0.content.1', retryAfterMs: 10_000 },
    })
    expect(await documents.resolve(given, never)).toMatchObject({ ok: true })
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
    const huge = { type: 'image', format: 'png', base64: `iVBORw0KGgo${'A'.repeat(46_000_000)}A` } as const

    test('what cannot be read is a line that says so, with a note', async () => {
      const notes: Note[] = []
      const given = past(bmp, huge, pdf({ title: 'Plan' }), {
        type: 'tool-result',
        callId: 'a',
        isError: false,
        parts: [bmp],
      })
      const resolved = await documentsWith(async () => ({ ok: false, reason: 'has no text' })).resolve(
        given,
        never,
        (note) => notes.push(note),
      )
      const parts = resolved.ok ? (resolved.value.messages[0]?.parts ?? []) : []
      expect(parts).toMatchObject([
        { type: 'text', text: expect.stringMatching(/^\[image left out: .*not a PNG/) },
        { type: 'text', text: expect.stringMatching(/^\[image left out: .*image exceeds 32 MB/) },
        { type: 'text', text: '[document "Plan" left out: the document has no text]' },
        { type: 'tool-result', parts: [{ type: 'text', text: expect.stringContaining('[image left out') }] },
      ])
      expect(notes.map(({ what }) => what)).toEqual(Array(4).fill('attachment-left-out'))
    })

    test('an address that is not fetched is a line that names it', async () => {
      const url = 'https://pictures.example/cat.png'
      const resolved = await resolve(past({ type: 'remote', holds: 'image', url, field: 'messages.0.content.0' }))
      expect(resolved.ok && resolved.value.messages[0]?.parts).toEqual([
        { type: 'text', text: `[image "${url}" left out: addresses are not fetched]` },
      ])
    })

    test('what can be read is there as ever', async () => {
      const resolved = await resolve(past(pdf(), { type: 'image', format: 'png', base64: png }))
      expect(resolved.ok && resolved.value.messages[0]?.parts).toMatchObject([{ type: 'text' }, { type: 'image' }])
    })

    test('a document that could not be read is not tried anew with every turn', async () => {
      let times = 0
      const documents = documentsWith(async () => {
        times++
        return { ok: false, reason: 'could not be read within 20 seconds' }
      })
      for (let turn = 0; turn < 3; turn++) expect((await documents.resolve(past(pdf()), never)).ok).toBe(true)
      expect(times).toBe(1)
      expect((await documents.resolve(asked(pdf()), never)).ok).toBe(false)
      expect(times).toBe(2)
    })
  })
})
