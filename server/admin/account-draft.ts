import { cutText } from '../lib/sound-text.ts'
import type { AccountRecord } from '../store/store.ts'
import type { Credentials } from '../upstream/amazonq/credentials.ts'
import { regionOfArn } from '../upstream/amazonq/endpoint.ts'
import type { ImportedAccount } from '../upstream/amazonq/import-item.ts'

/** A row that can be created, and the secrets that go with it. */
export type AccountDraft = { readonly record: AccountRecord; readonly credentials: Credentials }

/** An account from a sign-in that was read. Its user id is not taken over: only the provider's word identifies a person. */
export function draftAccount(signIn: ImportedAccount, id: string, now: number, maxInFlight: number): AccountDraft {
  const { credentials, label = '', email, enabled = true, successCount = 0, errorCount = 0 } = signIn // D-08: false stays false
  const { account, profile } = newAccountRecord({ id, label, enabled, credentials }, now, maxInFlight)
  const known = email === undefined ? {} : { email }
  const createdAt = Math.min(signIn.addedAt ?? now, now)
  return {
    record: { account: { ...account, createdAt }, profile: { ...profile, ...known, successCount, errorCount } },
    credentials,
  }
}

/** The row of an account nobody has used yet. */
export function newAccountRecord(
  from: {
    readonly id: string
    readonly label: string
    readonly enabled: boolean
    readonly credentials: Credentials
  },
  now: number,
  maxInFlight: number,
): AccountRecord {
  const { method, refreshToken, accessToken, apiKey } = from.credentials
  const usable = refreshToken !== undefined || accessToken !== undefined || apiKey !== undefined
  return {
    account: {
      id: from.id,
      label: cutText(from.label.trim(), 100),
      enabled: from.enabled,
      health: usable
        ? { state: 'unchecked', since: now, failures: 0 }
        : { state: 'expired', since: now, failures: 0, reason: 'There is no refresh token: sign in again.' },
      weight: 1,
      maxInFlight,
      createdAt: now,
    },
    profile: { method, region: apiRegion(from.credentials), successCount: 0, errorCount: 0, updatedAt: now },
  }
}

/** Where the account's calls go, as far as its sign-in tells. */
export const apiRegion = ({ profileArn, identityRegion }: Credentials): string =>
  regionOfArn(profileArn) ?? identityRegion

/** Trimmed text; undefined for null and blank. */
export function text(value: string | null | undefined): string | undefined {
  const trimmed = value?.trim()
  return trimmed === undefined || trimmed === '' ? undefined : trimmed
}
