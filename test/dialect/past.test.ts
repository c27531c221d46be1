import { describe, expect, test } from 'bun:test'
import { clientsSummaryIn } from '../../server/contract/clients-summary.ts'
import type { Message, Part } from '../../server/conversation/conversation.ts'
import type { Note } from '../../server/conversation/note.ts'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import type { Dialect } from '../../server/dialect/dialect.ts'
import { openaiChat } from '../../server/dialect/openai-chat/openai-chat.ts'
import { png } from './past-samples.ts'

const hello = { role: 'user', content: 'hello' }

function read(dialect: Dialect, messages: readonly unknown[], more: object = {}) {
  const notes: Note[] = []
  const decoded = dialect.decode({ model: 'm', messages, ...more }, (note) => notes.push(note))
  if (!decoded.ok) throw new Error(decoded.error.message)
  return { messages: decoded.value.conversation.messages, notes }
}
const partsOf = (messages: readonly Message[]): readonly Part[] => messages.flatMap(({ parts }) => parts)
const callsOf = (messages: readonly Message[]) => partsOf(messages).filter((part) => part.type === 'tool-call')
const textsOf = (messages: readonly Message[]): readonly string[] =>
  partsOf(messages).flatMap((part) => (part.type === 'text' ? [part.text] : []))

const chatCall = (id: unknown, args: unknown) => ({ id, type: 'function', function: { name: 'f', arguments: args } })
const chatPast = (message: object) => [hello, message, { role: 'tool', tool_call_id: 'a', content: 'x' }]
const use = (id: unknown, input: unknown) => ({ type: 'tool_use', id, name: 'f', input })

describe('broken arguments of a past call go on as text under one name', () => {
  test.each([
    ['{"command": "ls', { raw_arguments: '{"command": "ls' }],
    ['"text"', { raw_arguments: '"text"' }],
    ['[]', { raw_arguments: '[]' }],
    ['{"a":1}{"b":2}', { raw_arguments: '{"a":1}{"b":2}' }],
    ['{"a":"b\nc"}', { raw_arguments: '{"a":"b\nc"}' }],
    ['7', { raw_arguments: '7' }],
    [[1, 2], { raw_arguments: '[1,2]' }],
    [5, { raw_arguments: '5' }],
    [`${'['.repeat(50_000)}`, { raw_arguments: '['.repeat(50_000) }],
    ['{"a":1}', { a: 1 }],
    [{ a: 1 }, { a: 1 }],
    ['', {}],
    [' ', {}],
    ['null', {}],
    [null, {}],
    [undefined, {}],
  ])('%p', (given, input) => {
    const isText = 'raw_arguments' in input
    const chat = read(openaiChat, chatPast({ role: 'assistant', content: null, tool_calls: [chatCall('a', given)] }))
    expect(callsOf(chat.messages)).toEqual([{ type: 'tool-call', id: 'a', name: 'f', input }])
    expect(chat.notes).toEqual(
      isText ? [{ what: 'arguments-as-text', field: 'messages.1.tool_calls.0.function.arguments' }] : [],
    )
    const messages = read(anthropic, [hello, { role: 'assistant', content: [use('a', given)] }, hello])
    expect(callsOf(messages.messages)).toEqual([{ type: 'tool-call', id: 'a', name: 'f', input }])
    expect(messages.notes).toEqual(isText ? [{ what: 'arguments-as-text', field: 'messages.1.content.0.input' }] : [])
    const items = [{ type: 'function_call', call_id: 'a', name: 'f', arguments: given }, hello]
    expect(callsOf(read(openaiChat, [], { messages: undefined, input: items }).messages)).toEqual([
      { type: 'tool-call', id: 'a', name: 'f', input },
    ])
  })

  test('and of the older function_call, whose result still finds it', () => {
    const past = [
      hello,
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a' } },
      { role: 'function', name: 'f', content: 'done' },
    ]
    const { messages } = read(openaiChat, past)
    const [call] = callsOf(messages)
    expect(call?.input).toEqual({ raw_arguments: '{"a' })
    expect(partsOf(messages).at(-1)).toMatchObject({ type: 'tool-result', callId: call?.id })
  })
})

