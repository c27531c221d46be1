import { Database } from 'bun:sqlite'

/** A generator of its own, so that a seed makes the same database everywhere (mulberry32). */
export function randomOf(seed: number) {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const chance = (share: number): boolean => next() < share
  const below = (most: number): number => Math.floor(next() * most)
  const pick = <T>(list: readonly T[]): T => list[below(list.length)] as T
  return { next, chance, below, pick }
}
type Random = ReturnType<typeof randomOf>
type Value = string | number | bigint | null | Uint8Array

const columns: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  accounts: {
    id: ['id'],
    text: [
      'label',
      'clientId',
      'clientSecret',
      'refreshToken',
      'accessToken',
      'other',
      'status_reason',
      'q_user_id',
      'email',
      'auth_method',
      'region',
      'machine_id',
      'password',
      'username',
      'subscription_type',
      'last_refresh_status',
      'status',
    ],
    time: ['last_refresh_time', 'created_at', 'updated_at', 'exhausted_at', 'quota_refreshed_at', 'token_expiry'],
    number: ['enabled', 'error_count', 'success_count', 'usage_current', 'usage_limit'],
  },
  users: {
    id: ['id'],
    text: ['name', 'email', 'api_key', 'notes'],
    time: ['created_at', 'updated_at', 'last_reset_daily', 'last_reset_monthly'],
    number: [
      'enabled',
      'is_vip',
      'daily_quota',
      'monthly_quota',
      'request_quota',
      'rate_limit_rpm',
      'total_tokens_used',
      'total_requests',
      'total_cost_usd',
    ],
  },
  user_token_usage: {
    id: ['id'],
    text: ['user_id', 'date'],
    number: ['input_tokens', 'output_tokens', 'total_tokens', 'request_count'],
  },
  request_logs: {
    id: ['id'],
    text: [
      'client_ip',
      'method',
      'path',
      'endpoint_type',
      'account_id',
      'user_id',
      'api_key_prefix',
      'model',
      'original_model',
      'error_message',
      'user_agent',
    ],
    time: ['timestamp'],
    number: ['status_code', 'is_success', 'is_stream', 'input_tokens', 'output_tokens', 'duration_ms'],
  },
  blocked_ips: { id: ['ip'], text: ['reason'], time: ['created_at'] },
  ip_configs: {
    id: ['ip'],
    text: ['notes'],
    number: ['rate_limit_rpm', 'daily_request_limit'],
    time: ['created_at', 'updated_at'],
  },
  imported_accounts: {
    id: ['id'],
    text: [
      'original_refresh_token',
      'email',
      'q_user_id',
      'access_token',
      'new_refresh_token',
      'subscription_type',
      'subscription_title',
      'account_id',
      'raw_response',
      'import_source',
    ],
    number: ['usage_current', 'usage_limit'],
    time: ['imported_at'],
  },
  proxies: { id: ['id'], text: ['url', 'name'], number: ['enabled', 'weight'], time: ['created_at', 'updated_at'] },
  settings: { id: ['setting_key'], text: ['setting_value'] },
}

/** Each is in a database somewhere as a secret: none may be in a report. */
export const secretMark = 'S3CRET'
let counter = 0

function valueFor(random: Random, kind: string, column: string): Value {
  if (random.chance(0.12)) return null
  if (random.chance(0.06)) return ''
  if (random.chance(0.04)) return Uint8Array.from([0xff, 0x00, 0x61, 0xc3])
  if (random.chance(0.03)) return `broken \ud83d${'\u0000'} \u202e ${'long '.repeat(random.below(900))}`
  if (random.chance(0.03)) return random.pick([9223372036854775807n, -9223372036854775808n, 1.5, -1, 1e300])
  switch (kind) {
    case 'time':
      return random.pick<Value>([
        '2026-11-28T14:26:36+08:00',
        '2025-10-01 08:00:00',
        'never',
        '2026-11-28',
        1_790_000_000,
        1_790_000_000_000,
        '0001-01-01T00:00:00Z',
        'soon',
        '2026-13-45T99:00:00Z',
        '2999-01-01T00:00:00Z',
      ])
    case 'number':
      return random.pick<Value>([0, 1, 1, 1, 5, 200, 1234567, '7', 'abc', '1,000', 12.75, -3, 'true', 'false'])
    case 'id':
      return column === 'ip'
        ? random.pick<Value>([
            `198.51.100.${random.below(200)}`,
            '2001:db8::1',
            '127.0.0.1',
            'not an address',
            '203.0.113.0/24',
            '::ffff:192.0.2.1',
          ])
        : column === 'setting_key'
          ? random.pick(settingNames)
          : random.chance(0.2)
            ? `twice-${random.below(3)}`
            : `id-${++counter}`
    default:
      return textFor(random, column)
  }
}

const settingNames = [
  'admin_password',
  'api_key',
  'enable_request_log',
  'log_retention_days',
  'account_selection_mode',
  'http_proxy',
  'blocked_ips',
  'port',
  'max_error_count',
  'schema_version',
  'alerts_enabled',
  'owner_key_id',
  'admin_password_hash',
  'free_request_count',
  'random_account_selection',
  'ip_rate_limit_max',
  '__proto__',
  'constructor',
  'proxy_pool_strategy',
]

