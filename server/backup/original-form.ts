import type { OriginalBackup } from '../admin/contract/backup.ts'
import { mask, maskedLast4 } from '../admin/mask.ts'
import { isSealed, settingsTable } from '../admin/settings-table.ts'
import type { AccountRecord, Store } from '../store/store.ts'
import type { CredentialStore } from '../upstream/amazonq/credentials.ts'

const masked = mask('')

/**
 * What `GET /v2/backup/export` answered in the original, for its scripts: the same members. Keys of users are kept as hashes only and
 * are always masked, as is the password; sign-ins unless `secrets`. Ours holds everything: `POST /v2/backup/export`.
 */
export async function originalForm(store: Store, secrets: boolean, now: number): Promise<OriginalBackup> {
  const [records, users, keys, stored, shown] = await Promise.all([
    store.accounts.list(),
    store.users.list(),
    store.keys.list(),
    store.settings.all(),
    store.sealedSettings.shown(),
  ])
  const totals = await store.usage.ofPeriod(
    'all',
    users.map(({ id }) => id),
  )
  const days = await Promise.all(
    users.map(async ({ id }) => (await store.usage.days(id, '')).map((day) => ({ id, ...day }))),
  )
  return {
    backup_version: 2,
    backup_time: iso(now),
    accounts: await Promise.all(records.map((record) => accountOf(record, store.accounts.credentials, secrets))),
    settings: {
      ...Object.fromEntries(
        settingsTable
          .filter((setting) => !isSealed(setting) && stored[setting.stored] !== undefined)
          .map((setting) => [setting.stored, stored[setting.stored] ?? '']),
      ),
      ...Object.fromEntries(
        settingsTable
          .filter((setting) => isSealed(setting) && shown[setting.stored] !== undefined)
          .map((setting) => [setting.stored, masked]),
      ),
      admin_password: masked,
    },
    blocked_ips: (await store.ips.blocks()).map(({ shown: ip, createdAt, reason }) => ({
      ...{ ip, created_at: iso(createdAt), reason },
    })),
    users: users.map((user) => {
      const key = keys.find(({ userId }) => userId === user.id)
      const used = totals.get(user.id)
      return {
        ...{ id: user.id, name: user.name, enabled: user.enabled },
        api_key: key === undefined ? '' : maskedLast4(key.last4),
        created_at: iso(user.createdAt),
        updated_at: iso(user.updatedAt),
        daily_quota: user.limits?.tokensPerDay ?? 0,
        monthly_quota: user.limits?.tokensPerMonth ?? 0,
        total_tokens_used: used === undefined ? 0 : used.inputTokens + used.outputTokens,
        ...(user.email === undefined ? {} : { email: user.email }),
        ...(user.notes === undefined ? {} : { notes: user.notes }),
      }
    }),
    user_token_usage: days.flat().map(({ id, day, used }) => ({
      ...{ id: `${id}-${day}`, user_id: id, date: day },
      ...{ input_tokens: used.inputTokens, output_tokens: used.outputTokens },
      ...{ total_tokens: used.inputTokens + used.outputTokens, request_count: used.requests },
    })),
    imported_accounts: [],
  }
}

const iso = (at: number): string => new Date(at).toISOString()

async function accountOf(
  { account, profile }: AccountRecord,
  credentials: CredentialStore,
  secrets: boolean,
): Promise<OriginalBackup['accounts'][number]> {
  const signIn = await credentials.load(account.id)
  const secret = (text: string): string => (secrets ? text : mask(text))
  const { clientId = '', clientSecret, refreshToken, accessToken } = signIn ?? {}
  const { email, userId, lastRefreshAt, lastRefreshStatus, method, region } = profile
  return {
    ...{ id: account.id, clientId, clientSecret: clientSecret === undefined ? '' : secret(clientSecret) },
    ...{ enabled: account.enabled, error_count: profile.errorCount, success_count: profile.successCount },
    ...{ created_at: iso(account.createdAt), updated_at: iso(profile.updatedAt), auth_method: method, region },
    ...(account.label === '' ? {} : { label: account.label }),
    ...(refreshToken === undefined ? {} : { refreshToken: secret(refreshToken) }),
    ...(accessToken === undefined ? {} : { accessToken: secret(accessToken) }),
    ...(lastRefreshAt === undefined ? {} : { last_refresh_time: iso(lastRefreshAt) }),
    ...(lastRefreshStatus === undefined ? {} : { last_refresh_status: lastRefreshStatus }),
    ...(userId === undefined ? {} : { q_user_id: userId }),
    ...(email === undefined ? {} : { email }),
  }
}
