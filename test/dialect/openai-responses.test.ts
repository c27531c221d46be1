import { describe, expect, test } from 'bun:test'
import type { Conversation } from '../../server/conversation/conversation.ts'
import type { ReplyEvent } from '../../server/conversation/event.ts'
import { foldReply } from '../../server/conversation/reply.ts'
import type { Form, KeptResponse } from '../../server/dialect/openai-responses/form.ts'
import { createKeptAnswers } from '../../server/dialect/openai-responses/kept-answers.ts'
import { pageOfInput, viewAnswer } from '../../server/dialect/openai-responses/kept-views.ts'
import { createOpenaiResponses } from '../../server/dialect/openai-responses/openai-responses.ts'
import { openReasoning, sealReasoning } from '../../server/dialect/openai-responses/sealed-reasoning.ts'
import { createVault } from '../../server/vault/vault.ts'
import { cpuMs } from '../support/cpu.ts'
import { framesOf } from '../support/grammar.ts'
import {
  asStream,
  callBlock,
  encodeAll,
  failure,
  finish,
  openaiResponses,
  reasoningBlock,
  replyContext,
  replyStart,
  sampleForm,
  streamFault,
  textBlock,
  vault,
} from './samples.ts'

type Json = Record<string, unknown>
const hello = { model: 'claude-sonnet-4.5', input: 'Hello' }

/** A gateway's dialect of its own with what it keeps. */
function setUp(limits: Partial<Parameters<typeof createKeptAnswers>[0]> = {}) {
  let nowMs = 0
  const kept = createKeptAnswers({ keptAnswers: 100, keptBytes: 100_000, ttlMs: 3_600_000, ...limits }, () => nowMs)
  const dialect = createOpenaiResponses({ kept, vault })
  const decode = (body: object, callerId = 'key_a') => dialect.decode({ ...hello, ...body }, undefined, callerId)
  const decoded = (body: object, callerId?: string): { readonly conversation: Conversation; readonly form: Form } => {
    const result = decode(body, callerId)
    if (!result.ok) throw new Error(result.error.message)
    return result.value
  }
  /** Answers a request as the gateway would and gives the response object. */
  const answer = async (body: object, id: string, events: readonly ReplyEvent[], callerId?: string) => {
    const { form } = decoded(body, callerId)
    const reply = await foldReply(asStream(events))
    if (!reply.ok) throw new Error(reply.error.message)
    return dialect.encodeReply(reply.value, { ...replyContext, id, form }) as KeptResponse
  }
  const pass = (ms: number): void => {
    nowMs += ms
  }
  return { kept, dialect, decode, decoded, answer, pass }
}

const said = (text: string): readonly ReplyEvent[] => [replyStart, ...textBlock(0, text), finish('end')]
const textsOf = ({ messages }: Conversation): readonly string[] =>
  messages.map(
    ({ role, parts }) => `${role}: ${parts.map((part) => (part.type === 'text' ? part.text : part.type)).join(' ')}`,
  )

