import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Conversation, Message, Part } from '../../server/conversation/conversation.ts'
import type { Note } from '../../server/conversation/note.ts'
import { encodeRequest } from '../../server/upstream/amazonq/encode.ts'
import type { RequestBody } from '../../server/upstream/amazonq/wire.ts'
import { cpuMs } from '../support/cpu.ts'
import { caseNames, expectCaseJson, readCaseJson } from '../support/fixture-cases.ts'
import {
  assistant,
  conversation,
  currentOf,
  encode,
  encodeContext,
  historyOf,
  image,
  modelInfo,
  refusal,
  system,
  tool,
  toolCall,
  toolResult,
  user,
} from './conversation-support.ts'

describe('a conversation becomes the request', () => {
  for (const name of caseNames('requests', 'amazonq.json')) {
    test(name, () => {
      const talk = readCaseJson<Conversation>('requests', name, 'conversation.json')
      const { body } = encode(talk)
      expectCaseJson('requests', name, 'amazonq.json', body)
      expect(refusal(body)).toBeUndefined()
    })
  }
  test('every case without a document has one', () => {
    const withoutDocument = caseNames('requests', 'conversation.json').filter(
      (name) => !JSON.stringify(readCaseJson('requests', name, 'conversation.json')).includes('"type":"document"'),
    )
    expect(caseNames('requests', 'amazonq.json')).toEqual(withoutDocument)
  })
})

test('a document that nobody read is refused by name', () => {
  const document = {
    type: 'document',
    kind: 'pdf',
    base64: 'AAAA',
    field: 'messages.0.content.1',
  } as const
  const encoded = encodeRequest(conversation({ messages: [user('See', document)] }), modelInfo(), encodeContext)
  expect(encoded.ok ? undefined : encoded.error).toMatchObject({
    kind: 'invalid-request',
    field: 'messages.0.content.1',
  })
})

describe('system text', () => {
  test('stands at the head of the first user message and stays there as the conversation grows', () => {
    const opening = { system: ['Be brief.', 'Be kind.'], messages: [user('Hello')] }
    const first = encode(conversation(opening)).body
    expect(currentOf(first).content).toBe('Be brief.\n\nBe kind.\n\nHello')
    const second = encode(conversation({ ...opening, messages: [user('Hello'), assistant('Hi'), user('More')] })).body
    expect(historyOf(second)[0]).toMatchObject({ userInputMessage: { content: currentOf(first).content } })
    expect(currentOf(second).content).toBe('More')
  })
  test('in the middle of the list becomes part of the user turn where it stood', () => {
    const { body } = encode(conversation({ messages: [user('A'), assistant('B'), user('C'), system('S'), user('D')] }))
    expect(currentOf(body).content).toBe('C\n\nS\n\nD')
  })
})

describe('alternation', () => {
  const shape = (messages: readonly Message[]): readonly string[] => {
    const { body } = encode(conversation({ messages }))
    expect(refusal(body)).toBeUndefined()
    return [
      ...historyOf(body).map((entry) =>
        'userInputMessage' in entry
          ? `u:${entry.userInputMessage.content}`
          : `a:${entry.assistantResponseMessage.content}`,
      ),
      `u:${currentOf(body).content}`,
    ]
  }
  test.each([
    ['users in a row are one', [user('A'), user('B')], ['u:A\n\nB']],
    ['assistants in a row are one', [user('A'), assistant('B'), assistant('C'), user('D')], ['u:A', 'a:B\n\nC', 'u:D']],
    ['a leading assistant gets a user before it', [assistant('A'), user('B')], ['u:(empty message)', 'a:A', 'u:B']],
    ['empty messages say nothing', [user('A'), assistant(''), user(' '), user('B')], ['u:A\n\nB']],
    ['no message at all is still one', [], ['u:(empty message)']],
    [
      'blocks side by side of an assistant are one text',
      [user('A'), assistant('B', 'C'), user('D')],
      ['u:A', 'a:BC', 'u:D'],
    ],
  ] as const)('%s', (_, messages, expected) => expect(shape(messages)).toEqual([...expected]))

  test('a reply the caller began is kept and asked to be continued', () => {
    const turns = shape([user('A'), assistant('The answer is')])
    expect(turns.slice(0, 2)).toEqual(['u:A', 'a:The answer is'])
    expect(turns[2]).toStartWith('u:Continue your last message')
  })
})