function textFor(random: Random, column: string): Value {
  const secret = `${secretMark}-${column}-${++counter}`
  switch (column) {
    case 'refreshToken':
    case 'new_refresh_token':
      return random.chance(0.3) ? `aor${secretMark}-shared-token-0123456789` : `aor${secret}-0123456789abcdef`
    case 'accessToken':
    case 'access_token':
      return `aoa${secret}`
    case 'clientId':
      return random.pick([`client-${counter}`, 'social-0a1b2c3d'])
    case 'clientSecret':
    case 'original_refresh_token':
    case 'raw_response':
    case 'password':
      return secret
    case 'api_key':
      return random.pick([
        `sk-${secret}-0123456789abcdef`,
        `sk-${secretMark}-the-same-key-of-two`,
        'short',
        `sk-${secretMark}-${'x'.repeat(400)}`,
        `sk-${secretMark}-ключ`,
      ])
    case 'setting_value':
      return random.pick([
        'true',
        'false',
        '5',
        '-1',
        '999999999',
        'sequential',
        'nonsense',
        `http://user:${secret}@127.0.0.1:8080`,
        `${secret}-password`,
        '["127.0.0.1"]',
        'admin',
      ])
    case 'status':
      return random.pick(['normal', 'normal', 'disabled', 'suspended', 'exhausted', 'expired', 'Normal ', 'banned'])
    case 'auth_method':
      return random.pick(['IdC', 'social', 'whatever'])
    case 'region':
      return random.pick(['us-east-1', 'eu-central-1', 'moon'])
    case 'other':
      return random.pick<Value>([
        '{"a":1}',
        '{broken',
        new TextEncoder().encode('{"profileArn":"arn:aws:codewhisperer:us-east-1:1:profile/X"}'),
        'null',
        '[]',
      ])
    case 'url':
      return random.pick([
        `http://user:${secret}@127.0.0.1:8080`,
        'socks5://127.0.0.1:1080',
        `http://u-%:${secret}@127.0.0.1:9`,
        'ftp://x',
        'http://noport',
      ])
    case 'user_id':
    case 'account_id':
      return random.pick([`id-${random.below(counter + 1)}`, 'gone', 'twice-1'])
    case 'date':
      return random.pick(['2026-11-28', '2026-11-27', '2026-11-28', '2026-11-28T00:00:00+08:00', 'a day'])
    case 'endpoint_type':
      return random.pick(['claude', 'openai', 'admin', 'other'])
    case 'client_ip':
      return random.pick(['198.51.100.7', '2001:db8::7', 'unknown'])
    default:
      return random.pick([`text ${counter}`, '中文 🙂', '=1+1', '<b>"quoted"</b>'])
  }
}

/** A database of some edition with rows of every kind of damage that SQLite lets happen. */
export function makeHostile(file: string, seed: number): void {
  const random = randomOf(seed)
  const db = new Database(file, { create: true })
  db.exec(random.chance(0.5) ? 'PRAGMA journal_mode = WAL' : 'PRAGMA journal_mode = DELETE')
  for (const [table, kinds] of Object.entries(columns)) {
    if (table !== 'accounts' && table !== 'settings' && random.chance(0.1)) continue
    const oldNames = table === 'settings' && random.chance(0.2)
    const all = Object.entries(kinds).flatMap(([kind, names]) => names.map((name) => ({ kind, name })))
    // Editions lack columns; those that tell the original are always there.
    const kept = all.filter(
      ({ kind, name }) => kind === 'id' || name === 'clientId' || name === 'setting_value' || random.chance(0.9),
    )
    const shown = (name: string): string => (oldNames ? name.replace('setting_', '') : name)
    const definitions = kept.map(({ kind, name }) => {
      const type = kind === 'number' ? random.pick(['integer', 'numeric', 'real', 'text']) : 'text'
      const isKey = kind === 'id' && table !== 'proxies' && random.chance(0.6)
      return `"${shown(name)}" ${type}${isKey ? ' PRIMARY KEY' : ''}`
    })
    if (random.chance(0.2)) definitions.push('"added_by_hand" text')
    db.exec(`CREATE TABLE "${table}" (${definitions.join(', ')})`)
    const insert = db.query(
      `INSERT OR IGNORE INTO "${table}" (${kept.map(({ name }) => `"${shown(name)}"`).join(', ')}) VALUES (${kept.map(() => '?').join(', ')})`,
    )
    const rows = table === 'request_logs' ? random.below(900) : random.below(14)
    db.exec('BEGIN')
    for (let row = 0; row < rows; row++) insert.run(...kept.map(({ kind, name }) => valueFor(random, kind, name)))
    if (random.chance(0.3) && kept.some(({ name }) => name === 'notes'))
      db.exec(`UPDATE "${table}" SET notes = CAST(x'61ff62' AS TEXT) WHERE rowid = 1`)
    db.exec('COMMIT')
  }
  if (random.chance(0.3)) {
    db.exec('CREATE TABLE "some other table" (a text)')
    db.exec(`INSERT INTO "some other table" VALUES ('${secretMark}')`)
  }
  db.close()
}