describe('a past attachment that cannot be read becomes a line of text', () => {
  const bmp = { type: 'image', source: { type: 'base64', media_type: 'image/bmp', data: 'Qk0=' } }
  const byUrl = { type: 'image', source: { type: 'url', url: 'ftp://example.test/a.png' } }
  const word = {
    type: 'document',
    title: 'Plan.doc',
    source: { type: 'base64', media_type: 'application/msword', data: 'AAAA' },
  }
  const chatUrl = { type: 'image_url', image_url: { url: 'ftp://example.test/a.png' } }
  const audio = { type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }
  const file = { type: 'file', file: { file_id: 'file-1', filename: 'a.pdf' } }

  test.each([
    [anthropic, bmp, '[image left out: must be image/png, image/jpeg, image/gif or image/webp]', '.source.media_type'],
    [
      anthropic,
      byUrl,
      '[image "ftp://example.test/a.png" left out: must be a base64 data URL or an http(s) address]',
      '.source.url',
    ],
    [
      anthropic,
      word,
      '[document "Plan.doc" left out: only PDF, Word (docx), Excel (xlsx), PowerPoint (pptx) and text documents can be read]',
      '.source.data',
    ],
    [openaiChat, bmp, '[image left out: must be image/png, image/jpeg, image/gif or image/webp]', '.source.media_type'],
    [
      openaiChat,
      chatUrl,
      '[image "ftp://example.test/a.png" left out: must be a base64 data URL or an http(s) address]',
      '.image_url.url',
    ],
    [openaiChat, audio, '[audio left out: audio input is not supported]', '.type'],
    [
      openaiChat,
      file,
      '[file "a.pdf" left out: stored files are not kept; send file_data as a data URL]',
      '.file.file_id',
    ],
  ])('%#', (dialect, attachment, line, refusedAt) => {
    const content = [{ type: 'text', text: 'Look' }, attachment]
    const turns = [{ role: 'user', content }, { role: 'assistant', content: 'Fine.' }, hello]
    const { messages, notes } = read(dialect, turns)
    expect(textsOf(messages)).toEqual(['Look', line, 'Fine.', 'hello'])
    expect(notes).toMatchObject([{ what: 'attachment-left-out', field: 'messages.0.content.1' }])
    // The very same, sent now, is refused; and once refused it stops nobody who goes on after it.
    const fresh = dialect.decode({ model: 'm', messages: [{ role: 'user', content }] })
    expect(fresh).toMatchObject({ ok: false, error: { field: `messages.0.content.1${refusedAt}` } })
    expect(textsOf(read(dialect, [{ role: 'user', content }, hello]).messages)).toEqual(['Look', line, 'hello'])
  })

  test('also within the result of a tool', () => {
    const result = { type: 'tool_result', tool_use_id: 'a', content: [{ type: 'text', text: 'shot' }, bmp] }
    const turns = [hello, { role: 'assistant', content: [use('a', {})] }, { role: 'user', content: [result] }]
    const { messages, notes } = read(anthropic, [...turns, { role: 'assistant', content: 'I see' }, hello])
    expect(partsOf(messages)[2]).toMatchObject({
      type: 'tool-result',
      callId: 'a',
      parts: [{ text: 'shot' }, { text: expect.stringContaining('[image left out: ') }],
    })
    expect(notes).toMatchObject([{ what: 'attachment-left-out', field: 'messages.2.content.0.content.1' }])
    expect(anthropic.decode({ model: 'm', messages: turns }).ok).toBe(false)
  })
})

describe('one call told twice is one, with the real arguments', () => {
  const real = { path: '/a' }
  test.each([
    [{}, JSON.stringify(real)],
    ['', JSON.stringify(real)],
    [undefined, JSON.stringify(real)],
    [real, '{}'],
    [real, ''],
    [real, JSON.stringify(real)],
  ])('block %p, tool_calls %p', (input, args) => {
    const message = { role: 'assistant', content: [use('a', input)], tool_calls: [chatCall('a', args)] }
    for (const dialect of [openaiChat, anthropic]) {
      const { messages, notes } = read(dialect, [hello, message, hello])
      expect(callsOf(messages)).toEqual([{ type: 'tool-call', id: 'a', name: 'f', input: real }])
      expect(notes).toEqual([{ what: 'call-merged', field: 'messages.1', detail: 'f' }])
    }
  })

  test('two calls stay two', () => {
    const message = { role: 'assistant', content: [use('a', real)], tool_calls: [chatCall('b', '{}')] }
    expect(callsOf(read(openaiChat, [hello, message, hello]).messages).map(({ id }) => id)).toEqual(['a', 'b'])
  })
})

