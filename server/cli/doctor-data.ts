import { statSync } from 'node:fs'
import path from 'node:path'
import type { AccountState as State } from '../admin/contract/accounts.ts'
import type { Config } from '../config/schema.ts'
import { latestReport, reportFields } from '../moving/report.ts'
import { keyFileName } from '../vault/open.ts'
import { stateText } from './answers.ts'
import type { AccountState, DoctorState } from './control.ts'
import type { Finding } from './finding.ts'
import { keptOriginals } from './import-original.ts'

/** More accounts than this are not listed one by one when they serve. */
const maxListed = 50

export function serverFinding(
  { pid, port }: { readonly pid: number; readonly port: number },
  running: string,
  own: string,
): Finding {
  const detail = `running on this data folder: port ${port}, version ${running}, pid ${pid}`
  return running === own
    ? { level: 'ok', what: 'server', detail }
    : { level: 'warn', what: 'server', detail: `${detail}; this command is ${own}`, fix: 'restart the server' }
}

/** Where the key lies, who can read it, and whether it opens what is sealed. */
export function keyFinding(config: Config, unreadable: readonly string[], running: boolean): Finding {
  const what = 'master key'
  if (unreadable.length > 0) {
    return {
      level: 'fail',
      what,
      detail: `it does not open the sign-ins of ${unreadable.slice(0, 10).join(', ')}${unreadable.length > 10 ? ' …' : ''}`,
      fix: 'put the right key back, or sign these accounts in again',
    }
  }
  const { masterKey, masterKeyFile } = config.vault
  if (masterKey !== undefined) {
    return { level: 'ok', what, detail: 'from MASTER_KEY; opens all sign-ins; keep it with your backups' }
  }
  const file = masterKeyFile ?? path.join(config.dataDir, keyFileName)
  const found = statSync(file, { throwIfNoEntry: false })
  if (found === undefined) {
    return running
      ? { level: 'ok', what, detail: 'in the environment of the running server; opens all sign-ins' }
      : { level: 'fail', what, detail: `${file} does not exist`, fix: 'put it back from the backup' }
  }
  const mode = found.mode & 0o777
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    const detail = `${file} can be read by others (mode ${mode.toString(8)})`
    return { level: 'warn', what, detail, fix: `chmod 600 ${file}` }
  }
  return { level: 'ok', what, detail: `${file}; opens all sign-ins; back it up together with the database` }
}

export function dataFindings({ store, keyCount, firstPassword, accounts }: DoctorState): readonly Finding[] {
  return [
    databaseFinding(store),
    keyCount > 0
      ? { level: 'ok', what: 'keys', detail: String(keyCount) }
      : { level: 'warn', what: 'keys', detail: 'none: clients are refused', fix: 'claude-server key create NAME' },
    firstPassword
      ? {
          level: 'warn',
          what: 'password',
          detail: 'still the first one',
          fix: 'change it in the console, or: claude-server password reset',
        }
      : { level: 'ok', what: 'password', detail: 'changed' },
    ...accountFindings(accounts),
  ]
}

function databaseFinding({ engine, version, path: file, writable }: DoctorState['store']): Finding {
  const onServer = engine !== 'SQLite'
  const bytes = [file, `${file}-wal`].reduce(
    (sum, one) => sum + (statSync(one, { throwIfNoEntry: false })?.size ?? 0),
    0,
  )
  const detail = `${engine} ${version}, ${file}${onServer ? '' : `, ${sizeText(bytes)}`}`
  return writable
    ? { level: 'ok', what: 'database', detail }
    : {
        level: 'fail',
        what: 'database',
        detail: `${detail}: it cannot be written`,
        fix: onServer
          ? 'look at whether the database server runs, and is not read-only'
          : 'look at the owner and mode of the file and its folder, and at the space on the disk',
      }
}

