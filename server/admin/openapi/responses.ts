import type { TSchema } from '@sinclair/typebox'
import { Type } from '@sinclair/typebox'
import * as accounts from '../contract/accounts.ts'
import { AlertList, AlertTested } from '../contract/alerts.ts'
import { AuditList, AuditVerified } from '../contract/audit.ts'
import { BackupFileList, BackupFileView, OriginalBackup, RestoreDone } from '../contract/backup.ts'
import { CaptureList, CaptureView, ContentView } from '../contract/captures.ts'
import { Done, Told } from '../contract/common.ts'
import { DeletedList, DeletedPurged } from '../contract/deleted.ts'
import { ToolConfig, ToolConfigSaved, ToolConfigUndone } from '../contract/devtools.ts'
import { StatusView } from '../contract/events.ts'
import { ImportReportView } from '../contract/import-report.ts'
import * as imports from '../contract/imports.ts'
import * as ips from '../contract/ips.ts'
import { BatchDone, JobCancelled, JobDetail, JobList } from '../contract/jobs.ts'
import { KeyCreated, KeyList, KeyView } from '../contract/keys.ts'
import { CleanupDone, RequestDetail, RequestList, RequestRowList, RequestStats, RequestTail } from '../contract/logs.ts'
import { MetaView } from '../contract/meta.ts'
import { ModelMappingChanged, ModelMappingList, ModelMappingView } from '../contract/model-mappings.ts'
import { ModelList } from '../contract/models.ts'
import * as operators from '../contract/operators.ts'
import { ProxyChanged, ProxyList, ProxyTested, ProxyToggled, ProxyView } from '../contract/proxies.ts'
import { LoginResult, SessionView } from '../contract/session.ts'
import { SettingsSaved, SettingsView } from '../contract/settings.ts'
import { SignInClaimed, SignInStarted, SignInStatus } from '../contract/sign-in.ts'
import * as users from '../contract/users.ts'
import * as visitors from '../contract/visitors.ts'

