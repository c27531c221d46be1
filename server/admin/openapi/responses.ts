import type { TSchema } from '@sinclair/typebox'
import { Type } from '@sinclair/typebox'
import * as accounts from '../contract/accounts.ts'
import { AlertList, AlertTested } from '../contract/alerts.ts'
import { ToolConfig, ToolConfigSaved } from '../contract/devtools.ts'
import { StatusView } from '../contract/events.ts'
import { ImportReportView } from '../contract/import-report.ts'
import * as imports from '../contract/imports.ts'
import { BatchDone, JobDetail, JobList } from '../contract/jobs.ts'
import { ModelList } from '../contract/models.ts'
import { ProxyChanged, ProxyList } from '../contract/proxies.ts'
import { LoginResult, SessionView } from '../contract/session.ts'
import { SettingsSaved, SettingsView } from '../contract/settings.ts'

/** What each route answers, where the contract has it; the others answer JSON all the same. */
export const responses: Readonly<Record<string, TSchema>> = {
  'GET /api/session': SessionView,
  'POST /api/login': LoginResult,
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
  'GET /v2/accounts/incomplete': accounts.AccountsIncomplete,
  'DELETE /v2/accounts/incomplete': accounts.AccountsSwitched,
  'DELETE /v2/accounts/suspended': accounts.AccountsSwitched,
  'GET /v2/accounts/:id': accounts.AccountView,
  'PATCH /v2/accounts/:id': accounts.AccountView,
  'POST /v2/accounts/:id/refresh': accounts.AccountView,
  'GET /v2/accounts/:id/quota': accounts.QuotaView,
  'GET /v2/import/report': ImportReportView,
  'GET /v2/jobs': JobList,
  'GET /v2/jobs/:id': JobDetail,
  'GET /v2/status': StatusView,
  'GET /v2/alerts': AlertList,
  'POST /v2/alerts/test': AlertTested,
  'GET /v2/settings': SettingsView,
  'PUT /v2/settings': SettingsSaved,
  'PATCH /v2/settings': SettingsSaved,
  'GET /v2/models': ModelList,
  'GET /v2/proxies': ProxyList,
  'POST /v2/proxies': ProxyChanged,
  'GET /v2/devtools/claude-code/config': ToolConfig,
  'POST /v2/devtools/claude-code/config': ToolConfigSaved,
  'GET /v2/devtools/droid/config': ToolConfig,
  'POST /v2/devtools/droid/config': ToolConfigSaved,
}
