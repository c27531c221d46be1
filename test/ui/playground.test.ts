import { describe, expect, test } from 'bun:test'
import {
  type Answer,
  type Block,
  callsOf,
  endingOf,
  startAnswer,
  textOf,
} from '../../ui/src/features/playground/answer.ts'
import {
  type Api,
  answeredCalls,
  asMarkdown,
  type Chat,
  defaultSettings,
  type Exchange,
  history,
  openCalls,
  titleOf,
} from '../../ui/src/features/playground/chat.ts'
import { bookLimits, overfull, settled } from '../../ui/src/features/playground/chat-book.ts'
import { faultText } from '../../ui/src/features/playground/fault.ts'
import { faultHead, saysAll } from '../../ui/src/features/playground/fault-kind.ts'
import { mergedChat } from '../../ui/src/features/playground/merge.ts'
import { createOpenChat } from '../../ui/src/features/playground/open-chat.ts'
import { base64Of, readPictures } from '../../ui/src/features/playground/pictures.ts'
import { bodyOf, settingsFaults } from '../../ui/src/features/playground/request.ts'
import { steps } from '../../ui/src/features/playground/steps.ts'
import { tokenSource } from '../../ui/src/features/playground/token-source.ts'
import { readTools, writeTools } from '../../ui/src/features/playground/tools.ts'

import { sayIn } from '../support/words.ts'

type Data = Readonly<Record<string, unknown>>

const run = (api: Api, events: readonly Data[]): Answer =>
  events.reduce((answer: Answer, event, index) => steps[api](answer, event, 1000 + index * 100), startAnswer(500))
const ask = (text: string, more = {}) => ({ text, pictures: [], results: [], ...more })
const answered = (...blocks: readonly Block[]): Answer => ({ ...startAnswer(0), blocks, endedAt: 1 })
const exchange = (id: string, answer: Answer | undefined): Exchange => ({
  id,
  question: ask(id),
  answers: answer === undefined ? [] : [answer],
  shown: 0,
})

describe('an answer is put together with its times and the tokens the API gave', () => {
  const expected = {
    model: '',
    blocks: [{ kind: 'text', text: 'Hello' }],
    sentAt: 500,
    inputTokens: 18,
    outputTokens: 92,
    stopReason: 'end',
  } as const

  test('from Messages', () => {
    const answer = run('messages', [
      { type: 'message_start', message: { usage: { input_tokens: 18, output_tokens: 1 } } },
      { type: 'ping' },
      { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hel' } },
      { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'lo' } },
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 92 } },
      { type: 'message_stop' },
    ])
    expect(answer).toEqual({ ...expected, firstAt: 1300, endedAt: 1600 })
  })

  test('from Chat Completions, whose last line is no event', () => {
    const choice = (delta: object, reason: string | null = null) => ({ choices: [{ delta, finish_reason: reason }] })
    const answer = run('chat', [
      choice({ role: 'assistant', content: '' }),
      choice({ content: 'Hel' }),
      choice({ content: 'lo' }),
      choice({}, 'stop'),
      { choices: [], usage: { prompt_tokens: 18, completion_tokens: 92 } },
    ])
    expect(answer).toEqual({ ...expected, firstAt: 1100 })
  })

  test('from Responses', () => {
    const answer = run('responses', [
      { type: 'response.created', response: {} },
      { type: 'response.output_text.delta', delta: 'Hel' },
      { type: 'response.output_text.delta', delta: 'lo' },
      { type: 'response.completed', response: { usage: { input_tokens: 18, output_tokens: 92 } } },
    ])
    expect(answer).toEqual({ ...expected, firstAt: 1100, endedAt: 1300 })
  })
})