describe('tool calls and results', () => {
  const round = (...messages: readonly Message[]) => {
    const { body } = encode(conversation({ messages: [user('Go'), ...messages], tools: [tool('run')] }))
    expect(refusal(body)).toBeUndefined()
    return body
  }
  test('results come in the order of the calls, missing ones are filled in, a second one is text', () => {
    const body = round(
      assistant(toolCall('a'), toolCall('b'), toolCall('c')),
      user(toolResult('c', 'C'), toolResult('a', 'A'), toolResult('a', 'A'), toolResult('a', 'again')),
    )
    expect(currentOf(body).userInputMessageContext?.toolResults).toEqual([
      { toolUseId: 'a', content: [{ text: 'A' }], status: 'success' },
      { toolUseId: 'b', content: [{ text: 'Tool use was cancelled by the user' }], status: 'error' },
      { toolUseId: 'c', content: [{ text: 'C' }], status: 'success' },
    ])
    expect(currentOf(body).content).toBe('Result of tool call run:\nagain')
  })
  test('a result without its call is kept as text', () => {
    const body = round(assistant('Well'), user(toolResult('gone', 'forty-two'), 'And now?'))
    expect(currentOf(body)).toMatchObject({ content: 'Result of tool call gone:\nforty-two\n\nAnd now?' })
    expect(currentOf(body).userInputMessageContext?.toolResults).toBeUndefined()
  })
  test('a result that comes a turn late is kept as text under its tool’s name', () => {
    const body = round(assistant(toolCall('a')), user('Wait'), assistant('Waiting'), user(toolResult('a', 'late')))
    expect(currentOf(body).content).toBe('Result of tool call run:\nlate')
  })
  test('calls nobody answered are answered', () => {
    const body = round(assistant('I look', toolCall('a')))
    expect(currentOf(body).userInputMessageContext?.toolResults).toMatchObject([{ toolUseId: 'a', status: 'error' }])
  })
  test('a call announced twice is one', () => {
    const body = round(
      assistant(toolCall('a', 'run', { n: 1 }), toolCall('a', 'run', { n: 2 })),
      user(toolResult('a', 'A')),
    )
    expect(historyOf(body)[1]).toEqual({
      assistantResponseMessage: { content: '', toolUses: [{ toolUseId: 'a', name: 'run', input: { n: 1 } }] },
    })
  })
  test('ids that are used again in a later turn, or have another shape, are made fit on both sides alike', () => {
    const body = round(
      assistant(toolCall('call_0')),
      user(toolResult('call_0', '1')),
      assistant(toolCall('call_0'), toolCall('fc|é'.repeat(20))),
      user(toolResult('fc|é'.repeat(20), '3'), toolResult('call_0', '2')),
    )
    const uses = historyOf(body).flatMap((entry) =>
      'assistantResponseMessage' in entry ? (entry.assistantResponseMessage.toolUses ?? []) : [],
    )
    const results = [...historyOf(body), body.conversationState.currentMessage].flatMap((entry) =>
      'userInputMessage' in entry ? (entry.userInputMessage.userInputMessageContext?.toolResults ?? []) : [],
    )
    expect(uses[0]?.toolUseId).toBe('call_0')
    expect(new Set(uses.map(({ toolUseId }) => toolUseId)).size).toBe(3)
    expect(results.map(({ toolUseId, content }) => [toolUseId, content[0]?.text])).toEqual(
      uses.map(({ toolUseId }, index) => [toolUseId, String(index + 1)]),
    )
  })
  test('nameless members of an input are left out, the caller’s object is not touched', () => {
    const input = { '': 1, list: [{ '': 2, ok: null }], ok: true }
    const body = round(assistant(toolCall('a', 'run', input)), user(toolResult('a', 'A')))
    expect(historyOf(body)[1]).toMatchObject({
      assistantResponseMessage: { toolUses: [{ input: { list: [{ ok: null }], ok: true } }] },
    })
    expect(Object.keys(input)).toEqual(['', 'list', 'ok'])
  })
  test('images of results come before the message’s own, in the order of the calls', () => {
    const body = round(
      assistant(toolCall('a'), toolCall('b')),
      user(image('AAAA'), toolResult('b', image('BBBB')), toolResult('a', 'seen', image('CCCC'))),
    )
    expect(currentOf(body).images?.map(({ source }) => source.bytes)).toEqual(['CCCC', 'BBBB', 'AAAA'])
    expect(currentOf(body).userInputMessageContext?.toolResults?.map(({ content }) => content)).toEqual([
      [{ text: 'seen' }],
      [{ text: 'See images data supplied' }],
    ])
  })
  test('more images than one message may carry are spread over several, none lost, results first', () => {
    const images = Array.from({ length: 23 }, (_, index) =>
      image(Buffer.from(`image ${100 + index}`).toString('base64')),
    )
    const body = round(
      assistant(toolCall('a')),
      user(toolResult('a', ...images.slice(0, 12)), ...images.slice(12), 'Compare'),
    )
    const entries = [...historyOf(body), body.conversationState.currentMessage]
    const users = entries.flatMap((entry) => ('userInputMessage' in entry ? [entry.userInputMessage] : []))
    expect(users.flatMap((message) => (message.images ?? []).map(({ source }) => source.bytes))).toEqual(
      images.flatMap((part) => (part.type === 'image' ? [part.base64] : [])),
    )
    expect(users[1]?.userInputMessageContext?.toolResults).toHaveLength(1)
    expect(currentOf(body).content).toBe('Compare')
  })
})

