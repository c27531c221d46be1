import { queryOptions } from '@tanstack/solid-query'
import type { AlertList, AlertTested } from '../../../server/admin/contract/alerts.ts'
import type { AuditList, AuditVerified } from '../../../server/admin/contract/audit.ts'
import type {
  BackupAsk,
  BackupFileList,
  BackupFileView,
  LastRestore,
  RestoreDone,
  RestoreMode,
} from '../../../server/admin/contract/backup.ts'
import type { HealthView } from '../../../server/admin/contract/health.ts'
import type { ImportReportView } from '../../../server/admin/contract/import-report.ts'
import type { JobStarted } from '../../../server/admin/contract/jobs.ts'
import type {
  AdminTokenCreate,
  AdminTokenCreated,
  AdminTokenList,
  OperatorCreate,
  OperatorList,
  OperatorPatch,
  OperatorView,
  SecondFactorBegun,
  SecondFactorConfirmed,
  SecondFactorView,
  SignedInList,
} from '../../../server/admin/contract/operators.ts'
import type {
  SettingsFields,
  SettingsSaved,
  SettingsUpdate,
  SettingsView,
} from '../../../server/admin/contract/settings.ts'
import { call, request } from './client.ts'

const second = 1000
const id = encodeURIComponent

/** A thing with the tag of what of it can be edited: sent back, an edit holds only while nobody else made one. */
export type Tagged<T> = { readonly value: T; readonly tag: string }

async function tagged<T>(path: string, signal?: AbortSignal): Promise<Tagged<T>> {
  const response = await request('GET', path, undefined, signal)
  return { value: (await response.json()) as T, tag: response.headers.get('etag') ?? '' }
}

const asJob = { prefer: 'respond-async' } as const

async function sendBackup<T>(
  file: Blob,
  passphrase: string,
  query: string,
  more: Readonly<Record<string, string>>,
): Promise<T> {
  const headers = {
    ...more,
    'content-type': 'application/octet-stream',
    ...(passphrase === '' ? {} : { 'x-backup-passphrase': id(passphrase) }),
  }
  const answer = await request('POST', `/v2/backup/import${query}`, undefined, undefined, headers, file)
  return (await answer.json()) as T // as `call` has it
}

export type AuditFilter = { readonly actor: string; readonly action: string; readonly before: number | undefined }

/** Settings, sign-ins, backups and health: what is looked after rather than used. */
export const care = {
  settings: (signal?: AbortSignal) => tagged<SettingsView>('/v2/settings', signal),
  saveSettings: (body: SettingsUpdate, tag: string) =>
    call<SettingsSaved>('PUT', '/v2/settings', body, undefined, { 'if-match': tag }),
  endSignIn: (name: string) => call<unknown>('DELETE', `/v2/sessions/${id(name)}`),
  createToken: (body: AdminTokenCreate) => call<AdminTokenCreated>('POST', '/v2/admin-tokens', body),
  removeToken: (tokenId: string) => call<unknown>('DELETE', `/v2/admin-tokens/${id(tokenId)}`),
  createOperator: (body: OperatorCreate) => call<OperatorView>('POST', '/v2/operators', body),
  patchOperator: (operatorId: string, body: OperatorPatch) =>
    call<OperatorView>('PATCH', `/v2/operators/${id(operatorId)}`, body),
  removeOperator: (operatorId: string) => call<unknown>('DELETE', `/v2/operators/${id(operatorId)}`),
  beginSecondFactor: (password: string) => call<SecondFactorBegun>('POST', '/v2/second-factor', { password }),
  confirmSecondFactor: (code: string) => call<SecondFactorConfirmed>('POST', '/v2/second-factor/confirm', { code }),
  removeSecondFactor: (body: { readonly password: string; readonly code: string }) =>
    call<unknown>('POST', '/v2/second-factor/remove', body),
  verifyAudit: () => call<AuditVerified>('GET', '/v2/audit/verify'),
  testAlerts: () => call<AlertTested>('POST', '/v2/alerts/test', {}),
  resetStats: (what: { readonly counters: boolean; readonly requestLogs: boolean }) =>
    call<unknown>('POST', '/v2/accounts/reset-stats', what),

  /** The portable form; the file is made while it comes. */
  exportBackup: async (body: BackupAsk): Promise<Blob> => (await request('POST', '/v2/backup/export', body)).blob(),
  /** Says what it would do. */
  lookThroughBackup: (file: Blob, passphrase: string, mode: RestoreMode) =>
    sendBackup<RestoreDone>(file, passphrase, `?dry_run=1&mode=${mode}`, {}),
  /** As a job, which goes on whoever looks; the server starts anew when it is done. */
  importBackup: (file: Blob, passphrase: string, mode: RestoreMode) =>
    sendBackup<JobStarted>(file, passphrase, `?mode=${mode}`, asJob),
  makeCopy: () => call<BackupFileView>('POST', '/v2/backup/files', {}),
  removeCopy: (name: string) => call<unknown>('DELETE', `/v2/backup/files/${id(name)}`),
  lookThroughCopy: (name: string, mode: RestoreMode) =>
    call<RestoreDone>('POST', `/v2/backup/files/${id(name)}/restore`, { dry_run: true, mode }),
  restoreCopy: (name: string, mode: RestoreMode) =>
    call<JobStarted>('POST', `/v2/backup/files/${id(name)}/restore`, { mode }, undefined, asJob),
  copyAddress: (name: string) => `/v2/backup/files/${id(name)}`,

  report: async (): Promise<string> => (await request('GET', '/v2/health/report')).text(),
} as const