describe('an earlier answer', () => {
  test('is gone on from with its own request and all before it', async () => {
    const { answer, decoded } = setUp()
    await answer({ input: 'My name is Ada.' }, 'r1', said('Hello Ada.'))
    const call = [replyStart, ...callBlock(0, 'call_1', 'now'), finish('tool-calls')]
    await answer({ input: 'What time is it?', previous_response_id: 'resp_r1' }, 'r2', call)
    const output = { type: 'function_call_output', call_id: 'call_1', output: 'noon' }
    const { conversation } = decoded({ input: [output], previous_response_id: 'resp_r2' })
    expect(textsOf(conversation)).toEqual([
      'user: My name is Ada.',
      'assistant: Hello Ada.',
      'user: What time is it?',
      'assistant: tool-call',
      'user: tool-result',
    ])
  })

  test('does not hand its instructions on', async () => {
    const { answer, decoded } = setUp()
    await answer({ instructions: 'Be brief.' }, 'r1', said('Hi.'))
    expect(decoded({ previous_response_id: 'resp_r1' }).conversation.system).toEqual([])
  })

  test('brings its reasoning back, proof and all, though the caller never saw it', async () => {
    const { answer, decoded } = setUp()
    const events = [replyStart, ...reasoningBlock(0, 'I plan.', 'c2ln'), ...textBlock(1, 'Done.'), finish('end')]
    const response = await answer({}, 'r1', events)
    expect(JSON.stringify(response)).not.toContain('encrypted_content')
    expect(JSON.stringify(response)).not.toContain('I plan.') // no summary was asked for
    const { conversation } = decoded({ previous_response_id: 'resp_r1' })
    expect(conversation.messages[1]?.parts[0]).toEqual({ type: 'reasoning', text: 'I plan.', signature: 'c2ln' })
  })

  test.each([
    ['of another key', 'key_b', 'resp_r1'],
    ['that never was', 'key_a', 'resp_none'],
  ])('%s is not found', async (_, callerId, id) => {
    const { answer, decode } = setUp()
    await answer({}, 'r1', said('Hi.'))
    const result = decode({ previous_response_id: id }, callerId)
    expect(result).toMatchObject({ ok: false, error: { kind: 'previous-response-not-found' } })
    if (result.ok) throw new Error('found')
    expect(openaiResponses.encodeError(result.error, { requestId: 'req_1' })).toMatchObject({
      status: 400,
      body: {
        error: {
          message: `Previous response with id '${id}' not found.`,
          type: 'invalid_request_error',
          param: 'previous_response_id',
          code: 'previous_response_not_found',
        },
      },
    })
  })

  test('with store: false, or a compaction, is not kept', async () => {
    const { answer, kept } = setUp()
    await answer({ store: false }, 'r1', said('Hi.'))
    await answer({ input: [{ role: 'user', content: 'x' }, { type: 'compaction_trigger' }] }, 'r2', said('Hi.'))
    expect(kept.stats()).toEqual({ answers: 0, bytes: 0 })
  })

  test('is forgotten an hour after its last use, and so are those before it', async () => {
    const { answer, decode, pass, kept } = setUp()
    await answer({}, 'r1', said('One.'))
    await answer({ previous_response_id: 'resp_r1' }, 'r2', said('Two.'))
    pass(3_000_000)
    expect(decode({ previous_response_id: 'resp_r2' }).ok).toBe(true) // counts as use of both
    pass(3_000_000)
    expect(decode({ previous_response_id: 'resp_r2' }).ok).toBe(true)
    pass(3_600_001)
    expect(decode({ previous_response_id: 'resp_r2' }).ok).toBe(false)
    expect(kept.find('key_a', 'resp_r1')).toBeUndefined()
  })

  test('gives way when there are too many, or too large ones; one whose beginning is gone is not found', async () => {
    const few = setUp({ keptAnswers: 2 })
    await few.answer({}, 'r1', said('One.'))
    await few.answer({ previous_response_id: 'resp_r1' }, 'r2', said('Two.'))
    await few.answer({}, 'r3', said('Three.'))
    expect(few.kept.stats().answers).toBe(2)
    expect(few.decode({ previous_response_id: 'resp_r2' })).toMatchObject({
      error: { kind: 'previous-response-not-found' },
    })
    const small = setUp({ keptBytes: 4_000 })
    for (let turn = 0; turn < 20; turn++) await small.answer({}, `r${turn}`, said('x'.repeat(500)))
    expect(small.kept.stats().bytes).toBeWithin(500, 4_001)
    await small.answer({}, 'huge', said('x'.repeat(5_000)))
    expect(small.kept.find('key_a', 'resp_huge')).toBeUndefined()
  })

  test('of one key give way to nobody but that key: who takes most gives up first', async () => {
    for (const limits of [{ keptAnswers: 10 }, { keptBytes: 12_000 }]) {
      const { answer, decode, kept } = setUp(limits)
      await answer({}, 'mine', said('Mine.'), 'key_quiet')
      for (let turn = 0; turn < 40; turn++) await answer({}, `r${turn}`, said('x'.repeat(500)), 'key_busy')
      expect(decode({ previous_response_id: 'resp_mine' }, 'key_quiet').ok).toBe(true)
      expect(decode({ previous_response_id: 'resp_r39' }, 'key_busy').ok).toBe(true)
      expect(decode({ previous_response_id: 'resp_r0' }, 'key_busy').ok).toBe(false)
      expect(kept.stats().answers).toBeLessThanOrEqual(limits.keptAnswers ?? 40)
      expect(kept.stats().bytes).toBeLessThanOrEqual(limits.keptBytes ?? 100_000)
    }
  })

  test('that nobody asks for again are gone from memory all the same once their hour is over', async () => {
    const { answer, kept, pass } = setUp()
    pass(1)
    await answer({}, 'r1', said('One.'))
    pass(3_600_001)
    expect(kept.stats()).toEqual({ answers: 0, bytes: 0 })
  })

  test('are not those whose caller left', () => {
    const { decoded, dialect, kept } = setUp()
    const left = [replyStart, ...textBlock(0, 'Half'), { type: 'error', error: failure('cancelled') }] as const
    encodeAll(dialect, left, { ...replyContext, id: 'left', form: decoded({}).form })
    expect(kept.stats().answers).toBe(0)
  })

  test('that was cut short is gone on from; one that failed is shown but not gone on from', () => {
    const { decoded, decode, dialect, kept } = setUp()
    const broken = [replyStart, ...textBlock(0, 'Half'), { type: 'error', error: failure('broken-reply') }] as const
    const cut = [replyStart, ...textBlock(0, 'Half'), finish('max-tokens')]
    encodeAll(dialect, broken, { ...replyContext, id: 'broken', form: decoded({}).form })
    encodeAll(dialect, cut, { ...replyContext, id: 'cut', form: decoded({}).form })
    expect(kept.find('key_a', 'resp_broken')?.response).toMatchObject({ status: 'failed' })
    expect(decode({ previous_response_id: 'resp_broken' })).toMatchObject({ error: { field: 'previous_response_id' } })
    expect(textsOf(decoded({ previous_response_id: 'resp_cut' }).conversation)).toContain('assistant: Half')
  })

  test('may be referred to item by item', async () => {
    const { answer, decode, decoded } = setUp()
    const { output } = await answer({}, 'r1', said('Kept text.'))
    const reference = { type: 'item_reference', id: output[0]?.id }
    const more = { role: 'user', content: 'And?' }
    for (const item of [reference, { id: output[0]?.id }]) {
      expect(textsOf(decoded({ input: [item, more] }).conversation)).toEqual(['assistant: Kept text.', 'user: And?'])
    }
    expect(decode({ input: [reference] }, 'key_b')).toMatchObject({ error: { field: 'input.0.id' } })
    expect(decode({ input: [{ type: 'item_reference', id: 'msg_x' }] })).toMatchObject({
      error: { field: 'input.0.id' },
    })
  })

  test('may be referred to by an item of the request, as the list of its items names it', async () => {
    const { answer, decoded } = setUp()
    await answer({ input: 'First' }, 'r1', said('One.'))
    const input = [
      { type: 'item_reference', id: 'in_r1_0' },
      { role: 'user', content: 'And?' },
    ]
    expect(textsOf(decoded({ input }).conversation)).toEqual(['user: First', 'user: And?'])
  })

  test('stand in a conversation once, however often they are referred to', async () => {
    const { answer, decoded } = setUp()
    const { output } = await answer({}, 'r1', said('Kept text.'))
    const reference = { type: 'item_reference', id: output[0]?.id }
    const more = { role: 'user', content: 'And?' }
    const once = ['assistant: Kept text.', 'user: And?']
    const often = [...Array.from({ length: 1_000 }, () => reference), more]
    expect(textsOf(decoded({ input: often }).conversation)).toEqual(once)
    const goneOnFrom = decoded({ previous_response_id: 'resp_r1', input: [reference, more] })
    expect(textsOf(goneOnFrom.conversation)).toEqual(['user: Hello', ...once])
    // Kept as the reference it was, and found again when that request is gone on from.
    await answer({ input: [reference, more] }, 'r2', said('Two.'))
    const last = { previous_response_id: 'resp_r2', input: [reference, { role: 'user', content: 'Then?' }] }
    expect(textsOf(decoded(last).conversation)).toEqual([...once, 'assistant: Two.', 'user: Then?'])
  })

  test('of any size are read once for all references of a request', async () => {
    const { answer, decoded } = setUp({ keptBytes: 50_000_000 })
    const input = [{ role: 'user', content: 'x'.repeat(16_000_000) }]
    const calls = Array.from({ length: 300 }, (_, at) => callBlock(at, `call_${at}`, 'read', '{}')).flat()
    const { output } = await answer({ input }, 'r1', [replyStart, ...calls, finish('tool-calls')])
    const references = output.map(({ id }) => ({ type: 'item_reference', id }))
    const start = cpuMs()
    expect(decoded({ input: references }).conversation.messages[0]?.parts).toHaveLength(300)
    // Reading the whole answer for each of them took 3,000 ms and more.
    expect(cpuMs() - start).toBeLessThan(1_500)
  })

  test('is shown as it was given; with its proof of reasoning only when asked for', async () => {
    const { answer, kept } = setUp()
    const events = [replyStart, ...reasoningBlock(0, 'I plan.', 'c2ln'), ...textBlock(1, 'Done.'), finish('end')]
    const response = await answer({}, 'r1', events)
    const found = kept.find('key_a', 'resp_r1')
    if (found === undefined) throw new Error('not kept')
    expect(viewAnswer(found, new URLSearchParams())).toEqual({ ok: true, value: JSON.parse(JSON.stringify(response)) })
    const sealed = viewAnswer(found, new URLSearchParams('include[]=reasoning.encrypted_content'))
    expect(JSON.stringify(sealed)).toContain('"encrypted_content":"csr1.')
    expect(viewAnswer(found, new URLSearchParams('stream=true'))).toMatchObject({ error: { field: 'stream' } })
  })

  test("lists its request's items page by page", async () => {
    const { answer, kept } = setUp()
    const input = [
      { role: 'user', content: 'a' },
      { type: 'message', role: 'assistant', content: 'b', id: 'msg_own' },
      { type: 'function_call', call_id: 'call_1', name: 'now', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'noon' },
    ]
    await answer({ input }, 'r1', said('Hi.'))
    const found = kept.find('key_a', 'resp_r1')
    if (found === undefined) throw new Error('not kept')
    const page = (query: string): Json => {
      const result = pageOfInput(found, new URLSearchParams(query))
      if (!result.ok) throw new Error(result.error.field)
      return result.value as Json
    }
    const ids = ['in_r1_0', 'msg_own', 'in_r1_2', 'in_r1_3']
    const idsOf = ({ data }: Json): unknown => (data as readonly Json[]).map(({ id }) => id)
    expect(idsOf(page(''))).toEqual(ids.toReversed())
    expect(page('order=asc&limit=2')).toMatchObject({
      object: 'list',
      data: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'a' }] },
        { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'b' }] },
      ],
      first_id: 'in_r1_0',
      last_id: 'msg_own',
      has_more: true,
    })
    expect(page('order=asc&limit=2&after=msg_own')).toMatchObject({ first_id: 'in_r1_2', has_more: false })
    expect(page('after=in_r1_0')).toEqual({ object: 'list', data: [], first_id: null, last_id: null, has_more: false })
    for (const [query, field] of [
      ['limit=0', 'limit'],
      ['limit=101', 'limit'],
      ['order=up', 'order'],
      ['after=none', 'after'],
    ] as const) {
      expect(pageOfInput(found, new URLSearchParams(query))).toMatchObject({ error: { field } })
    }
  })
})

