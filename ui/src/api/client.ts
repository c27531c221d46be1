import type { AccountCreate, AccountList, AccountPatch, AccountView } from '../../../server/admin/contract/accounts.ts'
import type { StatusView } from '../../../server/admin/contract/events.ts'
import type { ImportDone, ImportPreview, ImportTexts } from '../../../server/admin/contract/imports.ts'
import type { JobDetail, JobList } from '../../../server/admin/contract/jobs.ts'
import type { KeyCreate, KeyCreated, KeyList, KeyPatch, KeyView } from '../../../server/admin/contract/keys.ts'
import type { RequestList, RequestView } from '../../../server/admin/contract/logs.ts'
import type { MetaView } from '../../../server/admin/contract/meta.ts'
import type {
  ModelMappingChanged,
  ModelMappingCreate,
  ModelMappingList,
  ModelMappingUpdate,
} from '../../../server/admin/contract/model-mappings.ts'
import type { ModelList } from '../../../server/admin/contract/models.ts'
import type { ConfirmationGive, ConfirmationView } from '../../../server/admin/contract/operators.ts'
import type {
  ProxyChanged,
  ProxyCreate,
  ProxyList,
  ProxyTested,
  ProxyUpdate,
} from '../../../server/admin/contract/proxies.ts'
import type { LoginBody, LoginResult, PasswordBody, SessionView } from '../../../server/admin/contract/session.ts'
import type { SettingsSaved, SettingsUpdate, SettingsView } from '../../../server/admin/contract/settings.ts'
import type { SignInStart, SignInStarted, SignInStatus } from '../../../server/admin/contract/sign-in.ts'
import type { LatencyView } from '../../../server/admin/contract/visitors.ts'
import { noteServerTime } from '../lib/server-clock.ts'
import { noteAnswered } from './away.ts'

