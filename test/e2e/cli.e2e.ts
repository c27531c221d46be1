import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Simulator, startSimulator } from '../../server/simulator/simulator.ts'
import { gatewayCommand, runGateway } from '../support/command.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'

const said = (
  result: { code: number; out: string; err: string },
  code: number,
  where: 'out' | 'err',
  what: string | RegExp,
) => {
  expect(result.code).toBe(code)
  if (typeof what === 'string') expect(result[where]).toContain(what)
  else expect(result[where]).toMatch(what)
}

/** The first start sets the data folder up; the commands alone never do. */
async function startOnce(env: Record<string, string>): Promise<void> {
  const child = Bun.spawn([...gatewayCommand(), '--host', '127.0.0.1'], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NO_BROWSER: '1', PORT: '0', ...env },
    stdout: 'pipe',
    stderr: 'inherit',
  })
  let out = ''
  for await (const chunk of child.stdout) {
    out += new TextDecoder().decode(chunk)
    if (out.includes('server.started')) child.kill('SIGTERM')
  }
  expect(await child.exited).toBe(0)
}

/** The same commands beside a running server and without one. */
describe.each(['without a server', 'beside a running server'])('%s', (where) => {
  let gateway: Gateway | undefined
  let simulator: Simulator
  let env: Record<string, string>
  let folder = ''
  beforeAll(async () => {
    if (where === 'beside a running server') {
      gateway = await startGateway({ accounts: [] })
      simulator = gateway.simulator
      folder = gateway.dataDir
    } else {
      simulator = await startSimulator()
      folder = mkdtempSync(path.join(tmpdir(), 'gateway-cli-'))
    }
    const { url } = simulator
    env = { DATA_DIR: folder, UPSTREAM_Q_URL: url, UPSTREAM_OIDC_URL: url, UPSTREAM_KIRO_AUTH_URL: url }
    if (gateway === undefined) await startOnce(env)
  })
  afterAll(async () => {
    if (gateway === undefined) {
      await simulator.stop()
      rmSync(folder, { recursive: true, force: true })
    } else await gateway.stop()
  })
  const run = async (args: readonly string[], input?: string) => {
    const result = await runGateway(args, env, input)
    return { ...result, json: () => JSON.parse(result.out) }
  }

  test('keys are made, listed without their secret, and revoked', async () => {
    const made = await run(['key', 'create', 'laptop'])
    said(made, 0, 'out', /^sk-[A-Za-z0-9]{48}\n$/)
    const listed = await run(['key', 'list', '--json'])
    const key = listed.json().find((one: { name: string }) => one.name === 'laptop')
    expect(listed.out).not.toContain(made.out.trim())
    if (gateway !== undefined) {
      expect((await fetch(`${gateway.url}/v1/models`, { headers: { 'x-api-key': made.out.trim() } })).status).toBe(200)
    }
    expect((await run(['key', 'revoke', key.id])).code).toBe(0)
    if (gateway !== undefined) {
      expect((await fetch(`${gateway.url}/v1/models`, { headers: { 'x-api-key': made.out.trim() } })).status).toBe(401)
    }
    said(await run(['key', 'revoke', key.id]), 1, 'err', 'no key')
  })

  test('an account is added by a refresh token from standard input, checked, listed and removed', async () => {
    const account = simulator.accounts.add({ method: 'social', plan: 'pro' })
    const secret = account.secrets().refreshToken ?? ''
    const added = await run(['account', 'add', '--label', '团队一号', '--refresh-token-stdin', '--json'], secret)
    expect(added.code).toBe(0)
    const [id] = added.json().ids
    const listed = await run(['account', 'list'])
    expect(listed.out).toContain('团队一号')
    expect(listed.out).toContain('ready')
    const checked = await run(['account', 'check', id])
    said(checked, 0, 'out', 'KIRO PRO')
    for (const { out, err } of [added, listed, checked]) expect(out + err).not.toContain(secret)
    expect((await run(['account', 'remove', id])).code).toBe(0)
    expect((await run(['account', 'check', id])).code).toBe(1)
  })

  test('an account is added by an API key and by another client’s file', async () => {
    const byKey = simulator.accounts.add({ method: 'api-key' })
    expect((await run(['account', 'add', '--api-key-stdin'], byKey.secrets().apiKey)).code).toBe(0)
    const { clientId, clientSecret, refreshToken } = simulator.accounts.add({ method: 'builder-id' }).secrets()
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'gateway-import-')), 'accounts.json')
    writeFileSync(
      file,
      JSON.stringify([{ clientId, clientSecret, refreshToken, label: 'imported' }, { refreshToken: 7 }]),
    )
    const imported = await run(['account', 'add', '--import', file])
    said(imported, 0, 'out', 'imported')
    expect(imported.out).toContain('Item 2')
    rmSync(path.dirname(file), { recursive: true })
  })

  test('a wrong token is refused with the reason and nothing is kept', async () => {
    const before = (await run(['account', 'list', '--json'])).json().length
    const refused = await run(['account', 'add', '--refresh-token-stdin'], 'aorSIM-never-issued-token-of-some-length')
    expect(refused.code).toBe(1)
    expect(refused.err.length).toBeGreaterThan(20)
    expect((await run(['account', 'list', '--json'])).json()).toHaveLength(before)
  })

  test('a device sign-in prints address and code, and ends with the account', async () => {
    const account = simulator.accounts.add({ method: 'builder-id', plan: 'power' })
    const signing = run(['account', 'add'])
    for (let tries = 0; tries < 1_200 && simulator.signIns.pending().length === 0; tries++) await Bun.sleep(50)
    const [pending] = simulator.signIns.pending()
    const code = typeof pending === 'string' ? pending : (pending as { userCode: string }).userCode
    simulator.signIns.approve(code, account.id)
    const done = await signing
    expect(done.code).toBe(0)
    expect(done.err).toContain(code)
    expect(done.out).toContain('acc_')
  })

  test('doctor shows every setting with its origin and finds what is wrong', async () => {
    const doctor = await run(['doctor', '--json'])
    const { configuration, findings } = doctor.json()
    expect(configuration).toContainEqual(
      expect.objectContaining({ key: 'upstream.q_url', value: simulator.url, from: 'env', where: 'UPSTREAM_Q_URL' }),
    )
    const level = (what: string) => findings.find((finding: { what: string }) => finding.what === what)?.level
    expect(level('database')).toBe('ok')
    expect(level('master key')).toBe('ok')
    expect(level(new URL(simulator.url).host)).toBe('ok')
    expect(level('accounts')).toBe('ok')
    expect(doctor.code).toBe(0)
    const broken = await runGateway(['doctor'], { ...env, UPSTREAM_OIDC_URL: 'http://127.0.0.1:1' })
    said(broken, 1, 'out', /FAIL\s+127\.0\.0\.1:1\s+cannot be reached/)
  })

  test('the password is reset, and only the new one opens the console', async () => {
    const reset = await run(['password', 'reset'])
    said(reset, 0, 'out', /^\S{12,}\n$/)
    expect((await run(['password', 'reset', '--password-stdin'], 'short')).code).toBe(1)
    if (gateway === undefined) return
    const ask = (password: string) =>
      fetch(`${gateway?.url}/v2/keys`, { headers: { authorization: `Bearer ${password}` } })
    expect((await ask(reset.out.trim())).status).toBe(200)
  })
})

