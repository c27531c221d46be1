import { expect, test } from 'bun:test'
import { afterProbe, type ProbeDeps, probeProxy, uncheckedProxy } from '../../server/egress/health.ts'
import { createTestEffects, settle } from '../support/effects.ts'

const up = { ok: true, latencyMs: 20 } as const
const down = { ok: false, reason: 'ECONNREFUSED' } as const

test('a success is up, failures count, and the last known latency stays', () => {
  const first = afterProbe(uncheckedProxy, up, 100)
  expect(first).toEqual({ state: 'up', checkedAt: 100, latencyMs: 20, failures: 0 })
  const failed = afterProbe(afterProbe(first, down, 200), down, 300)
  expect(failed).toEqual({ state: 'down', checkedAt: 300, latencyMs: 20, failures: 2, reason: 'ECONNREFUSED' })
  expect(afterProbe(failed, up, 400)).toEqual({ state: 'up', checkedAt: 400, latencyMs: 20, failures: 0 })
  expect(afterProbe(uncheckedProxy, down, 1)).toEqual({
    state: 'down',
    checkedAt: 1,
    failures: 1,
    reason: 'ECONNREFUSED',
  })
})

type Answers = readonly (number | string | 'silent')[]
function world(answers: Answers, targetUrl = 'https://provider.example/') {
  const effects = createTestEffects()
  const asked: string[] = []
  const fetch: ProbeDeps['fetch'] = async (url, init) => {
    asked.push(`${init.method} ${url}`)
    const answer = answers[asked.length - 1]
    if (answer === 'silent') {
      return new Promise((_, reject) => init.signal?.addEventListener('abort', () => reject(init.signal?.reason)))
    }
    if (typeof answer === 'number') return new Response(null, { status: answer })
    throw Object.assign(new Error('http://user:SECRET@proxy failed'), { code: answer })
  }
  return { effects, asked, deps: { effects, fetch, targetUrl, userAgent: 'test' } }
}

test.each<[string, Answers, string, object, number]>([
  ['any answer of the provider', [404], 'https://p.example/', { ok: true }, 1],
  ['a second try that succeeds', ['ECONNRESET', 200], 'https://p.example/', { ok: true }, 2],
  ['two failures', ['ECONNRESET', 'ECONNREFUSED'], 'https://p.example/', { ok: false, reason: 'ECONNREFUSED' }, 2],
  ['a gateway error within TLS: the provider’s own', [502], 'https://p.example/', { ok: true }, 1],
  [
    'a gateway error without TLS: maybe the proxy’s',
    [502, 407],
    'http://p.example/',
    { ok: false, reason: 'status 407' },
    2,
  ],
])('%s', async (_, answers, targetUrl, result, calls) => {
  const { deps, asked } = world(answers, targetUrl)
  expect(await probeProxy(deps)).toMatchObject(result)
  expect(asked).toEqual(Array(calls).fill(`HEAD ${targetUrl}`))
})

test('silence is a timeout', async () => {
  const { deps, effects } = world(['silent', 'silent'])
  const probed = probeProxy(deps)
  await effects.advance(10_000)
  await effects.advance(10_000)
  expect(await probed).toEqual({ ok: false, reason: 'timeout' })
})

test('a stop ends it without a second try', async () => {
  const { deps, asked } = world(['silent', 'silent'])
  const controller = new AbortController()
  const probed = probeProxy(deps, controller.signal)
  await settle()
  controller.abort()
  expect(await probed).toEqual({ ok: false, reason: 'cancelled' })
  expect(asked).toHaveLength(1)
})
