import type { AccountView } from '../admin/contract/accounts.ts'
import type { KeyCreated, KeyList } from '../admin/contract/keys.ts'
import type { Resolved } from '../config/resolve.ts'
import { configRows } from '../config/rows.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { addAccount } from './account-add.ts'
import { type Backend, type BackendDeps, openBackend } from './backend.ts'
import { examine } from './doctor.ts'
import { type CliIo, table } from './io.ts'

/** What a command has to say: `json` for `--json`, `text` for people. `ok: false` still prints, and exits with 1. */
type Said = { readonly json: unknown; readonly text: string; readonly ok?: boolean }

/** Runs one subcommand to its exit code: 0 done, 1 failed. Usage errors never come here. */
export async function runCommand(resolved: Resolved, deps: Omit<BackendDeps, 'config'>, io: CliIo): Promise<number> {
  const backend = await openBackend({ ...deps, config: resolved.config })
  if (!backend.ok) return fail(backend.error, io)
  try {
    const said = await run(resolved, backend.value, deps, io)
    if (!said.ok) return fail(said.error, io)
    const { json, text, ok: good = true } = said.value
    io.out(resolved.command.options.json === true ? `${JSON.stringify(json)}\n` : text)
    return good ? 0 : 1
  } finally {
    await backend.value.close()
  }
}

function fail(message: string, io: CliIo): number {
  io.err(`claude-server: ${message}\n`)
  return 1
}

async function run(
  resolved: Resolved,
  backend: Backend,
  { effects, version }: Omit<BackendDeps, 'config'>,
  io: CliIo,
): Promise<Result<Said, string>> {
  const { name, operands, options } = resolved.command
  const [operand = ''] = operands
  const id = encodeURIComponent(operand)
  switch (name) {
    case 'account list':
      return listAccounts(backend)
    case 'account add': {
      const added = await addAccount(backend, options, io, effects)
      return added.ok ? ok({ json: { ids: added.value.ids }, text: `${added.value.text}\n` }) : added
    }
    case 'account check': {
      const checked = await backend.ask<AccountView>('POST', `/accounts/${id}/check`)
      return checked.ok ? ok({ json: checked.value, text: accountText(checked.value) }) : checked
    }
    case 'account remove': {
      const removed = await backend.ask('DELETE', `/accounts/${id}`)
      return removed.ok ? ok({ json: { removed: operand }, text: `Removed ${operand}.\n` }) : removed
    }
    case 'key create': {
      const created = await backend.ask<KeyCreated>('POST', '/keys', { name: operand })
      if (!created.ok) return created
      io.err('The key is shown only now:\n')
      return ok({ json: created.value, text: `${created.value.key}\n` })
    }
    case 'key list': {
      const keys = await backend.ask<KeyList>('GET', '/keys')
      if (!keys.ok) return keys
      const rows = keys.value.keys.map((key) => [
        key.id,
        key.name,
        `${key.prefix}…${key.last4}`,
        key.last_used_at ?? 'never used',
      ])
      return ok({
        json: keys.value.keys,
        text: rows.length === 0 ? 'No keys yet.\n' : table([['ID', 'NAME', 'KEY', 'LAST USED'], ...rows]),
      })
    }
    case 'key revoke': {
      const revoked = await backend.ask('DELETE', `/keys/${id}`)
      return revoked.ok ? ok({ json: { revoked: operand }, text: `Revoked ${operand}.\n` }) : revoked
    }
    case 'password reset': {
      const password = options['password-stdin'] === true ? (await io.stdin()).trim() : undefined
      const reset = await backend.ask<{ password: string }>(
        'POST',
        '/password',
        password === undefined ? {} : { password },
      )
      if (!reset.ok) return reset
      if (password !== undefined) return ok({ json: {}, text: 'The password is set; everybody is signed out.\n' })
      io.err('The new console password is shown only now; everybody is signed out:\n')
      return ok({ json: reset.value, text: `${reset.value.password}\n` })
    }
    case 'doctor': {
      const findings = await examine(resolved, backend, effects, version)
      const rows = configRows(resolved)
      const origin = ({ from, where }: (typeof rows)[number]): string =>
        where === undefined ? from : `${from} ${where}`
      const text =
        table(rows.map((row) => [row.key, row.value === '' ? '-' : row.value, origin(row)])) +
        `\n${table(findings.map(({ level, what, detail }) => [level === 'ok' ? 'ok' : level.toUpperCase(), what, detail]))}`
      return ok({ json: { configuration: rows, findings }, text, ok: findings.every(({ level }) => level !== 'fail') })
    }
    case 'serve':
    case 'selftest':
    case 'version':
    case 'help':
      return err(`${name} is not a command of this kind.`)
  }
}

async function listAccounts(backend: Backend): Promise<Result<Said, string>> {
  type Row = {
    id: string
    label: string
    state: string
    reason: string | null
    method: string
    region: string
    email: string | null
  }
  const list = await backend.ask<{ accounts: readonly Row[] }>('GET', '/accounts')
  if (!list.ok) return list
  const { accounts } = list.value
  const rows = accounts.map(({ id, label, state, reason, method, region }) => [
    id,
    label,
    state,
    method,
    region,
    reason ?? '',
  ])
  const text =
    rows.length === 0
      ? 'No accounts yet. Add one: claude-server account add\n'
      : table([['ID', 'LABEL', 'STATE', 'SIGN-IN', 'REGION', 'REASON'], ...rows])
  return ok({ json: accounts, text })
}

function accountText(account: AccountView): string {
  const quota = account.usage_limit > 0 ? `${account.usage_current} of ${account.usage_limit}` : 'unknown'
  const rows: readonly (readonly [string, string])[] = [
    ['id', account.id],
    ['label', account.label ?? ''],
    ['state', account.status_reason === null ? account.state : `${account.state}: ${account.status_reason}`],
    ['sign-in', account.auth_method],
    ['plan', account.subscription_type ?? 'unknown'],
    ['quota used', quota],
    ['quota resets', account.quota_resets_at ?? 'unknown'],
    ['access token until', account.access_token_expires_at ?? 'unknown'],
  ]
  return table(rows)
}