describe('whatever a past message is, what it says is carried', () => {
  const drawn = { type: 'image', format: 'png', base64: png, field: 'messages.1.content.1.source.data' }
  const image = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: png } }
  type Row = readonly [given: unknown, messages: readonly object[], notes: readonly string[]]
  const user = (...parts: readonly object[]) => ({ role: 'user', parts })
  const assistant = (...parts: readonly object[]) => ({ role: 'assistant', parts })
  const text = (words: string) => ({ type: 'text', text: words })
  const rows: readonly Row[] = [
    ['just words', [user(text('just words'))], ['role-corrected']],
    [null, [], []],
    [{ role: 'model', content: 'Yes' }, [assistant(text('Yes'))], ['role-corrected']],
    [{ role: 'Assistant', content: 'Yes' }, [assistant(text('Yes'))], ['role-corrected']],
    [{ content: 'Yes' }, [user(text('Yes'))], ['role-corrected']],
    [{ role: 'user', content: 7 }, [user(text('7'))], ['content-as-text']],
    [{ role: 'user', content: null }, [user()], []],
    [{ role: 'user', content: { type: 'text', text: 'one' } }, [user(text('one'))], []],
    [{ role: 'user', content: { a: 1 } }, [user(text('{"a":1}'))], ['content-as-text']],
    [{ role: 'user', content: [{ text: 'bare' }] }, [user(text('bare'))], []],
    [{ role: 'user', content: [{ type: 'text', text: 5 }] }, [user(text('5'))], ['content-as-text']],
    [{ role: 'user', content: [{ type: 'a_future_kind', x: 1 }] }, [user()], ['part-left-out']],
    [
      { role: 'assistant', content: [{ type: 'thinking', thinking: 5, signature: 's' }, text('So')] },
      [assistant(text('So'))],
      ['part-left-out'],
    ],
    [
      { role: 'assistant', content: [use(5, {})] },
      [assistant({ type: 'tool-call', id: '5', name: 'f', input: {} })],
      [],
    ],
    [
      { role: 'assistant', content: [use(undefined, {})] },
      [assistant({ type: 'tool-call', id: 'call_messages_1_content_0', name: 'f', input: {} })],
      ['id-made'],
    ],
    [
      { role: 'assistant', content: [{ type: 'tool_use', id: 'a', input: { x: 1 } }] },
      [assistant(text('Call of a tool without a name: {"x":1}'))],
      ['content-as-text'],
    ],
    [
      { role: 'user', content: [{ type: 'tool_result', content: 'out' }] },
      [user(text('Result of a tool call:'), text('out'))],
      ['content-as-text'],
    ],
    [
      {
        role: 'assistant',
        content: [use('a', {}), { type: 'tool_result', tool_use_id: 'a', content: 'out' }, text('So')],
      },
      [
        assistant({ type: 'tool-call', id: 'a', name: 'f', input: {} }),
        user({ type: 'tool-result', callId: 'a', parts: [text('out')], isError: false }),
        assistant(text('So')),
      ],
      ['role-corrected'],
    ],
    [
      { role: 'assistant', content: [text('Drawn'), image] },
      [assistant(text('Drawn')), user(drawn)],
      ['role-corrected'],
    ],
    [
      { role: 'system', content: [text('See'), image] },
      [{ role: 'system', parts: [text('See')] }, user(drawn)],
      ['role-corrected'],
    ],
  ]
  test.each(rows)('%j', (given, expected, whats) => {
    for (const dialect of [anthropic, openaiChat]) {
      const { messages, notes } = read(dialect, [hello, given, hello])
      const between = messages.slice(1, -1)
      const substance = (list: readonly object[]) => list.filter((one) => (one as Message).parts.length > 0)
      expect(substance(between)).toEqual([...substance(expected)])
      expect(notes.map(({ what }) => what)).toEqual([...whats] as Note['what'][])
    }
  })

  test('a past result of the Chat API without an id, and one of a function nobody called, are text', () => {
    const { messages, notes } = read(openaiChat, [
      hello,
      { role: 'tool', content: 'one' },
      { role: 'function', name: 'gone', content: 'two' },
      { role: 'assistant', content: 'So' },
      hello,
    ])
    const lead = 'Result of a tool call:'
    expect(textsOf(messages)).toEqual(['hello', lead, 'one', lead, 'two', 'So', 'hello'])
    expect(notes.map(({ what }) => what)).toEqual(['content-as-text', 'content-as-text'])
    expect(openaiChat.decode({ model: 'm', messages: [hello, { role: 'tool', content: 'one' }] }).ok).toBe(false)
  })

  test('data that stands where it cannot be read is not told as words', () => {
    const data = 'QUJD'.repeat(10_000)
    const { messages } = read(anthropic, [{ role: 'user', content: [{ kind: 'image', data }] }, hello])
    expect(textsOf(messages)[0]).toBe('{"kind":"image","data":"(40000 characters of data left out)"}')
  })

  test('a note never holds what was said', () => {
    const secret = 'DO-NOT-REPEAT'
    const past = [
      { role: secret, content: secret },
      {
        role: 'user',
        content: [
          { type: secret, text: secret },
          { type: `${secret} ${secret}`, x: secret },
        ],
      },
      { role: 'assistant', content: null, tool_calls: [chatCall('a', secret), chatCall('b', { secret })] },
      { role: 'user', content: [{ type: 'image_url', image_url: { url: `http://x/${secret}` } }] },
    ]
    const { notes } = read(openaiChat, [...past, hello])
    expect(notes.length).toBeGreaterThan(3)
    expect(JSON.stringify(notes)).not.toContain(secret)
  })
})