/** A refused or failed call. `status` 0 means that the server could not be reached; `code` is stable, `message` is detail. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly field: string | undefined
  readonly params: Readonly<Record<string, string | number>> | undefined
  readonly requestId: string | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(fault: {
    readonly status: number
    readonly code: string
    readonly message: string
    readonly field?: string | undefined
    readonly params?: Readonly<Record<string, string | number>> | undefined
    readonly requestId?: string | undefined
    readonly retryAfterSeconds?: number | undefined
  }) {
    super(fault.message)
    this.name = 'ApiError'
    this.status = fault.status
    this.code = fault.code
    this.field = fault.field
    this.params = fault.params
    this.requestId = fault.requestId
    this.retryAfterSeconds = fault.retryAfterSeconds
  }
}

/** Bodies come as `{error, code}` from the admin API and as `{success, message, code}` from sign-in. */
export function faultOf(status: number, body: unknown, headers: Headers): ApiError {
  const record = typeof body === 'object' && body !== null ? (body as Readonly<Record<string, unknown>>) : {}
  const text = (name: string): string | undefined => {
    const value = record[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN)
  return new ApiError({
    status,
    code: text('code') ?? `HTTP_${status}`,
    message: text('error') ?? text('message') ?? `HTTP ${status}`,
    field: text('field'),
    params: record.params as ApiError['params'],
    requestId: text('requestId') ?? headers.get('x-request-id') ?? undefined,
    retryAfterSeconds: Number.isFinite(retryAfter) ? retryAfter : undefined,
  })
}

let loadWords: () => Promise<unknown> = async () => undefined
/** The words of reasons come with the first refusal that has one, and are there before anybody is told of it. */
export const beforeRefusals = (load: typeof loadWords): void => {
  loadWords = load
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** The answer itself, once it is known to be none of a failure. For this folder alone. */
export async function request(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  headers: Readonly<Record<string, string>> = {},
  /** A body that is no JSON. */
  raw?: Blob,
): Promise<Response> {
  let response: Response
  const sentAt = Date.now()
  try {
    response = await fetch(path, {
      method,
      credentials: 'same-origin',
      headers: {
        accept: 'application/json',
        // A form on another site cannot send this header, so a write with it came from our own pages.
        ...(method === 'GET' ? {} : { 'x-requested-with': 'console' }),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(raw === undefined ? {} : { body: raw }),
      ...(signal ? { signal } : {}),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    noteAnswered(false)
    throw new ApiError({ status: 0, code: 'UNREACHABLE', message: 'The server cannot be reached.' })
  }
  noteAnswered(true)
  noteServerTime(response.headers.get('date'), sentAt, Date.now())
  if (response.ok) return response
  const fault = faultOf(response.status, await response.json().catch(() => undefined), response.headers)
  if (fault.params?.reason !== undefined) await loadWords()
  throw fault
}

/** For this folder alone. */
export async function call<T>(
  method: Method,
  path: string,
  body?: unknown,
  signal?: AbortSignal,
  headers?: Readonly<Record<string, string>>,
): Promise<T> {
  const response = await request(method, path, body, signal, headers)
  // The server validates its answers against the same contract, so the cast adds no risk of its own.
  return (await response.json().catch(() => undefined)) as T
}

const id = encodeURIComponent

/** `pageSize`: default 100, at most 500. */
export type AccountQuery = {
  readonly page: number
  readonly pageSize?: number
  /** Filters under the server's names. */
  readonly filter?: Readonly<Record<string, string>>
}

export const api = {
  session: (signal?: AbortSignal) => call<SessionView>('GET', '/api/session', undefined, signal),
  login: (body: LoginBody) => call<LoginResult>('POST', '/api/login', body),
  /** Every other browser of whoever is signed in. */
  endOtherSessions: () => call<unknown>('POST', '/v2/sessions/end-others', {}),
  logout: () => call<unknown>('POST', '/api/logout', {}),
  confirmation: (signal?: AbortSignal) => call<ConfirmationView>('GET', '/v2/confirmation', undefined, signal),
  confirm: (body: ConfirmationGive) => call<ConfirmationView>('POST', '/v2/confirmation', body),
  changePassword: (body: PasswordBody) => call<unknown>('POST', '/api/password', body),

  meta: (signal?: AbortSignal) => call<MetaView>('GET', '/api/meta', undefined, signal),

  accounts: (query: AccountQuery, signal?: AbortSignal) =>
    call<AccountList>(
      'GET',
      `/v2/accounts?${new URLSearchParams({ ...query.filter, orderBy: 'trouble', page: String(query.page), pageSize: String(query.pageSize ?? 100) })}`,
      undefined,
      signal,
    ),
  account: (accountId: string, signal?: AbortSignal) =>
    call<AccountView>('GET', `/v2/accounts/${id(accountId)}`, undefined, signal),
  createAccount: (body: AccountCreate) => call<AccountView>('POST', '/v2/accounts', body),
  patchAccount: (accountId: string, body: AccountPatch) =>
    call<AccountView>('PATCH', `/v2/accounts/${id(accountId)}`, body),
  removeAccount: (accountId: string) => call<unknown>('DELETE', `/v2/accounts/${id(accountId)}`),
  checkAccount: (accountId: string) => call<AccountView>('POST', `/v2/accounts/${id(accountId)}/refresh`, {}),
  previewImport: (body: ImportTexts, signal?: AbortSignal) =>
    call<ImportPreview>('POST', '/v2/accounts/import-preview', body, signal),
  importSignIns: (body: ImportTexts) => call<ImportDone>('POST', '/v2/accounts/import-checked', body),

  startSignIn: (body: SignInStart) => call<SignInStarted>('POST', '/v2/auth/start', body),
  signInStatus: (authId: string, signal?: AbortSignal) =>
    call<SignInStatus>('GET', `/v2/auth/status/${id(authId)}`, undefined, signal),
  cancelSignIn: (authId: string) => call<unknown>('POST', `/v2/auth/cancel/${id(authId)}`, {}),

  keys: (signal?: AbortSignal) => call<KeyList>('GET', '/v2/keys', undefined, signal),
  internalKeys: (signal?: AbortSignal) => call<KeyList>('GET', '/v2/keys?internal=true', undefined, signal),
  createKey: (body: KeyCreate) => call<KeyCreated>('POST', '/v2/keys', body),
  patchKey: (keyId: string, body: KeyPatch) => call<KeyView>('PATCH', `/v2/keys/${id(keyId)}`, body),
  removeKey: (keyId: string) => call<unknown>('DELETE', `/v2/keys/${id(keyId)}`),

  proxies: (signal?: AbortSignal) => call<ProxyList>('GET', '/v2/proxies', undefined, signal),
  createProxy: (body: ProxyCreate) => call<ProxyChanged>('POST', '/v2/proxies', body),
  updateProxy: (proxyId: string, body: ProxyUpdate) => call<ProxyChanged>('PUT', `/v2/proxies/${id(proxyId)}`, body),
  removeProxy: (proxyId: string) => call<unknown>('DELETE', `/v2/proxies/${id(proxyId)}`),
  testProxy: (proxyId: string) => call<ProxyTested>('POST', `/v2/proxies/${id(proxyId)}/test`, {}),

  settings: (signal?: AbortSignal) => call<SettingsView>('GET', '/v2/settings', undefined, signal),
  saveSettings: (body: SettingsUpdate) => call<SettingsSaved>('PUT', '/v2/settings', body),

  models: (signal?: AbortSignal) => call<ModelList>('GET', '/v2/models', undefined, signal),
  modelMappings: (signal?: AbortSignal) => call<ModelMappingList>('GET', '/v2/model-mappings', undefined, signal),
  createModelMapping: (body: ModelMappingCreate) => call<ModelMappingChanged>('POST', '/v2/model-mappings', body),
  updateModelMapping: (mappingId: string, body: ModelMappingUpdate) =>
    call<ModelMappingChanged>('PUT', `/v2/model-mappings/${id(mappingId)}`, body),
  removeModelMapping: (mappingId: string) => call<unknown>('DELETE', `/v2/model-mappings/${id(mappingId)}`),
  /** The record of one request; null while there is none yet. */
  request: async (requestId: string, signal?: AbortSignal): Promise<RequestView | null> => {
    const { logs } = await call<RequestList>('GET', `/v2/logs?request_id=${id(requestId)}`, undefined, signal)
    return logs[0] ?? null
  },
  status: (signal?: AbortSignal) => call<StatusView>('GET', '/v2/status', undefined, signal),
  jobs: (signal?: AbortSignal) => call<JobList>('GET', '/v2/jobs', undefined, signal),
  job: (jobId: string, signal?: AbortSignal) => call<JobDetail>('GET', `/v2/jobs/${id(jobId)}`, undefined, signal),
  cancelJob: (jobId: string) => call<unknown>('POST', `/v2/jobs/${id(jobId)}/cancel`, {}),
  latency: (signal?: AbortSignal) => call<LatencyView>('GET', '/v2/health/aws-latency', undefined, signal),
  health: (signal?: AbortSignal) => call<{ readonly status: string }>('GET', '/healthz', undefined, signal),
} as const