/** What each route answers with JSON. A test holds real answers against these, and asks that no route is missing. */
export const responses: Readonly<Record<string, TSchema>> = {
  'GET /api/session': SessionView,
  'GET /api/meta': MetaView,
  'GET /v2/meta': MetaView,
  'POST /api/login': LoginResult,
  'POST /api/logout': Done,
  'POST /api/password': Done,
  'GET /v2/sessions': operators.SignedInList,
  'DELETE /v2/sessions/:id': Done,
  'POST /v2/sessions/end-others': Done,
  'GET /v2/operators': operators.OperatorList,
  'POST /v2/operators': operators.OperatorView,
  'GET /v2/operators/:id': operators.OperatorView,
  'PATCH /v2/operators/:id': operators.OperatorView,
  'DELETE /v2/operators/:id': Done,
  'GET /v2/admin-tokens': operators.AdminTokenList,
  'POST /v2/admin-tokens': operators.AdminTokenCreated,
  'DELETE /v2/admin-tokens/:id': Done,
  'GET /v2/second-factor': operators.SecondFactorView,
  'POST /v2/second-factor': operators.SecondFactorBegun,
  'POST /v2/second-factor/confirm': operators.SecondFactorConfirmed,
  'POST /v2/second-factor/remove': Done,
  'GET /v2/audit': AuditList,
  'GET /v2/audit/verify': AuditVerified,
  'POST /v2/auth/start': SignInStarted,
  'GET /v2/auth/status/:authId': SignInStatus,
  'POST /v2/auth/claim/:authId': SignInClaimed,
  'POST /v2/auth/cancel/:authId': Done,
  'GET /v2/accounts': accounts.AccountList,
  'POST /v2/accounts': accounts.AccountView,
  'POST /v2/accounts/feed': imports.AccountFed,
  'POST /v2/accounts/import': imports.AccountImported,
  'POST /v2/accounts/direct-import': imports.AccountImported,
  'POST /v2/accounts/import-by-token': imports.TokenImportResult,
  'POST /v2/accounts/import-preview': imports.ImportPreview,
  'POST /v2/accounts/import-checked': imports.ImportDone,
  'GET /v2/accounts/export': Type.Array(Type.Union([accounts.ExportedAccount, accounts.KiroToken])),
  'POST /v2/accounts/export': Type.Array(Type.Union([accounts.ExportedAccount, accounts.KiroToken])),
  'POST /v2/accounts/batch': BatchDone,
  'POST /v2/accounts/enable-all': accounts.AccountsSwitched,
  'POST /v2/accounts/disable-all': accounts.AccountsSwitched,
  'POST /v2/accounts/sync-emails': accounts.EmailsSynced,
  'POST /v2/accounts/refresh-quotas': accounts.QuotasRefreshed,
  'POST /v2/accounts/reset-stats': Told,
  'GET /v2/accounts/incomplete': accounts.AccountsIncomplete,
  'DELETE /v2/accounts/incomplete': accounts.AccountsSwitched,
  'DELETE /v2/accounts/suspended': accounts.AccountsSwitched,
  'GET /v2/accounts/:id': accounts.AccountView,
  'PATCH /v2/accounts/:id': accounts.AccountView,
  'DELETE /v2/accounts/:id': Done,
  'POST /v2/accounts/:id/refresh': accounts.AccountView,
  'GET /v2/accounts/ids': accounts.AccountIds,
  'GET /v2/accounts/:id/quota': accounts.QuotaView,
  'GET /v2/accounts/:id/choices': accounts.AccountChoices,
  'GET /v2/accounts/:id/events': accounts.AccountEvents,
  'POST /v2/accounts/:id/restore': accounts.AccountView,
  'POST /v2/users/:id/restore': users.UserView,
  'POST /v2/keys/:id/restore': KeyView,
  'POST /v2/proxies/:id/restore': ProxyChanged,
  'POST /v2/model-mappings/:id/restore': ModelMappingChanged,
  'POST /v2/ips/restore': ips.IpTold,
  'GET /v2/deleted': DeletedList,
  'DELETE /v2/deleted': DeletedPurged,
  'DELETE /v2/deleted/:id': Done,
  'GET /v2/import/report': ImportReportView,
  'GET /v2/backup/export': OriginalBackup,
  'POST /v2/backup/import': RestoreDone,
  'GET /v2/backup/files': BackupFileList,
  'POST /v2/backup/files': BackupFileView,
  'GET /v2/jobs': JobList,
  'GET /v2/jobs/:id': JobDetail,
  'POST /v2/jobs/:id/cancel': JobCancelled,
  'GET /v2/status': StatusView,
  'GET /v2/alerts': AlertList,
  'POST /v2/alerts/test': AlertTested,
  'GET /v2/settings': SettingsView,
  'PUT /v2/settings': SettingsSaved,
  'PATCH /v2/settings': SettingsSaved,
  'GET /v2/models': ModelList,
  'GET /v2/keys': KeyList,
  'POST /v2/keys': KeyCreated,
  'GET /v2/keys/:id': KeyView,
  'PATCH /v2/keys/:id': KeyView,
  'DELETE /v2/keys/:id': Done,
  'POST /v2/keys/:id/regenerate': KeyCreated,
  'GET /v2/users': Type.Union([Type.Array(users.UserView), users.UserPage]),
  'POST /v2/users': users.UserView,
  'POST /v2/users/batch-vip': users.UsersCreated,
  'GET /v2/users/:id': users.UserView,
  'PATCH /v2/users/:id': users.UserView,
  'DELETE /v2/users/:id': Told,
  'POST /v2/users/:id/regenerate-key': users.KeyRegenerated,
  'GET /v2/users/:id/stats': users.UserStats,
  'GET /v2/users/:id/ips': visitors.UserIpList,
  'GET /v2/stats/users': Type.Array(users.UserTotals),
  'GET /v2/stats/online': visitors.OnlineView,
  'GET /v2/health/aws-latency': visitors.LatencyView,
  'GET /v2/ips/blocked': ips.IpBlocks,
  'GET /v2/ips/visitors': visitors.VisitorList,
  'POST /v2/ips/block': ips.IpTold,
  'POST /v2/ips/unblock': ips.IpTold,
  'GET /v2/ips/config/:ip': ips.IpConfigView,
  'PUT /v2/ips/config/:ip': ips.IpConfigView,
  'DELETE /v2/ips/config/:ip': Told,
  'GET /v2/model-mappings': ModelMappingList,
  'POST /v2/model-mappings': ModelMappingChanged,
  'GET /v2/model-mappings/:id': ModelMappingView,
  'PUT /v2/model-mappings/:id': ModelMappingChanged,
  'DELETE /v2/model-mappings/:id': Told,
  'GET /v2/proxies': ProxyList,
  'POST /v2/proxies': ProxyChanged,
  'GET /v2/proxies/:id': ProxyView,
  'PUT /v2/proxies/:id': ProxyChanged,
  'DELETE /v2/proxies/:id': Told,
  'POST /v2/proxies/:id/toggle': ProxyToggled,
  'POST /v2/proxies/:id/test': ProxyTested,
  'GET /v2/logs': Type.Union([RequestList, RequestRowList]),
  'GET /v2/logs/tail': RequestTail,
  'GET /v2/logs/:id': RequestDetail,
  'GET /v2/logs/:id/content': ContentView,
  'GET /v2/logs/stats': RequestStats,
  'POST /v2/logs/cleanup': CleanupDone,
  'GET /v2/captures': CaptureList,
  'PUT /v2/captures/:keyId': CaptureView,
  'DELETE /v2/captures/:keyId': Done,
  'GET /v2/devtools/claude-code/config': ToolConfig,
  'POST /v2/devtools/claude-code/config': ToolConfigSaved,
  'GET /v2/devtools/droid/config': ToolConfig,
  'POST /v2/devtools/droid/config': ToolConfigSaved,
  'POST /v2/devtools/claude-code/undo': ToolConfigUndone,
  'POST /v2/devtools/droid/undo': ToolConfigUndone,
}