describe('thinking and calls stand apart, in the order in which they came', () => {
  const blocks = [
    { kind: 'thinking', text: 'Hm.' },
    { kind: 'text', text: '<b>Yes</b>' },
    { kind: 'call', id: 'one', name: 'look', input: '{"at":1}' },
    { kind: 'call', id: 'two', name: 'hear', input: '{}' },
  ]

  test('in Messages, with the proof of the thinking', () => {
    const answer = run('messages', [
      { type: 'content_block_start', content_block: { type: 'thinking', thinking: '' } },
      { type: 'content_block_delta', delta: { type: 'thinking_delta', thinking: 'Hm.' } },
      { type: 'content_block_delta', delta: { type: 'signature_delta', signature: 'xyz' } },
      { type: 'content_block_start', content_block: { type: 'redacted_thinking', data: 'abc' } },
      { type: 'content_block_delta', delta: { type: 'text_delta', text: '<b>Yes</b>' } },
      { type: 'content_block_start', content_block: { type: 'tool_use', id: 'one', name: 'look', input: {} } },
      { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{"at"' } },
      { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: ':1}' } },
      { type: 'content_block_start', content_block: { type: 'tool_use', id: 'two', name: 'hear', input: {} } },
      { type: 'content_block_delta', delta: { type: 'input_json_delta', partial_json: '{}' } },
      { type: 'message_delta', delta: { stop_reason: 'tool_use' } },
    ])
    const [thinking, ...rest] = blocks
    expect(answer.blocks).toEqual([
      { ...thinking, signature: 'xyz' },
      { kind: 'redacted', data: 'abc' },
      ...rest,
    ] as readonly Block[])
    expect([answer.firstAt, answer.stopReason]).toEqual([1100, 'calls'])
  })

  test('in Chat Completions, whose calls may come mixed', () => {
    const delta = (given: object) => ({ choices: [{ delta: given }] })
    const call = (index: number, more: object) => delta({ tool_calls: [{ index, ...more }] })
    const answer = run('chat', [
      delta({ reasoning_content: 'Hm.' }),
      delta({ content: '<b>Yes</b>' }),
      call(0, { id: 'one', function: { name: 'look', arguments: '' } }),
      call(0, { function: { arguments: '{"at"' } }),
      call(1, { id: 'two', function: { name: 'hear', arguments: '{' } }),
      call(0, { function: { arguments: ':1}' } }),
      call(1, { function: { arguments: '}' } }),
    ])
    expect(answer.blocks).toEqual(blocks as readonly Block[])
  })

  test('in Responses', () => {
    const answer = run('responses', [
      { type: 'response.reasoning_summary_text.delta', delta: 'Hm.' },
      { type: 'response.output_text.delta', delta: '<b>Yes</b>' },
      {
        type: 'response.output_item.added',
        item: { type: 'function_call', call_id: 'one', name: 'look', arguments: '' },
      },
      { type: 'response.function_call_arguments.delta', delta: '{"at":1}' },
      {
        type: 'response.output_item.added',
        item: { type: 'function_call', call_id: 'two', name: 'hear', arguments: '{}' },
      },
      { type: 'response.completed', response: {} },
    ])
    expect([answer.blocks, answer.stopReason]).toEqual([blocks as readonly Block[], 'calls'])
  })
})

test('cached input is part of the input', () => {
  const usage = { input_tokens: 10, cache_read_input_tokens: 90, cache_creation_input_tokens: 5 }
  expect(run('messages', [{ type: 'message_start', message: { usage } }]).inputTokens).toBe(105)
})

test.each([
  ['messages', { type: 'message_delta', delta: { stop_reason: 'max_tokens' } }],
  ['messages', { type: 'message_delta', delta: { stop_reason: 'model_context_window_exceeded' } }],
  ['chat', { choices: [{ delta: {}, finish_reason: 'length' }] }],
  ['responses', { type: 'response.incomplete', response: { incomplete_details: { reason: 'max_output_tokens' } } }],
] as const)('an answer that was cut says so: %s', (api, event) => {
  expect(run(api, [event]).stopReason).toBe('length')
})

test.each([
  ['messages', { type: 'error', error: { type: 'overloaded_error', message: 'Busy.' }, request_id: 'req_1' }],
  ['chat', { error: { type: 'overloaded_error', message: 'Busy.' } }],
  ['responses', { type: 'response.failed', response: { error: { code: 'overloaded_error', message: 'Busy.' } } }],
  ['responses', { type: 'error', code: 'overloaded_error', message: 'Busy.' }],
] as const)('a failure inside the stream ends the answer and keeps what arrived: %s %j', (api, event) => {
  const words = {
    messages: { type: 'content_block_delta', delta: { type: 'text_delta', text: 'Half' } },
    chat: { choices: [{ delta: { content: 'Half' } }] },
    responses: { type: 'response.output_text.delta', delta: 'Half' },
  }
  const answer = run(api, [words[api], event])
  expect([textOf(answer), answer.endedAt]).toEqual(['Half', 1100])
  expect(answer.fault).toMatchObject({ status: 200, message: 'Busy.' })
  expect(faultText(answer.fault ?? { status: 0, type: '', message: '' })).not.toBe('playground.error')
})

test.each(['messages', 'chat', 'responses'] as const)('what is not known changes nothing: %s', (api) => {
  for (const event of [
    {},
    { type: 'new_event' },
    { type: 'content_block_delta', delta: null },
    { type: 'message_start', message: 3 },
    { choices: 'none' },
    { choices: [null] },
  ]) {
    expect(run(api, [event])).toEqual(startAnswer(500))
  }
})

describe('the next request', () => {
  const failed = { ...answered({ kind: 'text', text: 'x' }), fault: { status: 200, type: 'api_error', message: '' } }
  const exchanges = [
    exchange('one', answered({ kind: 'text', text: 'Yes.' })),
    exchange('two', failed),
    exchange('three', answered()),
    exchange('four', undefined),
  ]

  test('only answered questions are sent along with it', () => {
    expect(history(exchanges).map(({ question }) => question.text)).toEqual(['one'])
  })

  const picture = { name: 'p.png', type: 'image/png', base64: 'AAAA' }
  const turns = [
    {
      question: ask('look', { pictures: [picture] }),
      answer: answered(
        { kind: 'thinking', text: 'Hm.', signature: 'xyz' },
        { kind: 'thinking', text: 'not proven' },
        { kind: 'text', text: 'I see.' },
        { kind: 'call', id: 'c1', name: 'zoom', input: '{"by":2}' },
      ),
    },
    { question: ask('', { results: [{ id: 'c1', text: 'a cat' }] }) },
  ]
  const settings = { ...defaultSettings, system: 'Be brief.', maxTokens: 100 }

  test('in Messages', () => {
    expect(bodyOf({ ...settings, thinking: true, budget: 2048, temperature: 0.5 }, 'm', turns)).toEqual({
      model: 'm',
      max_tokens: 100,
      system: 'Be brief.',
      messages: [
        {
          role: 'user',
          content: [
            { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } },
            { type: 'text', text: 'look' },
          ],
        },
        {
          role: 'assistant',
          content: [
            { type: 'thinking', thinking: 'Hm.', signature: 'xyz' },
            { type: 'text', text: 'I see.' },
            { type: 'tool_use', id: 'c1', name: 'zoom', input: { by: 2 } },
          ],
        },
        { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'c1', content: 'a cat' }] },
      ],
      thinking: { type: 'enabled', budget_tokens: 2048 },
      stream: true,
    })
  })

  test('in Chat Completions', () => {
    expect(bodyOf({ ...settings, api: 'chat', temperature: 0.5 }, 'm', turns)).toEqual({
      model: 'm',
      max_completion_tokens: 100,
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
            { type: 'text', text: 'look' },
          ],
        },
        {
          role: 'assistant',
          content: 'I see.',
          tool_calls: [{ id: 'c1', type: 'function', function: { name: 'zoom', arguments: '{"by":2}' } }],
        },
        { role: 'tool', tool_call_id: 'c1', content: 'a cat' },
      ],
      temperature: 0.5,
      stream: true,
      stream_options: { include_usage: true },
    })
  })

  test('in Responses', () => {
    expect(bodyOf({ ...settings, api: 'responses', thinking: true, effort: 'high' }, 'm', turns)).toEqual({
      model: 'm',
      max_output_tokens: 100,
      instructions: 'Be brief.',
      input: [
        {
          role: 'user',
          content: [
            { type: 'input_image', image_url: 'data:image/png;base64,AAAA' },
            { type: 'input_text', text: 'look' },
          ],
        },
        { role: 'assistant', content: 'I see.' },
        { type: 'function_call', call_id: 'c1', name: 'zoom', arguments: '{"by":2}' },
        { type: 'function_call_output', call_id: 'c1', output: 'a cat' },
      ],
      reasoning: { effort: 'high', summary: 'auto' },
      store: false,
      stream: true,
    })
  })

  test('calls that were broken off have no arguments', () => {
    const broken = [{ question: ask('x'), answer: answered({ kind: 'call', id: 'c', name: 'n', input: '{"a' }) }]
    expect(JSON.stringify(bodyOf(settings, 'm', broken))).toContain('"input":{}')
    expect(JSON.stringify(bodyOf({ ...settings, api: 'chat' }, 'm', broken))).toContain('"arguments":"{}"')
  })

  test('waits for the results of calls, of an answer that ended without a failure', () => {
    const call = { kind: 'call', id: 'c', name: 'n', input: '{}' } as const
    expect(openCalls([exchange('x', answered(call))])).toEqual([call])
    expect(openCalls([exchange('x', { ...answered(call), fault: { status: 200, type: '', message: '' } })])).toEqual([])
    expect(openCalls([exchange('x', { ...startAnswer(0), blocks: [call] })])).toEqual([])
    expect(callsOf(answered(call))).toEqual([call])
  })
})