describe('tools', () => {
  const toolsOf = (more: Partial<Conversation>) => {
    const { body } = encode(conversation(more))
    expect(refusal(body)).toBeUndefined()
    return (currentOf(body).userInputMessageContext?.tools ?? []).map(({ toolSpecification }) => toolSpecification)
  }
  const history = [user('Go'), assistant(toolCall('a', 'old')), user(toolResult('a', 'A'))]

  test('that history names and nobody declares are declared as stubs', () => {
    expect(toolsOf({ messages: history })).toEqual([
      { name: 'old', description: 'old', inputSchema: { json: { type: 'object', properties: {} } } },
    ])
    expect(toolsOf({ messages: history, tools: [tool('run')] }).map(({ name }) => name)).toEqual(['run', 'old'])
  })
  test('are not sent when none may be called, but for those that history needs', () => {
    const none = { toolChoice: { type: 'none' } } as const
    expect(toolsOf({ tools: [tool('run')], ...none })).toEqual([])
    const kept = toolsOf({ messages: history, tools: [tool('run'), tool('old')], ...none })
    expect(kept.map(({ description }) => description)).toEqual(['Does old.'])
  })
  test('without a description get their name, with a long one a pointer to the system text', () => {
    const long = '说明'.repeat(4_000)
    const { body } = encode(
      conversation({ tools: [tool('a', { description: ' ' }), tool('b', { description: long })] }),
    )
    expect(refusal(body)).toBeUndefined()
    const [a, b] = currentOf(body).userInputMessageContext?.tools ?? []
    expect(a?.toolSpecification.description).toBe('a')
    expect(b?.toolSpecification.description).toContain('"Tool b:"')
    expect(currentOf(body).content).toBe(`Tool b:\n${long}\n\nHello`)
  })
  test('declared twice count once', () => {
    expect(toolsOf({ tools: [tool('a'), tool('a', { description: 'Other.' })] })).toHaveLength(1)
  })
})

describe('wishes without a member of their own are written at the end of the current message', () => {
  const tools = [tool('run'), tool('web_search')]
  test.each([
    ['auto', { tools }, ''],
    ['any', { tools, toolChoice: { type: 'any' } }, 'Call at least one of the available tools in this reply.'],
    ['tool', { tools, toolChoice: { type: 'tool', name: 'run' } }, 'Call the tool "run" in this reply.'],
    ['none, without history', { tools, toolChoice: { type: 'none' } }, ''],
    ['one at a time', { tools, parallelToolCalls: false }, 'Call at most one tool in this reply.'],
    ['one at a time, without tools', { parallelToolCalls: false }, ''],
    [
      'json',
      { output: { type: 'json' } },
      'Answer with one valid JSON object and nothing else: no explanation, no code fence.',
    ],
  ] as const)('%s', (_, more, expected) => {
    const { body } = encode(conversation(more))
    expect(currentOf(body).content).toBe(expected === '' ? 'Hello' : `Hello\n\n${expected}`)
  })
  test('a tool is called by the name the provider sees, a schema is quoted', () => {
    const { body, names } = encode(
      conversation({
        tools,
        toolChoice: { type: 'tool', name: 'web_search' },
        output: { type: 'json-schema', schema: { type: 'object', title: 'Answer' } },
      }),
    )
    expect(names.toWire('web_search')).not.toBe('web_search')
    expect(currentOf(body).content).toContain(`"${names.toWire('web_search')}"`)
    expect(currentOf(body).content).toEndWith('{"type":"object","title":"Answer"}')
  })
})