export const careQueries = {
  /** Under a name of its own: with its tag, and not asked for again under the hands of who edits. */
  settings: () => queryOptions({ queryKey: ['settings', 'tagged'], queryFn: ({ signal }) => care.settings(signal) }),
  settingsFields: () =>
    queryOptions({
      queryKey: ['settings', 'fields'],
      queryFn: ({ signal }) => call<SettingsFields>('GET', '/v2/settings/fields', undefined, signal),
    }),
  signIns: () =>
    queryOptions({
      queryKey: ['sign-ins'],
      queryFn: ({ signal }) => call<SignedInList>('GET', '/v2/sessions', undefined, signal),
      refetchInterval: 60 * second,
    }),
  tokens: () =>
    queryOptions({
      queryKey: ['admin-tokens'],
      queryFn: ({ signal }) => call<AdminTokenList>('GET', '/v2/admin-tokens', undefined, signal),
    }),
  operators: () =>
    queryOptions({
      queryKey: ['operators'],
      queryFn: ({ signal }) => call<OperatorList>('GET', '/v2/operators', undefined, signal),
    }),
  secondFactor: () =>
    queryOptions({
      queryKey: ['second-factor'],
      queryFn: ({ signal }) => call<SecondFactorView>('GET', '/v2/second-factor', undefined, signal),
    }),
  audit: ({ actor, action, before }: AuditFilter) =>
    queryOptions({
      queryKey: ['audit', { actor, action, before }],
      queryFn: ({ signal }) => {
        const query = new URLSearchParams({ limit: '50', actor, action, before: String(before ?? '') })
        return call<AuditList>('GET', `/v2/audit?${query}`, undefined, signal)
      },
      placeholderData: (previous) => previous,
    }),
  alerts: () =>
    queryOptions({
      queryKey: ['alerts'],
      queryFn: ({ signal }) => call<AlertList>('GET', '/v2/alerts', undefined, signal),
      refetchInterval: 15 * second,
    }),
  copies: () =>
    queryOptions({
      queryKey: ['backup', 'files'],
      queryFn: ({ signal }) => call<BackupFileList>('GET', '/v2/backup/files', undefined, signal),
      refetchInterval: 60 * second,
    }),
  lastRestore: () =>
    queryOptions({
      queryKey: ['backup', 'last-restore'],
      queryFn: ({ signal }) => call<LastRestore>('GET', '/v2/backup/last-restore', undefined, signal),
    }),
  importReport: () =>
    queryOptions({
      queryKey: ['import-report'],
      queryFn: ({ signal }) => call<ImportReportView>('GET', '/v2/import/report', undefined, signal),
    }),
  health: () =>
    queryOptions({
      queryKey: ['health', 'process'],
      queryFn: ({ signal }) => call<HealthView>('GET', '/v2/health', undefined, signal),
      refetchInterval: 10 * second,
    }),
} as const