/** Routes that answer with something else, and those whose JSON another API describes. */
export const otherAnswers: Readonly<Record<string, readonly string[]>> = {
  'GET /v2/jobs/:id/events': ['text/event-stream'],
  'GET /v2/events': ['text/event-stream'],
  'GET /v2/server-logs/stream': ['text/event-stream'],
  'GET /v2/logs/stream': ['text/event-stream'],
  'GET /v2/logs/export': ['application/x-ndjson', 'text/csv'],
  'POST /v2/backup/export': ['application/x-ndjson'],
  'POST /v2/test/messages': ['application/json', 'text/event-stream'],
  'POST /v2/test/chat/completions': ['application/json', 'text/event-stream'],
  'POST /v2/test/v1/messages': ['application/json', 'text/event-stream'],
  'POST /v2/test/v1/chat/completions': ['application/json', 'text/event-stream'],
  'POST /v2/test/v1/responses': ['application/json', 'text/event-stream'],
  'GET /v2/openapi.json': ['application/json'],
  'GET /v2/docs': ['text/html'],
  'GET /v2/docs/style.css': ['text/css'],
}

/** Bulk routes: with `Prefer: respond-async` they answer 202 and the job. */
export const jobRoutes: ReadonlySet<string> = new Set([
  'POST /v2/accounts/feed',
  'POST /v2/accounts/import',
  'POST /v2/accounts/direct-import',
  'POST /v2/accounts/import-by-token',
  'POST /v2/accounts/import-checked',
  'POST /v2/accounts/batch',
  'POST /v2/accounts/enable-all',
  'POST /v2/accounts/disable-all',
  'POST /v2/accounts/sync-emails',
  'POST /v2/accounts/refresh-quotas',
  'DELETE /v2/accounts/incomplete',
  'DELETE /v2/accounts/suspended',
  'POST /v2/users/batch-vip',
])