describe('reasoning', () => {
  const signed = { type: 'reasoning', text: 'I plän. 👩‍💻', signature: 'EqQB+/==' } as const
  const redacted = { type: 'redacted-reasoning', base64: 'ZW5j' } as const

  test('comes back as it went out', () => {
    for (const part of [signed, redacted]) expect(openReasoning(sealReasoning(part))).toEqual(part)
  })

  test.each([
    '',
    'gAAAAABo',
    'csr1.',
    'csr1.!!!',
    `csr1.${Buffer.from('[]').toString('base64url')}`,
    'csr2.e30',
    'csr1.e30',
  ])('%p is not ours and left out', (sealed) => {
    expect(openReasoning(sealed)).toBeUndefined()
    const input = [
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: sealed },
      { role: 'user', content: 'x' },
    ]
    expect(textsOf(setUp().decoded({ input }).conversation)).toEqual(['user: x'])
  })

  test('keeps its own text, whatever became of the summary on the way', () => {
    const input = [
      { role: 'user', content: 'x' },
      {
        type: 'reasoning',
        id: 'rs_1',
        summary: [{ type: 'summary_text', text: 'other' }],
        encrypted_content: sealReasoning(signed),
      },
      { role: 'assistant', content: 'y' },
      { role: 'user', content: 'z' },
    ]
    const { conversation } = setUp().decoded({ input })
    expect(conversation.messages[1]).toEqual({ role: 'assistant', parts: [signed, { type: 'text', text: 'y' }] })
  })

  test.each([
    [{}, false, false],
    [{ reasoning: { effort: 'high' } }, false, false],
    [{ reasoning: { summary: 'auto' } }, true, false],
    [{ reasoning: { generate_summary: 'concise' } }, true, false],
    [{ include: ['reasoning.encrypted_content'], store: false }, false, true],
    [{ reasoning: { summary: 'auto' }, include: ['reasoning.encrypted_content'] }, true, true],
  ])('%p: told in words %p, with its proof %p', (wish, shows, seals) => {
    const { decoded, dialect } = setUp()
    const events = [replyStart, ...reasoningBlock(0, 'I plan.', 'c2ln'), ...textBlock(1, 'Done.'), finish('end')]
    const sse = encodeAll(dialect, events, { ...replyContext, form: decoded(wish).form })
    expect(streamFault(dialect, sse)).toBeUndefined()
    expect(sse.includes('I plan.')).toBe(shows)
    expect(sse.includes('encrypted_content":"csr1.')).toBe(seals)
  })

  test('without a signature has no proof made up for it', () => {
    const events = [replyStart, ...reasoningBlock(0, 'I plan.'), ...textBlock(1, 'Done.'), finish('end')]
    expect(encodeAll(openaiResponses, events)).not.toContain('encrypted_content')
  })
})

