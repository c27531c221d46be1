import type { RequestRow } from '../../server/admin/contract/logs.ts'

/** A made-up row of the request log, `ago` seconds old. */
export const logRow = (number: number, ago: number, more: Partial<RequestRow> = {}): RequestRow => ({
  ...{ id: `req_made${number}`, timestamp: new Date(Date.now() - ago * 1000).toISOString() },
  ...{ endpoint_type: 'claude', dialect: 'anthropic', api_key_id: 'key_1', api_key_name: 'test', user_name: 'test' },
  ...{
    account_id: 'acc_1',
    account_label: 'team-01',
    model: 'claude-sonnet-4.5',
    requested_model: 'claude-sonnet-4.5',
  },
  ...{ is_stream: true, is_success: true, status_code: 200, first_token_ms: 900, duration_ms: 6_200 },
  ...{ input_tokens: 8_120, input_source: 'derived', output_tokens: 412, output_source: 'estimated' },
  ...{ cost_usd: 0.05, client_ip: '203.0.113.7', attempts: 1, content_captured: false },
  ...more,
})