describe('reasoning', () => {
  const signed: Part = { type: 'reasoning', text: ' I\nplan. ', signature: 'c2ln+/==' }
  const messages = [user('A'), assistant(signed, 'B'), user('C')]
  test('goes back untouched', () => {
    expect(historyOf(encode(conversation({ messages })).body)[1]).toEqual({
      assistantResponseMessage: {
        content: 'B',
        reasoningContent: { reasoningText: { text: ' I\nplan. ', signature: 'c2ln+/==' } },
      },
    })
  })
  test('sealed goes back sealed; of several the last is kept', () => {
    const sealed: Part = { type: 'redacted-reasoning', base64: 'AAAA' }
    const { body } = encode(
      conversation({ messages: [user('A'), assistant(signed, 'B', sealed, toolCall('a')), user('C')] }),
    )
    expect(historyOf(body)[1]).toMatchObject({
      assistantResponseMessage: { reasoningContent: { redactedContent: 'AAAA' } },
    })
  })
  test('is left out when told so', () => {
    const { body, hasReasoning } = encode(conversation({ messages }), modelInfo(), { dropReasoning: true })
    expect(JSON.stringify(body)).not.toContain('reasoningContent')
    expect(hasReasoning).toBe(true)
  })
  test('without a signature is not sent', () => {
    const unsigned: Part = { type: 'reasoning', text: 'x', signature: '' }
    expect(encode(conversation({ messages: [user('A'), assistant(unsigned, 'B'), user('C')] })).hasReasoning).toBe(
      false,
    )
  })
})

test('the profile goes along when the account has one', () => {
  const profileArn = 'arn:aws:codewhisperer:us-east-1:123456789012:profile/ABCDEFGHIJKL'
  expect(encode(conversation(), modelInfo(), { access: { profileArn } }).body.profileArn).toBe(profileArn)
  expect(encode(conversation()).body).not.toHaveProperty('profileArn')
})

test('lone surrogates do not reach the provider', () => {
  const { body } = encode(
    conversation({ system: ['\ud800x'], messages: [user('a\udc00'), assistant('\ud83d'), user('b')] }),
  )
  expect(JSON.stringify(body)).not.toMatch(/\\ud/i)
})

const anyText = fc.constantFrom('', ' ', 'word', 'two\n\nlines', '{"a":1}', '<thinking>', '\ud83d\ude00')
const anyId = fc.constantFrom('a', 'b', 'call|1', '', 'é'.repeat(80))
const anyInput = fc.dictionary(fc.constantFrom('', 'x', 'y'), fc.constantFrom(null, 1, '', 'z', {}, []))
const anyImage = fc.constant(image())
const textPart = anyText.map((text): Part => ({ type: 'text', text }))
const callPart = fc
  .tuple(anyId, fc.constantFrom('run', 'web_search', 'odd name!', 'ghost'), anyInput)
  .map(([id, name, input]) => toolCall(id, name, input))
const resultPart = fc
  .tuple(anyId, fc.array(fc.oneof(textPart, anyImage), { maxLength: 13 }))
  .map(([id, contents]) => toolResult(id, ...contents))
const anyMessage: fc.Arbitrary<Message> = fc.oneof(
  fc.array(fc.oneof(textPart, anyImage, resultPart), { maxLength: 5 }).map((list) => user(...list)),
  fc
    .array(fc.oneof(textPart, callPart, fc.constant<Part>({ type: 'reasoning', text: 'x', signature: 'y' })), {
      maxLength: 5,
    })
    .map((list) => assistant(...list)),
  fc.array(textPart, { maxLength: 2 }).map((list) => system(...list)),
)
const anyConversation = fc
  .record({
    system: fc.array(fc.constantFrom('Be brief.', 'Be kind.'), { maxLength: 2 }),
    messages: fc.array(anyMessage, { maxLength: 10 }),
    tools: fc.subarray([tool('run'), tool('web_search'), tool('odd name!')]),
    toolChoice: fc.constantFrom<Conversation['toolChoice']>({ type: 'auto' }, { type: 'none' }, { type: 'any' }),
    parallelToolCalls: fc.boolean(),
  })
  .map(conversation)