describe('compaction', () => {
  const trigger = { input: [{ role: 'user', content: 'Remember 42.' }, { type: 'compaction_trigger' }] }
  const tools = [{ type: 'function', name: 'now', parameters: {} }]

  test('asks the model for a summary, without tools or format', () => {
    const { conversation } = setUp().decoded({ ...trigger, tools, text: { format: { type: 'json_object' } } })
    expect(conversation).toMatchObject({ tools: [], toolChoice: { type: 'none' }, output: { type: 'text' } })
    expect(textsOf(conversation)).toEqual(['user: Remember 42.', expect.stringContaining('hand-over')])
  })

  const events = [replyStart, ...reasoningBlock(0, 'Hm.', 'c2ln'), ...textBlock(1, 'It is ', '42.'), finish('end')]

  test('is one sealed item, whole and streamed, that comes back as text', async () => {
    const { answer, decoded, dialect } = setUp()
    const whole = await answer(trigger, 'r1', events)
    const sse = encodeAll(dialect, events, { ...replyContext, form: decoded(trigger).form })
    expect(streamFault(dialect, sse)).toBeUndefined()
    const last = JSON.parse(framesOf(sse).at(-1)?.data ?? '') as { response: KeptResponse }
    for (const { output, status } of [whole, last.response]) {
      expect([status, output.length, output[0]?.type]).toEqual(['completed', 1, 'compaction'])
      // In words: two digits meet by chance in what is sealed.
      expect(JSON.stringify(output)).not.toMatch(/It is|42\./)
      const { conversation } = decoded({ input: [...output, { role: 'user', content: 'Which?' }] })
      expect(textsOf(conversation)).toEqual(['user: Summary of the conversation so far:\n\nIt is 42.', 'user: Which?'])
    }
    expect(sse).not.toContain('output_text')
  })

  test.each([
    ['cut short', [replyStart, ...textBlock(0, 'It is'), finish('max-tokens')], 'incomplete'],
    ['empty', [replyStart, finish('end')], 'failed'],
  ] as const)('%s is no summary', async (_, cut, status) => {
    const { answer, decoded, dialect } = setUp()
    expect(await answer(trigger, 'r1', cut)).toMatchObject({ status, output: [] })
    const sse = encodeAll(dialect, cut, { ...replyContext, form: decoded(trigger).form })
    expect(streamFault(dialect, sse)).toBeUndefined()
    expect(framesOf(sse).at(-1)?.event).toBe(`response.${status}`)
  })

  test('that another server made, that was changed, or whose key is gone, is a clear 400', async () => {
    const { answer, decode } = setUp()
    const [item] = (await answer(trigger, 'r1', events)).output
    const sealed = String(item?.encrypted_content)
    const other = createOpenaiResponses({
      kept: createKeptAnswers({ keptAnswers: 1, keptBytes: 1_000, ttlMs: 1 }, () => 0),
      vault: createVault(new Uint8Array(32).fill(9)),
    })
    const inputOf = (content: string) => ({ ...hello, input: [{ type: 'compaction', encrypted_content: content }] })
    for (const result of [
      decode(inputOf('gAAAAABo')),
      decode(inputOf(`${sealed.slice(0, -4)}AAAA`)),
      other.decode(inputOf(sealed)),
    ]) {
      expect(result).toMatchObject({
        ok: false,
        error: {
          kind: 'invalid-request',
          field: 'input.0.encrypted_content',
          message: expect.stringContaining('cannot be opened'),
        },
      })
    }
  })

  test('a trigger that is not last asks for nothing', () => {
    const input = [{ type: 'compaction_trigger' }, { role: 'user', content: 'x' }]
    expect(textsOf(setUp().decoded({ input }).conversation)).toEqual(['user: x'])
  })
})

