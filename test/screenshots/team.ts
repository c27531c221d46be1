import { Database } from 'bun:sqlite'
import path from 'node:path'
import { dayMs, hourMs } from '../../server/store/periods.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'

const people = ['Lin Chen', 'Marta Oliveira', 'Build server', 'Sam Okafor', 'Yuki Tanaka'] as const
const models = ['claude-sonnet-4.5', 'claude-haiku-4.5', 'claude-opus-4.5'] as const
const clients = [
  'claude-cli/2.1.0 (external, cli)',
  'codex_cli_rs/0.61.0',
  'opencode/1.2.3',
  'OpenAI/Python 2.8.1',
] as const
const dialects = ['anthropic', 'openai-responses', 'openai-chat', 'openai-chat'] as const
const failures = [
  { kind: 'rate-limited', status: 429, message: 'The provider asks for a pause on every account.' },
  { kind: 'upstream-failed', status: 502, message: 'The provider answered 500 InternalServerException.' },
  { kind: 'cancelled', status: 499, message: 'The client left before the end.' },
] as const
const days = 14
const rowsPerDay = 900

/**
 * A gateway that a team of five has used for two weeks: accounts of the simulated provider in several states, users with limits,
 * made-up log rows (seeded: every run has the same), and some conversations that really took place just now.
 */
export async function startTeam(): Promise<Gateway> {
  const gateway = await startGateway({
    simulator: { paceMs: 12, firstDelayMs: 250 },
    accounts: [
      { id: 'platform', plan: 'power', email: 'platform@team.example' },
      { id: 'research', plan: 'power', email: 'research@team.example', quota: { used: 9_100, limit: 10_000 } },
      { id: 'mobile', plan: 'pro', email: 'mobile@team.example', quota: { used: 640, limit: 1_000 } },
      { id: 'design', plan: 'pro', email: 'design@team.example', quota: { used: 180, limit: 1_000 } },
      { id: 'contractor', plan: 'pro', email: 'contractor@team.example', fault: 'suspended' },
    ],
  })
  const users: { readonly id: string; readonly key: string }[] = []
  for (const [turn, name] of people.entries()) {
    const made = await gateway.admin('POST', '/v2/users', {
      name,
      request_quota: turn === 2 ? 5_000 : 400,
      monthly_quota: 40_000_000,
      is_vip: turn === 0,
    })
    users.push({ id: String(made.id), key: String(made.api_key) })
  }
  const rows = await fillLog(gateway, users)
  for (let turn = 0; turn < 24; turn++) await converse(gateway, users[turn % users.length]?.key ?? gateway.key, turn)
  // The sums of so many rows come about in the background.
  for (let counted = 0; counted < rows; await Bun.sleep(200)) {
    const sums = await gateway.admin('GET', '/v2/logs/stats?start_time=2020-01-01T00:00:00Z&bucket=day')
    counted = Number(sums.total_requests)
  }
  return gateway
}

/** How many rows there are then. */
async function fillLog(gateway: Gateway, users: readonly { readonly id: string }[]): Promise<number> {
  const keys = new Map<string, string>()
  for (const { id } of users) {
    const { keys: own } = (await gateway.admin('GET', `/v2/users/${id}`)) as { keys: readonly { id: string }[] }
    keys.set(id, own[0]?.id ?? '')
  }
  const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: readonly { id: string }[] }
  const db = new Database(path.join(gateway.dataDir, 'data.sqlite3'))
  db.exec('PRAGMA busy_timeout = 5000')
  const columns = [
    ...['id', 'at', 'dialect', 'key_id', 'user_id', 'account_id', 'model', 'upstream_model', 'stream', 'status'],
    ...[
      'error_kind',
      'error_message',
      'first_token_ms',
      'duration_ms',
      'input_tokens',
      'input_source',
      'output_tokens',
    ],
    ...['output_source', 'input_micro_usd', 'output_micro_usd', 'credits', 'session', 'peer', 'user_agent', 'attempts'],
    'route',
  ]
  const insert = db.query(`INSERT INTO requests (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`)
  const chance = seeded(11)
  const among = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T
  const now = Date.now()
  const times: number[] = []
  for (let day = days; day >= 0; day--) {
    for (let turn = 0; turn < rowsPerDay; turn++) {
      const at = now - day * dayMs - Math.floor(chance() * dayMs)
      if (chance() < busyness(at) && at < now - 5 * 60_000) times.push(at)
    }
  }
  times.sort((one, other) => one - other)
  const add = db.transaction(() => {
    for (const [turn, at] of times.entries()) {
      const user = users[Math.floor(chance() ** 1.6 * users.length)]?.id ?? ''
      const model = models[Math.floor(chance() ** 1.8 * models.length)] ?? 'auto'
      const failure = chance() < 0.012 ? among(failures) : undefined
      const kind = Math.floor(chance() * dialects.length)
      const [input, output] = [800 + Math.floor(chance() ** 2 * 60_000), 60 + Math.floor(chance() ** 2 * 2_400)]
      const first = 380 + Math.floor(chance() ** 3 * 2_800)
      const account = accounts[Math.floor(chance() * (accounts.length - 1))]?.id ?? ''
      insert.run(
        `req_${(at + 1e12).toString(36)}${turn.toString(36).padStart(15, '0')}`,
        at,
        dialects[kind] ?? '',
        keys.get(user) ?? '',
        user,
        account,
        model,
        model,
        chance() < 0.93 ? 1 : 0,
        failure?.status ?? 200,
        failure?.kind ?? null,
        failure?.message ?? null,
        failure === undefined ? first : null,
        first + output * 14,
        input,
        'derived',
        failure === undefined ? output : 0,
        'measured',
        Math.round(input * 3),
        Math.round(output * 15),
        failure === undefined ? 0.02 + output / 9_000 : 0,
        `s-${Math.floor(turn / 12)}`,
        `10.20.0.${10 + Math.floor(chance() * 12)}`,
        clients[kind] ?? '',
        chance() < 0.03 ? 2 : 1,
        JSON.stringify({
          considered: [],
          by: 'least_loaded',
          attempts: [{ accountId: account, startedMs: 1, waitedMs: 0, endedMs: first + output * 14, outcome: 'ok' }],
        }),
      )
    }
  })
  add()
  db.close()
  return times.length
}

async function converse(gateway: Gateway, key: string, turn: number): Promise<void> {
  const answer = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: {
      'x-api-key': key,
      'anthropic-version': '2023-06-01',
      'content-type': 'application/json',
      'user-agent': clients[0],
    },
    body: JSON.stringify({
      model: 'claude-sonnet-4-5',
      max_tokens: 400,
      stream: turn % 3 > 0,
      messages: [{ role: 'user', content: `Explain change ${turn} of the release notes in two sentences.` }],
    }),
  })
  await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`a conversation was answered ${answer.status}\n${gateway.logs().slice(-2_000)}`)
}

/** Working hours see most of it, nights little and weekends less. */
function busyness(at: number): number {
  const hour = (at % dayMs) / hourMs
  const weekend = [0, 6].includes(new Date(at).getUTCDay())
  const ofDay = 0.08 + 0.92 * Math.max(0, Math.sin(((hour - 6) / 14) * Math.PI))
  return weekend ? ofDay * 0.6 : ofDay
}

function seeded(start: number): () => number {
  let seed = start
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) | 0
    return (seed >>> 0) / 4_294_967_296
  }
}