test('selftest runs the whole path and says what passed', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-selftest-'))
  const result = await runGateway(['selftest', '--json'], { DATA_DIR: folder })
  const { passed, failed, results } = JSON.parse(result.out)
  expect({ code: result.code, failed, broken: results.filter((one: { ok: boolean }) => !one.ok) }).toEqual({
    code: 0,
    failed: 0,
    broken: [],
  })
  expect(passed).toBeGreaterThan(10)
  rmSync(folder, { recursive: true })
})

test('in a folder without a gateway no command makes one (U16)', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-cli-'))
  const reset = await runGateway(['password', 'reset', '--data-dir', folder])
  said(reset, 1, 'err', 'There is no gateway in this folder')
  expect([reset.out, readdirSync(folder)]).toEqual(['', []])
  rmSync(folder, { recursive: true })
})

test('of what a server keeps in its folder git takes nothing but the configuration (U16)', async () => {
  const gateway = await startGateway()
  const kept = readdirSync(gateway.dataDir).filter((name) => name !== 'config.yaml')
  await gateway.stop()
  expect(kept).toContain('master.key')
  const clone = mkdtempSync(path.join(tmpdir(), 'gateway-clone-'))
  copyFileSync(path.join(import.meta.dir, '../../.gitignore'), path.join(clone, '.gitignore'))
  Bun.spawnSync(['git', 'init', '--quiet'], { cwd: clone })
  const { stdout } = Bun.spawnSync(['git', 'check-ignore', ...kept], { cwd: clone })
  expect(stdout.toString().trim().split('\n')).toEqual(kept)
  rmSync(clone, { recursive: true })
})

test('version and help need nothing', async () => {
  said(await runGateway(['--version']), 0, 'out', /^\d+\.\d+\.\d+/)
  said(await runGateway(['help']), 0, 'out', 'account add')
})