test('whatever comes, the strict provider takes it, and the same bytes come out again', () => {
  fc.assert(
    fc.property(anyConversation, (talk) => {
      const before = JSON.stringify(talk)
      const { body } = encode(talk)
      expect(refusal(body)).toBeUndefined()
      expect(JSON.stringify(encode(talk).body)).toBe(JSON.stringify(body))
      expect(JSON.stringify(talk)).toBe(before)
    }),
    { numRuns: 500 },
  )
})

test('no text that was sent is lost', () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 8 }), (messages) => {
      const marked = messages.map((message, index) => ({
        ...message,
        parts: [...message.parts, { type: 'text', text: `mark-${index}.` } as const],
      }))
      const sent = JSON.stringify(encode(conversation({ messages: marked })).body)
      for (const index of marked.keys()) expect(sent.split(`mark-${index}.`)).toHaveLength(2)
    }),
  )
})

describe('what the provider would refuse for its form', () => {
  test('tools that differ by case alone are declared under names of their own, and noted', () => {
    const notes: Note[] = []
    const talk = conversation({
      tools: [tool('Read'), tool('read')],
      messages: [user('Go'), assistant(toolCall('a', 'READ')), user(toolResult('a', 'x'))],
    })
    const { body, names } = encode(talk, undefined, { note: (note) => notes.push(note) })
    expect(refusal(body)).toBeUndefined()
    const wire = toolNamesOf(body)
    expect(wire.map(names.fromWire)).toEqual(['Read', 'read'])
    expect(notes).toEqual([{ what: 'tool-renamed', detail: '1: read' }])
  })

  test('a history that calls Read while the tools have read stays with that one tool', () => {
    const talk = conversation({
      tools: [tool('read')],
      messages: [user('Go'), assistant(toolCall('a', 'Read')), user(toolResult('a', 'x'))],
    })
    const { body } = encode(talk)
    expect(refusal(body)).toBeUndefined()
    expect(toolNamesOf(body)).toEqual(['read'])
  })

  test('schemas in capitals or without end, inputs without end', () => {
    let deep: Record<string, unknown> = { type: 'STRING' }
    let input: Record<string, unknown> = {}
    for (let level = 0; level < 300; level++) {
      deep = { type: 'OBJECT', properties: { a: deep } }
      input = { a: input }
    }
    const notes: Note[] = []
    const talk = conversation({
      tools: [tool('run', { schema: deep })],
      messages: [user('Go'), assistant(toolCall('a', 'run', input)), user(toolResult('a', 'x'))],
    })
    expect(refusal(encode(talk, undefined, { note: (note) => notes.push(note) }).body)).toBeUndefined()
    expect(new Set(notes.map(({ what }) => what))).toEqual(
      new Set(['schema-corrected', 'schema-cut', 'arguments-as-text']),
    )
  })

  test('a result longer than one block may be goes in several, none of it lost', () => {
    const long = `${'a'.repeat(799_999)}😀${'b'.repeat(900_000)}`
    const talk = conversation({
      tools: [tool('run')],
      messages: [user('Go'), assistant(toolCall('a')), user(toolResult('a', long))],
    })
    const { body } = encode(talk, modelInfo('auto'))
    expect(refusal(body)).toBeUndefined()
    const [result] = currentOf(body).userInputMessageContext?.toolResults ?? []
    expect(result?.content.map(({ text }) => text).join('')).toBe(long)
    expect(result?.content.every(({ text }) => text.isWellFormed())).toBe(true)
  })
})

const toolNamesOf = (body: RequestBody): readonly string[] =>
  (currentOf(body).userInputMessageContext?.tools ?? []).map(({ toolSpecification }) => toolSpecification.name)

test('a history of tens of thousands of messages in a row does not hold the gateway up', () => {
  const many = Array.from({ length: 40_000 }, (_, index) => `message ${index} ${'w'.repeat(100)}`)
  const started = cpuMs()
  const ofUser = encode(conversation({ messages: many.map((words) => user(words)) }))
  const ofAssistant = encode(conversation({ messages: [...many.map((words) => assistant(words)), user('C')] }))
  // Copied anew for each message they took half a minute.
  expect(cpuMs() - started).toBeLessThan(5_000)
  expect(currentOf(ofUser.body).content).toEndWith(many.slice(-2).join('\n\n'))
  expect(historyOf(ofAssistant.body)).toHaveLength(2)
})
