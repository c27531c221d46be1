import { expect, test } from 'bun:test'
import { createMetrics } from '../../server/observe/metrics.ts'

test('requests, tokens, streams and attempts are counted under their names', async () => {
  const metrics = createMetrics()
  const request = { dialect: 'anthropic', model: 'claude-sonnet-4.5' } as const
  metrics.requestEnded({ ...request, outcome: 'success', durationMs: 1500, firstTokenMs: 300 })
  metrics.requestEnded({ ...request, outcome: 'failure', errorKind: 'rate-limited', durationMs: 20 })
  metrics.tokensUsed('claude-sonnet-4.5', 'input', 'provider', 120)
  metrics.tokensUsed('claude-sonnet-4.5', 'output', 'estimated', 0)
  metrics.streamOpened()
  metrics.streamOpened()
  metrics.streamClosed()
  metrics.upstreamAttempted('rate-limited')
  metrics.noted('schema-cut')
  metrics.ruleBroken('image-size', 'repaired')
  const lines = (await metrics.text()).split('\n')
  for (const line of [
    'claude_server_requests_total{dialect="anthropic",gen_ai_request_model="claude-sonnet-4.5",outcome="success",error_type=""} 1',
    'claude_server_requests_total{dialect="anthropic",gen_ai_request_model="claude-sonnet-4.5",outcome="failure",error_type="rate-limited"} 1',
    'gen_ai_server_request_duration_seconds_sum{dialect="anthropic",outcome="success"} 1.5',
    'gen_ai_server_time_to_first_token_seconds_bucket{le="0.5",dialect="anthropic"} 1',
    'gen_ai_client_token_usage_total{gen_ai_request_model="claude-sonnet-4.5",gen_ai_token_type="input",source="provider"} 120',
    'claude_server_open_streams 1',
    'claude_server_upstream_attempts_total{outcome="rate-limited"} 1',
    'claude_server_noted_requests_total{what="schema-cut"} 1',
    'claude_server_refused_request_rules_total{rule="image-size",outcome="repaired"} 1',
  ]) {
    expect(lines).toContain(line)
  }
  expect(metrics.contentType).toStartWith('text/plain')
})

test('watched figures are read when asked for', async () => {
  const metrics = createMetrics()
  let size = 1
  let states: Record<string, number> = { ready: 2, cooling: 1 }
  metrics.watch('queue_size', 'Waiting.', () => size)
  metrics.watchEach('accounts', 'Accounts.', 'state', () => states)
  size = 7
  expect(await metrics.text()).toContain('claude_server_queue_size 7')
  states = { ready: 3 }
  const text = await metrics.text()
  expect(text).toContain('claude_server_accounts{state="ready"} 3')
  expect(text).not.toContain('cooling')
})

test('made-up model names do not grow it without end', async () => {
  const metrics = createMetrics()
  for (let turn = 0; turn < 5000; turn++) {
    metrics.requestEnded({ dialect: 'anthropic', model: `m-${turn}`, outcome: 'failure', durationMs: 1 })
  }
  const text = await metrics.text()
  expect(text.match(/claude_server_requests_total\{/g)).toHaveLength(201)
  expect(text).toContain('gen_ai_request_model="other"')
})

test('two registries do not share anything', async () => {
  const one = createMetrics()
  createMetrics()
  one.streamOpened()
  expect(await createMetrics().text()).toContain('claude_server_open_streams 0')
})