describe('failures in a stream', () => {
  test('tell what was used where that is known', () => {
    const usage = { input: { tokens: 7, source: 'measured' }, output: { tokens: 5, source: 'measured' } } as const
    const sse = encodeAll(openaiResponses, [replyStart, { type: 'error', error: failure('unmet-demand'), usage }])
    const { response } = JSON.parse(framesOf(sse).at(-1)?.data ?? '')
    expect(response.usage).toMatchObject({ input_tokens: 7, output_tokens: 5, total_tokens: 12 })
  })

  test.each([
    ['context-too-long', {}, 'context_length_exceeded', /maximum context length.*prompt is too long/],
    ['pool-exhausted', {}, 'insufficient_quota', /^It went wrong\.$/],
    ['rate-limited', { retryAfterMs: 1_500 }, 'rate_limit_exceeded', /Please try again in 2s\.$/],
    ['pool-cooling', {}, 'rate_limit_exceeded', /Please try again in \d+s\.$/],
    ['model-overloaded', {}, 'server_is_overloaded', /^It went wrong\.$/],
    ['invalid-request', {}, 'invalid_prompt', /^It went wrong\.$/],
    ['broken-reply', {}, 'server_error', /^It went wrong\.$/],
    ['shutting-down', {}, 'server_error', /^It went wrong\.$/],
  ] as const)('%s %p is %s', (kind, more, code, message) => {
    const sse = encodeAll(openaiResponses, [replyStart, { type: 'error', error: failure(kind, more) }])
    const last = JSON.parse(framesOf(sse).at(-1)?.data ?? '')
    expect(last).toMatchObject({ type: 'response.failed', response: { status: 'failed', error: { code } } })
    expect(last.response.error.message).toMatch(message)
  })
})

