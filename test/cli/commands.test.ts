import { Database } from 'bun:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { expectSaid, openWorld, places, type World } from './cli.ts'

/** The same commands by both ways to the data; whatever is said never holds a secret. */
describe.each(places)('%s', (place) => {
  let world: World
  let said = ''
  const secrets: string[] = []
  const run: World['run'] = async (args, options) => {
    const ran = await world.run(args, options)
    said += ran.out + ran.err
    return ran
  }
  const secret = (value: string | undefined): string => {
    if (value === undefined) throw new Error('no secret')
    secrets.push(value)
    return value
  }
  const file = (name: string, content: unknown): string => {
    const whole = path.join(world.folder, name)
    writeFileSync(whole, typeof content === 'string' ? content : JSON.stringify(content))
    return whole
  }
  const forgetAll = async (): Promise<void> => {
    for (const { id } of (await run(['account', 'list', '--json'])).json) await run(['account', 'remove', id])
  }
  beforeAll(async () => {
    world = await openWorld(place)
  })
  afterAll(() => world.stop())

  test('an empty folder has empty lists, in words and in JSON', async () => {
    expectSaid(await run(['account', 'list']), 0, { out: 'No accounts yet' })
    expectSaid(await run(['account', 'list', '--json']), 0, { json: [], err: '' })
    expectSaid(await run(['key', 'list', '--json']), 0, { json: [] })
  })

  test('a key stands alone on standard output, once; it is listed masked and can be revoked', async () => {
    const made = await world.run(['key', 'create', '笔记本'])
    expectSaid(made, 0, { out: /^sk-[A-Za-z0-9]{48}\n$/ })
    expect(made.err).toBe('The key is shown only now:\n')
    secret(made.out.trim())
    const listed = await run(['key', 'list'])
    expect(listed.out).toContain('笔记本')
    expect(listed.out).toContain('never')
    const [{ id }] = (await run(['key', 'list', '--json'])).json
    expectSaid(await run(['key', 'revoke', id]), 0, { out: `Revoked ${id}.` })
    expectSaid(await run(['key', 'revoke', id]), 1, { out: '', err: 'no key' })
    expect((await world.run(['key', 'create', 'x', '--json'])).json).toMatchObject({
      name: 'x',
      key: expect.any(String),
    })
  })

  test('a key is kept to some accounts, switched and freed again', async () => {
    const made = await world.run(['key', 'create', 'kept', '--accounts', 'acc_none'])
    expectSaid(made, 1, { out: '', err: 'acc_none' })
    expectSaid(await run(['key', 'create', 'kept', '--accounts', ' , ']), 2, { out: '', err: '--accounts' })
    const { id } = (await world.run(['key', 'create', 'kept', '--json'])).json
    expectSaid(await run(['key', 'change', id, '--name', 'renamed', '--enabled', 'no']), 0, {
      out: /renamed.* no +inherit +inherit +any/,
    })
    expectSaid(await run(['key', 'change', id, '--accounts', 'any', '--enabled', 'yes']), 0, {
      out: /yes +inherit +inherit +any/,
    })
    expectSaid(await run(['key', 'change', id]), 2, { out: '', err: '--name' })
    expectSaid(await run(['key', 'change', id, '--enabled', 'perhaps']), 2, { out: '', err: 'yes or no' })
    expectSaid(await run(['key', 'change', 'key_none', '--name', 'x']), 1, { out: '', err: 'no key' })
    await run(['key', 'revoke', id])
  })

  test('a key has its own way with repairs and long conversations, and gives it up again', async () => {
    const ways = ['--repair', 'no', '--compression', 'overflow']
    const made = await world.run(['key', 'create', 'own', ...ways, '--json'])
    expectSaid(made, 0, { json: { repair: false, compression: 'overflow' } })
    secret(made.json.key)
    const { id } = made.json
    expect((await run(['key', 'list'])).out).toMatch(/REPAIR +COMPRESSION[\s\S]*own .* yes +no +overflow +any/)
    expectSaid(await run(['key', 'change', id, '--repair', 'yes']), 0, { out: /yes +yes +overflow +any/ })
    expectSaid(await run(['key', 'change', id, '--repair', 'inherit', '--compression', 'inherit', '--json']), 0, {
      json: { repair: null, compression: 'inherit' },
    })
    for (const [option, words] of [
      ['--repair', '--repair takes yes, no or inherit'],
      ['--compression', '--compression takes inherit, off, overflow or share'],
    ] as const) {
      expectSaid(await run(['key', 'change', id, option, 'perhaps']), 2, { out: '', err: words })
      expectSaid(await run(['key', 'create', 'x', option, 'perhaps']), 2, { out: '', err: words })
    }
    await run(['key', 'revoke', id])
  })

  test('a user is added with a key, limited, shown, given another key and removed', async () => {
    expectSaid(await run(['user', 'list']), 0, { out: 'claude-server user add NAME' })
    expectSaid(await run(['user', 'list', '--json']), 0, { json: [] })
    const limits = ['--rpm', '60', '--tokens-per-day', '2000000', '--usd-per-month', '12.5']
    const made = await world.run(['user', 'add', '李伟', '--priority', '2', '--email', 'li@example.com', ...limits])
    expectSaid(made, 0, { out: /^sk-[A-Za-z0-9]{48}\n$/, err: 'The key of the new user is shown only now:\n' })
    const first = secret(made.out.trim())
    const [{ id, keys }] = (await run(['user', 'list', '--json'])).json
    expect(keys).toMatchObject([{ name: 'default', last4: first.slice(-4), user_id: id }])
    expect((await run(['user', 'list'])).out).toMatch(/李伟 +yes +2 +1 +0 +0 +0 +\$0\.00 +never/)
    const shown = (await run(['user', 'show', id])).out
    expect(shown).toMatch(/requests per minute +60\n/)
    expect(shown).toMatch(/tokens today +0 of 2,000,000\n/)
    expect(shown).toMatch(/cost this month +\$0\.00 of \$12\.50\n/)
    expect(shown).toMatch(/tokens this month +0 \(no limit\)\n/)
    const change = [
      'user',
      'change',
      id,
      '--name',
      'Wang',
      '--rpm',
      '0',
      '--enabled',
      'no',
      '--models',
      'claude-haiku-*',
    ]
    expectSaid(await run([...change, '--json']), 0, {
      json: { name: 'Wang', enabled: false, rate_limit_rpm: 0, daily_quota: 2_000_000, models: ['claude-haiku-*'] },
    })
    const renewed = await world.run(['user', 'new-key', id, '--json'])
    expect(renewed.json).toMatchObject({ api_key: expect.any(String), key_id: keys[0].id })
    expect(secret(renewed.json.api_key)).not.toBe(first)
    const second = await world.run(['key', 'create', 'second', '--user', id, '--json'])
    expectSaid(second, 0, { json: { user_id: id } })
    secret(second.json.key)
    for (const [wrong, code, words] of [
      [['user', 'change', id], 2, '--name'],
      [['user', 'change', id, '--priority', '12'], 2, '0 to 9'],
      [['user', 'change', id, '--rpm', 'many'], 2, '--rpm'],
      [['user', 'change', id, '--expires', 'tomorrow'], 1, 'expires_at'],
      [['user', 'add', ' '], 2, 'empty name'],
      [['user', 'add', 'x', '--accounts', 'acc_none'], 1, 'acc_none'],
      [['user', 'show', 'usr_none'], 1, 'no user'],
      [['user', 'new-key', 'usr_none'], 1, 'no user'],
      [['user', 'remove', 'usr_none'], 1, 'no user'],
    ] as const)
      expectSaid(await run(wrong), code, { out: '', err: words })
    expectSaid(await run(['user', 'remove', id]), 0, { out: `Removed ${id} and its keys.` })
    expect((await run(['user', 'list', '--json'])).json).toEqual([])
    expect(
      (await run(['key', 'list', '--json'])).json.filter((key: { user_id: string }) => key.user_id === id),
    ).toEqual([])
  })

  test('a model name is mapped, listed and given back', async () => {
    expectSaid(await run(['model', 'mappings']), 0, { out: 'No model names are mapped' })
    const { id: key } = (await world.run(['key', 'create', 'mapped', '--json'])).json
    const made = await run(['model', 'map', 'gpt-4*', 'claude-sonnet-4.5', '--key', key, '--json'])
    expectSaid(made, 0, { json: { name: 'gpt-4*', target: 'claude-sonnet-4.5', key_id: key } })
    expectSaid(await run(['model', 'map', 'GPT-4*', 'auto', '--key', key]), 1, { out: '', err: 'mapped already' })
    expectSaid(await run(['model', 'map', 'gpt-4*', 'auto', '--key', 'key_none']), 1, { out: '', err: 'no key' })
    expect((await run(['model', 'mappings', '--json'])).json).toMatchObject([{ id: made.json.id, key_name: 'mapped' }])
    expect((await run(['model', 'mappings'])).out).toMatch(/gpt-4\* +claude-sonnet-4\.5/)
    expectSaid(await run(['model', 'unmap', made.json.id]), 0, { out: `Removed ${made.json.id}.` })
    expectSaid(await run(['model', 'unmap', made.json.id]), 1, { out: '', err: 'no mapping' })
    await run(['key', 'revoke', key])
  })

  test.each([
    ['social', 'a refresh token from standard input', 'account add --refresh-token-stdin'],
    ['api-key', 'an API key', 'account add --api-key-stdin'],
  ] as const)('a %s account is added by %s and checked', async (method, _, words) => {
    const account = world.simulator.accounts.add({ method, plan: 'pro' })
    const given = secret(method === 'social' ? account.secrets().refreshToken : account.secrets().apiKey)
    const added = await run([...words.split(' '), '--label', `团队 ${method}`, '--json'], { stdin: `${given}\n` })
    expectSaid(added, 0, { json: { ids: [expect.stringMatching(/^acc_/)], failed: [] } })
    const [id] = added.json.ids
    const checked = await run(['account', 'check', id])
    expect(checked.code).toBe(0)
    for (const part of ['KIRO PRO', 'ready', 'quota used', 'claude-sonnet-4.5', `团队 ${method}`]) {
      expect(checked.out).toContain(part)
    }
    expect((await run(['account', 'check', id, '--json'])).json.models.length).toBeGreaterThan(1)
    const again = await run(words.split(' '), { stdin: given })
    // A refresh token has been used up by the check; the provider says so first.
    expectSaid(again, 1, { out: '', err: method === 'api-key' ? 'already there' : 'sign the account in again' })
    expectSaid(await run(['account', 'remove', id]), 0, { out: `Removed ${id}.\n` })
    expectSaid(await run(['account', 'remove', id]), 1, { err: 'no account' })
    expect((await run(['account', 'check', id])).code).toBe(1)
  })

  test('a company’s token and its client come from files', async () => {
    const account = world.simulator.accounts.add({ method: 'identity-center', region: 'eu-central-1' })
    const { clientId = '', clientSecret, refreshToken } = account.secrets()
    const token = file('token.txt', secret(refreshToken))
    const client = ['--client-id', clientId, '--client-secret-file', file('client.txt', `${secret(clientSecret)}\r\n`)]
    const where = ['--start-url', 'https://simulated.awsapps.com/start', '--region', 'eu-central-1']
    const added = await run(['account', 'add', '--refresh-token-file', token, ...client, ...where])
    expectSaid(added, 0, { out: 'Added' })
    const listed = (await run(['account', 'list', '--json'])).json
    expect(listed).toMatchObject([{ method: 'identity-center', state: 'ready', region: 'eu-central-1' }])
    await forgetAll()
  })

  test('the sign-ins of other clients on this machine are found, each once', async () => {
    expectSaid(await run(['account', 'add', '--local']), 1, { out: '', err: 'No sign-in' })
    const home = path.join(world.folder, 'home')
    const cache = path.join(home, '.aws', 'sso', 'cache')
    mkdirSync(cache, { recursive: true })
    const account = world.simulator.accounts.add({ method: 'social' })
    const { refreshToken } = account.secrets()
    const profileArn = 'arn:aws:codewhisperer:us-east-1:699475941385:profile/EHGA3GRVQMUK'
    const token = JSON.stringify({ refreshToken: secret(refreshToken), authMethod: 'social', profileArn })
    for (const name of ['kiro-auth-token.json', `${'1'.repeat(40)}.json`]) writeFileSync(path.join(cache, name), token)
    const added = await run(['account', 'add', '--local', '--json'], { home })
    expectSaid(added, 0, { err: 'two programs', json: { ids: [expect.stringMatching(/^acc_/)], failed: [] } })
    expect((await run(['account', 'list', '--json'])).json).toMatchObject([{ method: 'social', state: 'ready' }])
    await forgetAll()
  })

  test('a list of accounts is imported as far as it can be, each fault by its place, and only once', async () => {
    const one = world.simulator.accounts.add({ method: 'builder-id' }).secrets()
    const two = world.simulator.accounts.add({ method: 'social' }).secrets()
    for (const value of [one.clientSecret, one.refreshToken, two.refreshToken]) secret(value)
    const { clientId, clientSecret, refreshToken } = one
    const list = file('accounts.json', [
      { clientId, clientSecret, refreshToken, label: 'first' },
      { refreshToken: 7 },
      { refreshToken: two.refreshToken, provider: 'Google' },
      { refreshToken: 'aorSIM-never-issued-token-of-some-length' },
    ])
    const imported = await run(['account', 'add', '--import', list, '--json'])
    expect(imported.code).toBe(0)
    expect(imported.json.ids).toHaveLength(2)
    expect(imported.json.failed.map(({ item }: { item: number }) => item)).toEqual([2, 4])
    const again = await run(['account', 'add', '--import', list])
    // The one is known by its client, the other by its person once the provider has said who it is.
    expectSaid(again, 0, { out: 'Renewed first', err: 'Found: sign-ins in JSON, 4 accounts, 1 already here.' })
    expect((await run(['account', 'list', '--json'])).json).toHaveLength(2)
    await forgetAll()
  })

  test('a token file of another client is taken with the registration beside it', async () => {
    const { clientId, clientSecret, refreshToken } = world.simulator.accounts
      .add({ method: 'identity-center' })
      .secrets()
    const clientIdHash = 'a'.repeat(40)
    file(`${clientIdHash}.json`, { clientId, clientSecret: secret(clientSecret), expiresAt: '2099-01-01T00:00:00Z' })
    const token = file('kiro-auth-token.json', {
      refreshToken: secret(refreshToken),
      clientIdHash,
      authMethod: 'IdC',
      provider: 'Enterprise',
      region: 'us-east-1',
    })
    const added = await run(['account', 'add', '--import', token, '--label', 'company'])
    expectSaid(added, 0, { out: 'Added company (acc_' })
    await forgetAll()
  })

  test('a command-line client’s database is read and left alone', async () => {
    const { refreshToken } = world.simulator.accounts.add({ method: 'social' }).secrets()
    const whole = path.join(world.folder, 'cli.sqlite3')
    const database = new Database(whole, { create: true })
    database.run('CREATE TABLE auth_kv (key TEXT PRIMARY KEY, value TEXT)')
    database.run('INSERT INTO auth_kv VALUES (?, ?)', [
      'kirocli:social:token',
      JSON.stringify({ refresh_token: secret(refreshToken), provider: 'github' }),
    ])
    database.close()
    const before = await Bun.file(whole).bytes()
    expectSaid(await run(['account', 'add', '--import', whole]), 0, {})
    expect(await Bun.file(whole).bytes()).toEqual(before)
    await forgetAll()
  })

  test.each([
    ['an empty standard input', ['--refresh-token-stdin'], '', 'Standard input is empty'],
    ['a token of two words', ['--refresh-token-stdin'], 'two words', 'more than one word'],
    [
      'a token the provider never gave',
      ['--refresh-token-stdin'],
      'aorSIM-never-issued-token-of-some-length',
      'no longer accepts',
    ],
    ['a token file that is not there', ['--refresh-token-file', '/nowhere/token'], '', 'there is no such file'],
    ['an import that is not there', ['--import', '/nowhere/file'], '', 'There is no such file'],
    ['a region that is none', ['--api-key-stdin', '--region', 'evil.example/'], 'ksk_0123456789', 'region'],
    ['a start URL without TLS', ['--start-url', 'http://x.example', '--region', 'us-east-1'], '', 'start URL'],
  ])('account add fails on %s, keeps nothing and says why', async (_, options, stdin, why) => {
    const ran = await run(['account', 'add', ...options], { stdin })
    expectSaid(ran, 1, { out: '' })
    expect(ran.err.toLowerCase()).toContain(why.toLowerCase())
    expect((await run(['account', 'list', '--json'])).json).toEqual([])
  })

  test('a password is made and shown once, or taken from standard input and never shown', async () => {
    const made = await world.run(['password', 'reset'])
    expectSaid(made, 0, { out: /^[0-9A-Za-z]{16}\n$/ })
    const chosen = secret(' a chosen password ')
    const set = await run(['password', 'reset', '--password-stdin', '--json'], { stdin: `${chosen}\n` })
    expectSaid(set, 0, { json: { reset: true } })
    if (world.url !== undefined) {
      const open = (password: string) =>
        fetch(`${world.url}/api/login`, { method: 'POST', body: JSON.stringify({ password }) })
      expect((await open(chosen)).status).toBe(200)
      expect((await open(made.out.trim())).status).toBe(401)
    }
    const short = await run(['password', 'reset', '--password-stdin'], { stdin: 'short' })
    expectSaid(short, 1, { out: '', err: '8 characters' })
  })

  test('doctor knows the data, the key, the clock, the hosts and each account', async () => {
    const account = world.simulator.accounts.add({ method: 'social' })
    const label = 'doctor’s own'
    await run(['account', 'add', '--refresh-token-stdin', '--label', label], {
      stdin: secret(account.secrets().refreshToken),
    })
    const text = await run(['doctor'])
    expect(text.code).toBe(0)
    for (const part of ['upstream.q_url', 'env UPSTREAM_Q_URL', 'SQLite', 'master.key', `account ${label}`, 'failed']) {
      expect(text.out).toContain(part)
    }
    const { json, code } = await run(['doctor', '--json'])
    expect({ code, ok: json.ok }).toEqual({ code: 0, ok: true })
    expect(json.server === null).toBe(world.url === undefined)
    const levels = Object.fromEntries(
      json.findings.map(({ what, level }: { what: string; level: string }) => [what, level]),
    )
    expect(levels).toMatchObject({ server: 'ok', database: 'ok', 'master key': 'ok', clock: 'ok', accounts: 'ok' })
    expect(levels[new URL(world.simulator.url).host]).toBe('ok')
    expect(world.simulator.requests().at(-1)?.headers['user-agent']).toStartWith('claude-server/9.9.9')
    const broken = await run(['doctor'], { env: { UPSTREAM_OIDC_URL: 'http://127.0.0.1:1' } })
    expectSaid(broken, 1, { out: /FAIL\s+127\.0\.0\.1:1\s+cannot be reached/ })
  })

  test('nothing that was said held a secret', () => {
    expect(said.length).toBeGreaterThan(3_000)
    expect(secrets.length).toBeGreaterThan(8)
    expect(secrets.filter((value) => said.includes(value))).toEqual([])
  })
})