test('depth: an old message of any depth stops nobody, the newest one is refused by name', () => {
  let deep: unknown = 1
  for (let level = 0; level < 900; level++) deep = { a: deep }
  const past = { role: 'assistant', content: [use('a', deep)] }
  expect(callsOf(read(anthropic, [hello, past, hello]).messages)).toHaveLength(1)
  for (const dialect of [anthropic, openaiChat]) {
    const now = dialect.decode({ model: 'm', messages: [hello, { role: 'user', content: 'x', metadata: deep }] })
    expect(now).toMatchObject({ ok: false, error: { field: 'messages.1' } })
  }
})

describe('a compaction block of the Messages API stands for everything before it', () => {
  const block = (content: unknown) => ({ type: 'compaction', content, encrypted_content: 'e' })
  const text = (words: string) => ({ type: 'text', text: words })
  const opening = (summary: string) => `Summary of the conversation so far:\n\n${summary}`
  const said = (messages: readonly Message[]) =>
    messages.map(({ role, parts }) => [role, ...parts.map((part) => (part.type === 'text' ? part.text : part.type))])
  const old = [hello, { role: 'assistant', content: [use('a', {})] }]
  const result = { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'r' }] }

  test('the newest one opens the conversation, and what stands before it is left out with a note', () => {
    const { messages, notes } = read(anthropic, [
      ...old,
      result,
      { role: 'assistant', content: [block('first'), text('Yes.')] },
      hello,
      { role: 'assistant', content: [text('So far.'), block('second'), text('And on.'), use('b', {})] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'b', content: 'r' }] },
    ])
    expect(said(messages)).toEqual([
      ['user', opening('second')],
      ['assistant', 'And on.', 'tool-call'],
      ['user', 'tool-result'],
    ])
    expect(clientsSummaryIn(messages)?.parts).toEqual([{ type: 'text', text: opening('second') }])
    const detail = '5 of 7 messages stand before it'
    expect(notes).toEqual([{ what: 'history-superseded', field: 'messages.5.content.1', detail }])
  })

  test('alone in its message it leaves nothing of that, whoever says it', () => {
    for (const role of ['user', 'assistant']) {
      const { messages, notes } = read(anthropic, [{ role, content: [block('sum')] }, hello])
      expect(said(messages)).toEqual([
        ['user', opening('sum')],
        ['user', 'hello'],
      ])
      expect(notes).toEqual([])
    }
    const last = read(anthropic, [...old, result, { role: 'assistant', content: [block('sum')] }])
    expect(said(last.messages)).toEqual([['user', opening('sum')]])
    const own = read(anthropic, [...old, { role: 'user', content: [block('sum'), text('Go on.')] }])
    expect(said(own.messages)).toEqual([
      ['user', opening('sum')],
      ['user', 'Go on.'],
    ])
  })

  test.each([null, undefined, '', ' '])('one that failed means nothing: %p', (content) => {
    const { messages, notes } = read(anthropic, [
      ...old,
      result,
      { role: 'assistant', content: [block(content)] },
      hello,
    ])
    expect(said(messages).flat()).toContain('tool-call')
    expect(notes).toEqual([])
  })

  test('system and tools stay, those that the left out turns brought too, and places are told as they were', () => {
    const system = 'Be brief.'
    const tools = [
      { name: 'a', input_schema: {} },
      { name: 'b', input_schema: {}, defer_loading: true },
    ]
    const messages = [
      { role: 'user', content: [text('x'), { type: 'tool_reference', tool_name: 'b' }] },
      { role: 'assistant', content: [block('sum'), text('y')] },
    ]
    const wrong = { role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'x', data: 'x' } }] }
    const decoded = anthropic.decode({ model: 'm', system, tools, messages: [...messages, hello] })
    if (!decoded.ok) throw new Error(decoded.error.message)
    expect(decoded.value.conversation).toMatchObject({ system: [system], tools: [{ name: 'a' }, { name: 'b' }] })
    const refused = anthropic.decode({ model: 'm', messages: [...messages, wrong] })
    expect(refused).toMatchObject({
      ok: false,
      error: { field: expect.stringMatching(/^messages\.2\.content\.0\.source/) },
    })
    // What stands before it is nobody's to correct.
    expect(anthropic.decode({ model: 'm', messages: [wrong, messages[1], hello] }).ok).toBe(true)
  })
})