describe('keep-alives', () => {
  test('open the stream when nothing has, and are numbered with the rest', () => {
    const encoder = openaiResponses.createEncoder(replyContext)
    const before = [encoder.keepAlive(), encoder.keepAlive()]
    const sse = [...before, ...said('Hi.').map((event) => encoder.encode(event))].join('')
    expect(
      framesOf(sse)
        .map(({ event }) => event)
        .slice(0, 4),
    ).toEqual(['response.created', 'response.in_progress', 'keepalive', 'response.output_item.added'])
    expect(streamFault(openaiResponses, sse)).toBeUndefined()
  })
})

describe('the request is repeated in the answer', () => {
  test('with what the API fills in', async () => {
    const tools = [{ type: 'function', name: 'now', parameters: {} }]
    const asked = {
      tools,
      tool_choice: 'auto',
      metadata: { a: 'b' },
      text: { verbosity: 'low' },
      reasoning: { effort: 'high' },
    }
    expect(await setUp().answer(asked, 'r1', said('Hi.'))).toMatchObject({
      id: 'resp_r1',
      object: 'response',
      created_at: 1_759_104_000,
      model: hello.model,
      tools,
      tool_choice: 'auto',
      metadata: { a: 'b' },
      text: { format: { type: 'text' }, verbosity: 'low' },
      reasoning: { effort: 'high', summary: null },
      store: true,
      truncation: 'disabled',
      parallel_tool_calls: true,
      previous_response_id: null,
      instructions: null,
      temperature: 1,
      top_p: 1,
    })
  })
})

test('an answer that says nothing is an empty message, for agents ask again without one', async () => {
  const { answer } = setUp()
  for (const events of [
    [replyStart, finish('end')],
    [replyStart, ...reasoningBlock(0, 'Hm.'), finish('end')],
  ]) {
    const { output } = await answer({}, 'r1', events)
    expect(output.at(-1)).toMatchObject({ type: 'message', content: [{ type: 'output_text', text: '' }] })
    const sse = encodeAll(openaiResponses, events)
    expect(streamFault(openaiResponses, sse)).toBeUndefined()
    expect(sse).toContain('"type":"message"')
  }
  expect(sampleForm.showsReasoning).toBe(true)
})
