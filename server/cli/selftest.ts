import { startApp } from '../app/app.ts'
import { startDemo } from '../app/demo.ts'
import type { Config } from '../config/schema.ts'
import type { Effects } from '../lib/effects.ts'
import type { Logger } from '../observe/log.ts'

export type SelftestResult = { readonly name: string; readonly ok: boolean; readonly detail: string }

type Call = (path: string, body?: object, headers?: Record<string, string>) => Promise<{ status: number; text: string }>

/**
 * Runs the whole path in this process, against the simulated provider: sign-in refresh, key, the client APIs, tools,
 * thinking, limits, errors, the console, a clean stop. Touches no data of the operator's.
 */
export async function selftest(
  config: Config,
  effects: Effects,
  log: Logger,
  version: string,
): Promise<readonly SelftestResult[]> {
  const server = { ...config.server, host: '127.0.0.1', port: 0, shutdownGraceSeconds: 5 }
  const demo = await startDemo({ ...config, server }, effects)
  const results: SelftestResult[] = []
  const started = await startApp({
    config: demo.config,
    effects,
    log,
    version,
    demo: demo.shown,
    prepare: demo.prepare,
  })
  if (!started.ok) {
    await demo.stop()
    return [{ name: 'start', ok: false, detail: started.error.message }]
  }
  const app = started.value
  const call: Call = async (path, body, headers = {}) => {
    const answer = await effects.fetch(`http://127.0.0.1:${app.port}${path}`, {
      headers: { 'x-api-key': demo.shown.key, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) }),
    })
    return { status: answer.status, text: await answer.text() }
  }
  for (const [name, check] of checks) {
    try {
      const fault = await check(call)
      results.push({ name, ok: fault === undefined, detail: fault ?? '' })
    } catch (thrown) {
      results.push({ name, ok: false, detail: String(thrown) })
    }
  }
  const whole = await app.stop()
  results.push({ name: 'a clean stop', ok: whole, detail: whole ? '' : 'streams had to be cut' })
  await demo.stop()
  return results
}

const model = 'claude-sonnet-4-5'
const tools = [
  {
    name: 'get_weather',
    description: 'Weather of a city',
    input_schema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  },
]
const message = (content: unknown, more: object = {}): object => ({
  model,
  max_tokens: 1_000,
  messages: [{ role: 'user', content }],
  ...more,
})

/** Each gives what is wrong, or undefined. */
const checks: readonly (readonly [name: string, check: (call: Call) => Promise<string | undefined>])[] = [
  [
    'health and version',
    async (call) => expect((await call('/healthz')).text, '"ok"') ?? expect((await call('/version')).text, 'version'),
  ],
  ['the console', async (call) => expect((await call('/', undefined, { accept: 'text/html' })).text, '<html')],
  [
    'the model list, read from the account',
    async (call) => expect((await call('/v1/models')).text, 'claude-sonnet-4.5'),
  ],
  [
    'Messages, whole',
    async (call) => expect((await call('/v1/messages', message('Hello'))).text, '"stop_reason":"end_turn"'),
  ],
  [
    'Messages, streamed',
    async (call) => {
      const { text } = await call('/v1/messages', message('Hello', { stream: true }))
      return expect(text, 'content_block_delta') ?? expect(text, 'event: message_stop')
    },
  ],
  [
    'a tool call and its result',
    async (call) => {
      const asked = { role: 'user', content: 'Use get_weather for Paris.' }
      const first = JSON.parse((await call('/v1/messages', { ...message(''), messages: [asked], tools })).text)
      const use = first.content?.find((block: { type: string }) => block.type === 'tool_use')
      if (use === undefined) return 'no tool was called'
      const result = { type: 'tool_result', tool_use_id: use.id, content: 'sunny, 21 degrees' }
      const turns = [asked, { role: 'assistant', content: first.content }, { role: 'user', content: [result] }]
      return expect((await call('/v1/messages', { ...message(''), messages: turns, tools })).text, 'sunny')
    },
  ],
  [
    'thinking',
    async (call) =>
      expect(
        (
          await call(
            '/v1/messages',
            message('Think about it.', { max_tokens: 4_000, thinking: { type: 'enabled', budget_tokens: 2_000 } }),
          )
        ).text,
        '"type":"thinking"',
      ),
  ],
  [
    'Chat Completions, streamed with usage',
    async (call) => {
      const { text } = await call('/v1/chat/completions', {
        model,
        stream: true,
        stream_options: { include_usage: true },
        messages: [{ role: 'user', content: 'Hello' }],
      })
      return (
        expect(text, '"finish_reason":"stop"') ?? expect(text, '"completion_tokens":') ?? expect(text, 'data: [DONE]')
      )
    },
  ],
  [
    'Responses, streamed, and gone on from',
    async (call) => {
      const { text } = await call('/v1/responses', { model, stream: true, input: 'Hello' })
      const fault = expect(text, 'response.output_text.delta') ?? expect(text, 'event: response.completed')
      if (fault !== undefined) return fault
      const id = /"id":"(resp_[^"]+)"/.exec(text)?.[1]
      const more = await call('/v1/responses', { model, previous_response_id: id, input: 'And again' })
      return expect(more.text, '"status":"completed"') ?? expect((await call(`/v1/responses/${id}`)).text, `"${id}"`)
    },
  ],
  [
    'a stop sequence',
    async (call) =>
      expect(
        (await call('/v1/messages', message('[[sim:text=one two three four]]', { stop_sequences: ['three'] }))).text,
        '"stop_reason":"stop_sequence"',
      ),
  ],
  [
    'token counting',
    async (call) => expect((await call('/v1/messages/count_tokens', message('Hello'))).text, '"input_tokens":'),
  ],
  [
    'a wrong key is refused',
    async (call) =>
      expect(String((await call('/v1/messages', message('Hello'), { 'x-api-key': 'sk-wrong' })).status), '401'),
  ],
  [
    'an unknown model is refused with near names',
    async (call) =>
      expect((await call('/v1/messages', message('Hello', { model: 'claude-none' }))).text, 'not_found_error'),
  ],
  [
    'a reply that breaks is an error, never an end',
    async (call) =>
      expect(
        (await call('/v1/messages', message('[[sim:fault=exception-after-text]] hi', { stream: true }))).text,
        'event: error',
      ),
  ],
]

const expect = (text: string, part: string): string | undefined =>
  text.includes(part) ? undefined : `expected ${part} in: ${text.slice(0, 200)}`