describe('tools', () => {
  const schema = { type: 'object', properties: { at: { type: 'string' } } }
  const spelt = {
    messages: { name: 'look', description: 'Looks.', input_schema: schema },
    chat: { type: 'function', function: { name: 'look', description: 'Looks.', parameters: schema } },
    responses: { type: 'function', name: 'look', description: 'Looks.', parameters: schema },
  }

  test.each(['messages', 'chat', 'responses'] as const)('spelt for any API are spelt for %s', (to) => {
    for (const from of Object.values(spelt)) {
      const read = readTools(JSON.stringify([from]))
      expect(read.ok && writeTools(read.tools, to)).toEqual([spelt[to]])
    }
  })

  test('of other kinds are passed on as they are; one alone needs no list', () => {
    const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 1 }
    const read = readTools(JSON.stringify(search))
    expect(read.ok && writeTools(read.tools, 'messages')).toEqual([search])
  })

  test.each([
    ['', undefined],
    ['[]', undefined],
    ['[{', 'playground.toolsJson'],
    ['[5]', 'playground.toolsShape'],
    ['[{"description":"x"}]', 'playground.toolsShape'],
    ['[{"type":"function","function":{}}]', 'playground.toolsShape'],
  ] as const)('%s: %s', (text, fault) => {
    expect(settingsFaults({ ...defaultSettings, tools: text }).tools).toBe(fault)
  })
})

