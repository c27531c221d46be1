import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'

let gateway: ClockedGateway
beforeAll(async () => {
  gateway = await startClockedGateway({ realDelays: true })
}, 240_000)
afterAll(() => gateway.stop())

const model = 'claude-sonnet-4.5'
const schema = { type: 'object', properties: { x: { type: 'string' } }, required: ['x'] }
const requests = {
  '/v1/messages': {
    ...{ max_tokens: 300, tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    output_config: { format: { type: 'json_schema', schema } },
  },
  '/v1/chat/completions': {
    ...{ max_tokens: 300, web_search_options: {} },
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
  },
  '/v1/responses': {
    ...{ max_output_tokens: 300, tools: [{ type: 'web_search' }] },
    text: { format: { type: 'json_schema', name: 'x', schema } },
  },
}
type Path = keyof typeof requests
const body = (path: Path, content: string, more: object = {}): object => ({
  ...{ model, ...requests[path], ...more },
  ...(path === '/v1/responses' ? { input: content } : { messages: [{ role: 'user', content }] }),
})
const asked = () => gateway.simulator.requests().filter(({ operation }) => operation === 'GenerateAssistantResponse')
const newest = async () => {
  await gateway.pass(3_000) // rows are written in batches
  return (await gateway.call('GET', '/v2/logs?limit=1')).json.logs[0]
}
/** A search, an answer that misses, and its repair. */
const threeTurns = '[[sim:search=bun]][[sim:text=It is warm.]]'

describe.each(Object.keys(requests) as Path[])('three turns of %s', (path) => {
  test('count once against its key and its user, whole and streamed', async () => {
    const user = (await gateway.call('POST', '/v2/users', { name: `of ${path}`, daily_quota: 1_000_000 })).json
    const bearer = { authorization: `Bearer ${user.api_key}` }
    let sum = 0
    for (const [index, stream] of [false, true].entries()) {
      const before = asked().length
      const answer = await gateway.call('POST', path, body(path, threeTurns, { stream }), bearer)
      expect([answer.status, asked().length - before]).toEqual([200, 3])
      const row = await newest()
      expect(row.route.turns.map(({ purpose = 'first' }) => purpose)).toEqual(['first', 'search', 'repair'])
      const ofTurns = row.route.turns.map(({ usage }: { usage: { input: Figure; output: Figure } }) => [
        usage.input.tokens,
        usage.output.tokens,
      ])
      const [input, output] = [0, 1].map((at) =>
        ofTurns.reduce((all: number, one: number[]) => all + (one[at] ?? 0), 0),
      )
      expect([row.input_tokens, row.output_tokens]).toEqual([input, output])
      sum += input + output
      const used = (await gateway.call('GET', '/v1/usage', undefined, bearer)).json
      for (const subject of [used.key, used.user]) {
        const { requests: count, input_tokens, output_tokens } = subject.usage.today
        expect([count, input_tokens + output_tokens]).toEqual([index + 1, sum])
      }
    }
  })

  test('all that the model says in them is within the limit the caller gave', async () => {
    const more = path === '/v1/responses' ? { max_output_tokens: 60 } : { max_tokens: 60 }
    await gateway.call('POST', path, body(path, threeTurns, more), { authorization: `Bearer ${gateway.key}` })
    const { output_tokens, route } = await newest()
    expect(route.turns.length).toBeGreaterThan(1)
    expect(output_tokens).toBeLessThanOrEqual(60)
  })

  const turns = (['search', 'repair'] as const).flatMap((which) =>
    [true, false].map((stream) => [which, stream] as const),
  )
  test.each(turns)(
    'a caller that leaves during the %s ends that turn at the provider, streamed: %p',
    async (which, stream) => {
      const first =
        which === 'search'
          ? { type: 'tool', name: 'internet_search', input: { query: 'bun' } }
          : { type: 'text', text: 'No.' }
      const { simulator } = gateway
      simulator.enqueue({ steps: [first as { type: 'text'; text: string }] })
      // In pieces: the provider notices at the next one that nobody reads any more.
      const piece = [{ type: 'text', text: 'x ' } as const, { type: 'pause', ms: 20 } as const]
      simulator.enqueue({ steps: Array.from({ length: 1_000 }, () => piece).flat() })
      const before = { turns: asked().length, aborted: simulator.counters().abortedStreams }
      const leaving = new AbortController()
      const sent = fetch(gateway.url() + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body(path, 'Hi', { stream })),
        signal: leaving.signal,
      })
        .then((response) => response.text())
        .catch(() => 'left')
      const settled = async (is: () => boolean): Promise<void> => {
        for (const end = performance.now() + 30_000; !is() && performance.now() < end; ) {
          await gateway.effects.advance(0)
          await Bun.sleep(5)
        }
        expect(is()).toBe(true)
      }
      await settled(() => asked().length === before.turns + 2 && simulator.counters().openStreams === 1)
      leaving.abort()
      expect(await sent).toBe('left')
      await settled(() => simulator.counters().abortedStreams === before.aborted + 1)
      expect(simulator.counters().openStreams).toBe(0)
      expect(asked().length).toBe(before.turns + 2)
      const row = await newest()
      expect([row.error_kind, row.route.turns.map(({ purpose = 'first' }) => purpose)]).toEqual([
        'cancelled',
        ['first', which],
      ])
    },
  )
})

type Figure = { readonly tokens: number }
