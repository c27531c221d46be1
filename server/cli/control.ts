import type { accountStates } from '../admin/accounts-service.ts'
import type { AccountView } from '../admin/contract/accounts.ts'
import type { AuditVerified } from '../admin/contract/audit.ts'
import type { BackupFileView, RestoreDone, RestoreMode } from '../admin/contract/backup.ts'
import type { ImportPreview, TokenImportResult } from '../admin/contract/imports.ts'
import type { KeyCreate, KeyCreated, KeyList, KeyPatch, KeyView } from '../admin/contract/keys.ts'
import type {
  ModelMappingChanged,
  ModelMappingCreate,
  ModelMappingList,
  ModelMappingView,
} from '../admin/contract/model-mappings.ts'
import type { SignInStart, SignInStarted, SignInStatus } from '../admin/contract/sign-in.ts'
import type { KeyRegenerated, UserCreate, UserPatch, UserView } from '../admin/contract/users.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Store } from '../store/store.ts'

/** One call of the control routes (`/api/control`), wherever they are served; a failure is a sentence for the operator. */
export type Ask = <T>(
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  body?: object,
) => Promise<Result<T, string>>

export type AccountState = Awaited<ReturnType<typeof accountStates>>[number]
/** `models` are the provider's ids. */
export type CheckedAccount = AccountView & { readonly models: readonly string[] }
export type DoctorState = {
  readonly version: string
  readonly port: number
  readonly store: Awaited<ReturnType<Store['describe']>>
  readonly keyCount: number
  readonly firstPassword: boolean
  readonly accounts: readonly AccountState[]
  readonly unreadableAccounts: readonly string[]
  readonly proxies: readonly ProxyState[]
  /** The global outbound proxy, masked. */
  readonly httpProxy: string | null
}

export type ProxyState = {
  readonly name: string
  readonly enabled: boolean
  readonly state: 'unchecked' | 'up' | 'down'
  readonly reason?: string | null
}

type Answer<T> = Promise<Result<T, string>>

/** Everything the command line can do to the data; it does not know whether a server does it or this process. */
export type Control = {
  readonly listAccounts: () => Answer<readonly AccountState[]>
  /** Each is signed in before it counts, and is added only once. */
  readonly importAccounts: (items: readonly object[]) => Answer<TokenImportResult>
  /** What an import of them would do, without asking the provider. */
  readonly previewImport: (items: readonly object[]) => Answer<ImportPreview>
  readonly checkAccount: (id: string) => Answer<CheckedAccount>
  readonly removeAccount: (id: string) => Answer<unknown>
  readonly startSignIn: (ask: SignInStart) => Answer<SignInStarted>
  readonly signInStatus: (authId: string) => Answer<SignInStatus>
  /** False: it was decided before. */
  readonly cancelSignIn: (authId: string) => Answer<boolean>
  readonly createKey: (ask: KeyCreate) => Answer<KeyCreated>
  readonly changeKey: (id: string, patch: KeyPatch) => Answer<KeyView>
  readonly listKeys: () => Answer<KeyList['keys']>
  readonly revokeKey: (id: string) => Answer<unknown>
  readonly createUser: (ask: UserCreate) => Answer<UserView>
  readonly listUsers: () => Answer<readonly UserView[]>
  readonly getUser: (id: string) => Answer<UserView>
  readonly changeUser: (id: string, patch: UserPatch) => Answer<UserView>
  readonly removeUser: (id: string) => Answer<unknown>
  /** Another string for the user's key; the old one ends. */
  readonly renewUserKey: (id: string) => Answer<KeyRegenerated>
  readonly mapModel: (ask: ModelMappingCreate) => Answer<ModelMappingView>
  readonly listMappings: () => Answer<ModelMappingList['mappings']>
  readonly unmapModel: (id: string) => Answer<unknown>
  /** Gives the password that is now in force: the one given, else a new random one. */
  readonly resetPassword: (ask: { readonly password?: string; readonly user?: string }) => Answer<string>
  readonly verifyAudit: () => Answer<AuditVerified>
  readonly doctorState: () => Answer<DoctorState>
  /** Into a file of this machine. */
  readonly backUp: (ask: {
    readonly file: string
    readonly portable?: { readonly passphrase?: string; readonly requestLog: boolean }
  }) => Answer<BackupFileView>
  readonly restore: (ask: {
    readonly mode: RestoreMode
    readonly file: string
    readonly passphrase?: string
    readonly dry_run: boolean
  }) => Answer<RestoreDone>
}

export function createControl(ask: Ask): Control {
  const at = (path: string, id: string): string => `${path}/${encodeURIComponent(id)}`
  return {
    listAccounts: async () =>
      member(await ask<{ accounts: readonly AccountState[] }>('GET', '/accounts'), ({ accounts }) => accounts),
    importAccounts: (items) => ask('POST', '/accounts/import', items),
    previewImport: (items) => ask('POST', '/accounts/import-preview', items),
    checkAccount: (id) => ask('POST', `${at('/accounts', id)}/check`),
    removeAccount: (id) => ask('DELETE', at('/accounts', id)),
    startSignIn: (body) => ask('POST', '/sign-in/start', body),
    signInStatus: (authId) => ask('GET', at('/sign-in/status', authId)),
    cancelSignIn: async (authId) =>
      member(await ask<{ success: boolean }>('POST', at('/sign-in/cancel', authId)), ({ success }) => success),
    createKey: (wanted) => ask('POST', '/keys', wanted),
    changeKey: (id, patch) => ask('PATCH', at('/keys', id), patch),
    listKeys: async () => member(await ask<KeyList>('GET', '/keys'), ({ keys }) => keys),
    revokeKey: (id) => ask('DELETE', at('/keys', id)),
    createUser: (wanted) => ask('POST', '/users', wanted),
    listUsers: () => ask('GET', '/users'),
    getUser: (id) => ask('GET', at('/users', id)),
    changeUser: (id, patch) => ask('PATCH', at('/users', id), patch),
    removeUser: (id) => ask('DELETE', at('/users', id)),
    renewUserKey: (id) => ask('POST', `${at('/users', id)}/regenerate-key`),
    mapModel: async (wanted) =>
      member(await ask<ModelMappingChanged>('POST', '/model-mappings', wanted), ({ mapping }) => mapping),
    listMappings: async () => member(await ask<ModelMappingList>('GET', '/model-mappings'), ({ mappings }) => mappings),
    unmapModel: (id) => ask('DELETE', at('/model-mappings', id)),
    resetPassword: async (wanted) =>
      member(await ask<{ password: string }>('POST', '/password', wanted), (reset) => reset.password),
    verifyAudit: () => ask('GET', '/audit/verify'),
    doctorState: () => ask('GET', '/doctor'),
    backUp: (wanted) => ask('POST', '/backup', wanted),
    restore: (wanted) => ask('POST', '/restore', wanted),
  }
}

/** What a control route answered. */
export async function answerOf<T>(response: Response): Promise<Result<T, string>> {
  const text = await response.text()
  let value: unknown
  try {
    value = text === '' ? {} : JSON.parse(text)
  } catch {
    return err(`The server answered ${response.status} with something unreadable.`)
  }
  if (response.ok) return ok(value as T) // the control routes' own answers
  const { error, field } = value as { readonly error?: unknown; readonly field?: unknown }
  if (typeof error !== 'string') return err(`The server answered ${response.status}.`)
  return err(typeof field === 'string' && !error.includes(field) ? `${field}: ${error}` : error)
}

const member = <T, U>(answer: Result<T, string>, pick: (value: T) => U): Result<U, string> =>
  answer.ok ? ok(pick(answer.value)) : answer