test.each([
  [{ maxTokens: 0 }, 'maxTokens'],
  [{ maxTokens: Number.NaN }, 'maxTokens'],
  [{ maxTokens: 1.5 }, 'maxTokens'],
  [{ maxTokens: 64_001 }, 'maxTokens'],
  [{ temperature: 1.1 }, 'temperature'],
  [{ thinking: true, budget: 10 }, 'budget'],
  [{ thinking: true, budget: 4096, maxTokens: 4096 }, 'budget'],
  [{ system: 'x'.repeat(20_001) }, 'system'],
  [{ thinking: true, api: 'chat', budget: 10 }, undefined],
  [{ temperature: 0 }, undefined],
  [{}, undefined],
] as const)('settings that cannot be sent are said beside their field: case %#', (part, field) => {
  expect(Object.keys(settingsFaults({ ...defaultSettings, ...part }))).toEqual(field === undefined ? [] : [field])
})

test.each([
  [0, 'connection_error', 'error.unreachable'],
  [401, 'authentication_error', 'playground.errorSession'],
  [403, 'permission_error', 'playground.errorRole'],
  [429, 'rate_limit_error', 'playground.errorBusy'],
  [429, 'insufficient_quota', 'playground.errorQuota'],
  [503, 'account_unavailable', 'playground.errorAccounts'],
  [503, 'api_error', 'playground.errorAccounts'],
  [404, 'not_found_error', 'playground.errorModel'],
  [413, 'request_too_large', 'playground.errorLarge'],
  [200, 'connection_error', 'playground.errorBroken'],
  [200, 'overloaded_error', 'playground.errorProviderBusy'],
  [500, 'api_error', 'playground.error'],
  [500, 'toString', 'playground.error'],
] as const)('a failure %p %s is headed %s', (status, type, key) => {
  expect(faultText({ status, type, message: '' })).toBe(key)
})

