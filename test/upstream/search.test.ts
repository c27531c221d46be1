import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { realEffects } from '../../server/lib/effects.ts'
import { ok } from '../../server/lib/result.ts'
import { type Simulator, startSimulator } from '../../server/simulator/simulator.ts'
import type { AmazonQSettings } from '../../server/upstream/amazonq/endpoint.ts'
import { classifyHttpError } from '../../server/upstream/amazonq/errors.ts'
import { createWebSearch, resultsOf } from '../../server/upstream/amazonq/search.ts'

const answer = (found: unknown, more: object = {}) => ({
  jsonrpc: '2.0',
  id: '1',
  result: { content: [{ type: 'text', text: JSON.stringify(found) }], isError: false, ...more },
})
const raw = { title: 'Bun', url: 'https://bun.example', snippet: 'fast', publishedDate: 1_700_000_000_000 }
const read = { title: 'Bun', url: 'https://bun.example', snippet: 'fast', publishedAt: 1_700_000_000_000 }

describe('resultsOf', () => {
  test.each([
    ['an object', answer({ results: [raw] }), [read]],
    ['text within text', { result: JSON.stringify(answer({ results: [raw] }).result) }, [read]],
    ['nothing found', answer({ results: [] }), []],
    [
      'odd members',
      answer({ results: [{ url: 'https://a.example', publishedDate: null }, { title: 'x' }, { url: 'file:///x' }, 7] }),
      [{ title: 'https://a.example', url: 'https://a.example', snippet: '' }],
    ],
  ])('%s', (_, json, expected) => {
    expect(resultsOf(json)).toEqual(ok(expected as never))
  })

  test.each([
    ['an error', { error: { code: -32603, message: 'Internal error' } }, 'upstream-failed'],
    ['an error of the rate', { error: { code: 429, message: 'Too many requests' } }, 'rate-limited'],
    ['the tool’s error', answer({}, { isError: true }), 'upstream-failed'],
    ['an error in the text', answer({ results: null, error: 'no' }), 'upstream-failed'],
    ['no text', { result: {} }, 'upstream-failed'],
    ['no JSON in the text', { result: { content: [{ text: 'sorry' }] } }, 'upstream-failed'],
    ['nothing', undefined, 'upstream-failed'],
  ] as const)('%s is a failure', (_, json, kind) => {
    expect(resultsOf(json)).toMatchObject({ ok: false, error: { kind } })
  })
})

describe('createWebSearch', () => {
  let simulator: Simulator
  beforeAll(async () => {
    simulator = await startSimulator()
  })
  afterAll(() => simulator.stop())

  const make = (protocol: AmazonQSettings['protocol']) => {
    const account = simulator.accounts.add({ method: 'social', plan: 'power' })
    const { accessToken: token = '', profileArn } = account.secrets()
    const access = { token, method: 'social' as const, region: 'us-east-1', ...(profileArn && { profileArn }) }
    const search = createWebSearch({
      settings: {
        ...{ protocol, host: 'q', origin: 'AI_EDITOR', optOut: true, defaultRegion: 'us-east-1', version: '1.0.0' },
        ...{ connectTimeoutMs: 1_000, firstEventTimeoutMs: 1_000, idleTimeoutMs: 1_000, qUrl: simulator.url },
      },
      effects: realEffects,
      tokens: { get: () => ok({ ...access, token: 'stale' }), replace: async () => ok(access) },
      classify: classifyHttpError,
    })
    return { search, profileArn }
  }

  test.each(['rpc', 'rest'] as const)('%s: searches, with a newer token where one was refused', async (protocol) => {
    const { search, profileArn } = make(protocol)
    const found = await search('acc', 'bun', new AbortController().signal)
    expect(found.ok && found.value.map(({ url }) => url)).toHaveLength(3)
    const sent = simulator.requests().at(-1)
    expect(sent).toMatchObject({ operation: 'InvokeMCP', protocol })
    expect(sent?.body).toMatchObject({
      ...{ jsonrpc: '2.0', method: 'tools/call', params: { name: 'web_search', arguments: { query: 'bun' } } },
      ...(protocol === 'rpc' ? { profileArn } : {}),
    })
    const header = new Headers(sent?.headers as Record<string, string>).get('x-amzn-kiro-profile-arn')
    expect(header).toBe(protocol === 'rest' ? (profileArn ?? null) : null)
  })

  test('a refusal is told in our words, and who leaves is not an error of the provider', async () => {
    const { search } = make('rpc')
    expect(await search('acc', 'bun is refused', new AbortController().signal)).toMatchObject({ ok: false })
    expect(await search('acc', 'bun', AbortSignal.abort())).toMatchObject({ error: { kind: 'cancelled' } })
  })
})