/** What an import of the original's database brought, and what of the original still lies here. */
export function importFindings({ dataDir, databasePath }: Config): readonly Finding[] {
  const latest = latestReport(dataDir)
  const kept = keptOriginals(databasePath)
  const what = 'import'
  const copies: readonly Finding[] =
    kept.length === 0
      ? []
      : [
          {
            level: 'warn',
            what,
            detail: `${kept.join(', ')} ${kept.length === 1 ? 'holds' : 'hold'} secrets in clear text`,
            fix: 'when all is well: claude-server import --purge-original',
          },
        ]
  if (latest === undefined) return copies
  const { read, imported, repaired, leftOut } = reportFields(latest.report)
  return [
    {
      level: 'ok',
      what,
      detail: `from ${latest.report.source.name} at ${latest.report.at.slice(0, 10)}: ${imported} of ${read} rows, ${repaired} repaired, ${leftOut} left out; ${latest.file} says which`,
    },
    ...copies,
  ]
}

/** What each state asks of the operator; nothing for those that serve or will by themselves. */
const remedy: Readonly<Record<State, string | undefined>> = {
  ready: undefined,
  unchecked: undefined,
  cooling: undefined,
  exhausted: 'it serves again after its reset; add an account if that is too late',
  expired: 'sign it in again: claude-server account add',
  suspended: 'the provider has suspended it: ask there, then claude-server account check ID',
  restricted: 'the provider suspects misuse: look into it, then claude-server account check ID',
  failing: 'claude-server account check ID',
  disabled: 'it is switched off: switch it on in the console',
}

function accountFindings(accounts: readonly AccountState[]): readonly Finding[] {
  if (accounts.length === 0) {
    return [{ level: 'warn', what: 'accounts', detail: 'none', fix: 'claude-server account add' }]
  }
  const resting = accounts.filter(({ state }) => remedy[state] !== undefined)
  const serving = accounts.filter(({ state }) => remedy[state] === undefined)
  const one = (account: AccountState): Finding => {
    const { id, label, email, reason, state } = account
    const fix = remedy[state]?.replace('ID', id)
    return {
      level: fix === undefined || state === 'disabled' ? 'ok' : 'warn',
      what: `account ${label || email || id}`,
      detail: reason === null ? stateText(account) : `${stateText(account)}: ${reason}`,
      ...(fix === undefined || state === 'disabled' ? {} : { fix }),
    }
  }
  const listed = [...resting, ...(accounts.length > maxListed ? [] : serving)]
  const detail = `${serving.length} of ${accounts.length} can serve`
  return [
    serving.length > 0
      ? { level: 'ok', what: 'accounts', detail }
      : { level: 'fail', what: 'accounts', detail, fix: 'see each account below' },
    ...listed.slice(0, maxListed).map(one),
    ...(listed.length > maxListed
      ? [
          {
            level: 'ok',
            what: 'accounts',
            detail: `${listed.length - maxListed} more: claude-server account list`,
          } as const,
        ]
      : []),
  ]
}

function sizeText(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`
}

export const usesProxies = ({ proxies, httpProxy }: Pick<DoctorState, 'proxies' | 'httpProxy'>): boolean =>
  httpProxy !== null || proxies.some(({ enabled }) => enabled)

/** The outbound proxies that are switched on, as the server last found them. */
export function proxyFindings({ proxies, httpProxy }: Pick<DoctorState, 'proxies' | 'httpProxy'>): readonly Finding[] {
  const global: readonly Finding[] =
    httpProxy === null ? [] : [{ level: 'ok', what: 'outbound proxy', detail: `${httpProxy}, for everything else` }]
  const named = proxies
    .filter(({ enabled }) => enabled)
    .map(({ name, state, reason }): Finding => {
      const what = `outbound proxy ${name}`
      if (state === 'up') return { level: 'ok', what, detail: 'up' }
      return state === 'down'
        ? {
            level: 'fail',
            what,
            detail: `down (${reason ?? 'no reason given'})`,
            fix: 'look at its address and its login',
          }
        : { level: 'warn', what, detail: 'not checked yet', fix: 'the running server checks it each minute' }
    })
  return [...global, ...named]
}