test('a failure that is recorded is told by its kind in the language of the page', () => {
  const fault = { status: 429, type: 'rate_limit_error', message: 'The quota of all accounts is used up.' }
  const zh = sayIn('zh-CN')
  expect(faultHead(fault, 'pool-exhausted', zh)).toBe('所有账号的额度都已用完。')
  expect(faultHead(fault, undefined, zh)).toBe('请求过多，请稍后重试。')
})

test('what the provider or a limit says stays beside it; what the gateway says by itself does not', () => {
  expect(['pool-exhausted', 'pool-cooling', 'no-account', 'internal', 'timeout'].every(saysAll)).toBe(true)
  expect(['invalid-request', 'upstream-failed', 'limit-reached', 'access-denied', 'new'].some(saysAll)).toBe(false)
  expect(saysAll(undefined)).toBe(false)
})

test('a token count of unknown origin is called an estimate', () => {
  expect(['measured', 'derived', 'estimated', 'toString', ''].map(tokenSource)).toEqual([
    'playground.source.measured',
    'playground.source.derived',
    'playground.source.estimated',
    'playground.source.estimated',
    'playground.source.estimated',
  ])
})

describe('pictures', () => {
  const file = (name: string, type: string, bytes: number) => new File([new Uint8Array(bytes)], name, { type })

  test('of the four kinds are read, others and too much are named', async () => {
    const limits = { bytes: 1_000, together: 2_000, count: 10 }
    const read = await readPictures(
      [
        file('a.png', 'image/png', 3),
        file('b.svg', 'image/svg+xml', 3),
        file('c.jpg', 'image/jpeg', 1_001),
        file('d.gif', 'image/gif', 900),
        file('e.webp', 'image/webp', 900),
        file('f.png', 'image/png', 300),
      ],
      [],
      0,
      limits,
    )
    expect(read.pictures.map(({ name }) => name)).toEqual(['a.png', 'd.gif', 'e.webp'])
    expect(read.pictures[0]).toEqual({ name: 'a.png', type: 'image/png', base64: 'AAAA' })
    expect(read.faults).toEqual([
      { name: 'b.svg', fault: 'playground.imageType' },
      { name: 'c.jpg', fault: 'playground.imageLarge' },
      { name: 'f.png', fault: 'playground.imagesLarge' },
    ])
    const more = await readPictures([file('x.png', 'image/png', 1)], [], 10)
    expect(more.faults).toEqual([{ name: 'x.png', fault: 'playground.imageMany' }])
  })

  test('large ones are spelt like small ones', () => {
    const bytes = crypto.getRandomValues(new Uint8Array(60_000))
    expect(base64Of(bytes)).toBe(Buffer.from(bytes).toString('base64'))
  })
})

const chatOf = (...exchanges: readonly Exchange[]): Chat => ({
  id: 'chat',
  title: 'Chat',
  createdAt: 0,
  updatedAt: 0,
  settings: defaultSettings,
  exchanges,
})
const idsOf = ({ exchanges }: Chat): string => exchanges.map(({ id }) => id).join(' ')
const said = (text: string, sentAt: number, more: Partial<Answer> = {}): Answer => ({
  ...startAnswer(sentAt),
  blocks: [{ kind: 'text', text }],
  endedAt: sentAt + 1,
  ...more,
})

describe('one chat in two tabs', () => {
  const [one, two, three, four] = ['one', 'two', 'three', 'four'].map((id) => exchange(id, said(id, 1))) as [
    Exchange,
    Exchange,
    Exchange,
    Exchange,
  ]
  const base = chatOf(one, two)
  /** As the browser gives it back: equal, and another object. */
  const read = (chat: Chat): Chat => structuredClone(chat)
  const merged = (mine: Chat, theirs: Chat): Chat => mergedChat(base, mine, read(theirs))

  test('what either added stays, what either took out is gone', () => {
    expect(idsOf(merged(chatOf(one, two, three), chatOf(one, two, four)))).toBe('one two three four')
    expect(idsOf(merged(chatOf(two), chatOf(one, two, four)))).toBe('two four')
    expect(idsOf(merged(chatOf(one, two, three), chatOf(two)))).toBe('two three')
    expect(idsOf(mergedChat(undefined, chatOf(three), read(chatOf(one))))).toBe('three one')
  })

  test('what they took out while I asked it again stays', () => {
    const again = { ...two, answers: [...two.answers, said('new', 2)], shown: 1 }
    expect(idsOf(merged(chatOf(one, again), chatOf(one)))).toBe('one two')
  })

  test('both asked it again: both answers stand, and mine is shown', () => {
    const again = (text: string, sentAt: number) => ({
      ...two,
      answers: [...two.answers, said(text, sentAt)],
      shown: 1,
    })
    const all = merged(chatOf(one, again('mine', 3)), chatOf(one, again('theirs', 2))).exchanges[1]
    expect(all?.answers.map(textOf).toSorted()).toEqual(['mine', 'theirs', 'two'])
    expect(all && textOf(all.answers[all.shown] ?? startAnswer(0))).toBe('mine')
  })

  test('an answer that one of them saw half stays as whole as the other has it', () => {
    const half = chatOf(exchange('x', said('Ha', 1, { endedAt: undefined } as object)))
    const whole = chatOf(exchange('x', said('Half', 1)))
    const seen = settled(read(half))
    expect(seen.exchanges[0]?.answers[0]?.stopReason).toBe('stopped')
    for (const chat of [mergedChat(half, seen, read(whole)), mergedChat(half, whole, seen)])
      expect(chat.exchanges[0]?.answers).toEqual([said('Half', 1)])
    // One that nobody goes on with does not wait for ever.
    expect(mergedChat(half, seen, read(half)).exchanges[0]?.answers[0]?.stopReason).toBe('stopped')
  })

  test('a name or a setting that one of them changed holds', () => {
    const named = { ...base, title: 'Named' }
    const set = { ...base, settings: { ...defaultSettings, maxTokens: 5 } }
    expect(merged(named, set)).toMatchObject({ title: 'Named', settings: { maxTokens: 5 } })
    expect(merged(set, named)).toMatchObject({ title: 'Named', settings: { maxTokens: 5 } })
  })
})

describe('an open chat', () => {
  const texts = new Map<string, string>()
  const drafts = {
    get: (id: string, isBegun: boolean) => texts.get(isBegun ? id : 'new') ?? '',
    set: (id: string, isBegun: boolean, text: string) => void texts.set(isBegun ? id : 'new', text),
  }
  /** What the browser keeps; another tab writes into it by `change`. */
  const stand = (start: Chat) => {
    let kept = structuredClone(start)
    const open = createOpenChat(
      start,
      {
        keep: async (chat, base) => (kept = structuredClone(mergedChat(base, chat, kept))),
        read: async () => structuredClone(kept),
        drafts,
        modelOf: () => undefined,
      },
      start,
    )
    return {
      open,
      kept: () => kept,
      change: (to: (chat: Chat) => Chat): void => {
        kept = to(structuredClone(kept))
      },
    }
  }
  const settle = () => Bun.sleep(0)
  const three = () => chatOf(...['one', 'two', 'three'].map((id) => exchange(id, said(id, 1))))

  test('gives back one exchange where it was, whatever came since', async () => {
    const { open, kept, change } = stand(three())
    const undo = open.remove('two')
    await settle()
    expect([idsOf(open.chat()), idsOf(kept())]).toEqual(['one three', 'one three'])
    change((chat) => ({ ...chat, exchanges: [...chat.exchanges, exchange('four', said('four', 2))] }))
    open.refresh()
    await settle()
    undo()
    undo()
    await settle()
    expect([idsOf(open.chat()), idsOf(kept())]).toEqual(['one two three four', 'one two three four'])
  })

  test('keeps what another tab wrote, without being told of it', async () => {
    const { open, kept, change } = stand(three())
    change((chat) => ({ ...chat, exchanges: [...chat.exchanges, exchange('four', said('four', 2))] }))
    open.rename('Named')
    open.show('one', 0)
    await settle()
    expect([kept().title, idsOf(kept()), idsOf(open.chat())]).toEqual(['Named', ...Array(2).fill('one two three four')])
  })

  test('remembers what was typed into it', () => {
    stand(three()).open.setDraft('half a prompt')
    expect(stand(three()).open.draft()).toBe('half a prompt')
  })
})

test('the results of calls are named by the tools, of a call that is gone by none', () => {
  const call = { kind: 'call', id: 'c1', name: 'zoom', input: '{}' } as const
  const results = ['c1', 'c2'].map((id) => ({ id, text: 'x' }))
  const asked = { ...exchange('b', undefined), question: ask('', { results }) }
  expect(answeredCalls(asked, [exchange('a', answered(call))]).map(({ name }) => name)).toEqual(['zoom', ''])
})

describe('chats', () => {
  test('are called by their first words', () => {
    expect(titleOf(ask('  Explain\n SSE '))).toBe('Explain SSE')
    expect(titleOf(ask('一'.repeat(40)))).toBe(`${'一'.repeat(30)}…`)
    expect(titleOf(ask('', { pictures: [{ name: 'cat.png', type: '', base64: '' }] }))).toBe('cat.png')
  })

  test('are bounded in number and size, the oldest go first, never the newest', () => {
    const entry = (id: string, bytes: number) => ({ id, title: '', createdAt: 0, updatedAt: 0, bytes })
    const many = Array.from({ length: bookLimits.chats + 2 }, (_, index) => entry(String(index), 1))
    expect(overfull(many, '0')).toEqual([String(bookLimits.chats), String(bookLimits.chats + 1)])
    const half = bookLimits.bytes / 2
    expect(overfull([entry('a', half), entry('b', half), entry('c', 1)], 'a')).toEqual(['c'])
    expect(overfull([entry('a', half * 3), entry('b', 1)], 'a')).toEqual(['b'])
  })

  test('become Markdown', () => {
    const chat: Pick<Chat, 'title' | 'exchanges'> = {
      title: 'T',
      exchanges: [exchange('Hi', answered({ kind: 'text', text: '**Yes**' }))],
    }
    expect(asMarkdown(chat, { you: 'You', answer: 'Answer' })).toBe('# T\n\n## You\n\nHi\n\n## Answer\n\n**Yes**\n')
  })
})

test('a stopped answer is not called complete', () => {
  const answer = startAnswer(1)
  expect(endingOf(answer)).toBeUndefined()
  expect(endingOf({ ...answer, endedAt: 2, stopReason: 'stopped' })).toBe('playground.stopped')
  expect(endingOf({ ...answer, endedAt: 2, stopReason: 'end' })).toBe('playground.ready')
})
