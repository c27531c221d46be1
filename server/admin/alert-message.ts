import { wireNames } from '../access/limits.ts'
import type { Reached } from '../access/reached.ts'
import type { AlertBody, AlertKind } from './contract/alerts.ts'
import type { AttentionItem } from './contract/events.ts'

/** One thing to be told. `id` stands for the occasion: it is told once. */
export type AlertMessage = {
  readonly id: string
  readonly type: AlertKind | 'test'
  readonly text: string
  readonly data: AlertBody['data']
}

/** What is told when it happens, and lasts no longer than that. */
export type LimitAlert = AlertMessage & { readonly type: AlertKind }

const sentences: Readonly<Record<AlertKind, (name: string) => string>> = {
  'account.suspended': (name) => `The provider has suspended the account ${name}.`,
  'account.signed_out': (name) => `The account ${name} is signed out: somebody must sign in again.`,
  'account.restricted': (name) => `The provider has restricted the account ${name} for a while.`,
  'account.failing': (name) => `The account ${name} fails again and again and was taken out of service.`,
  'account.running_out': (name) => `The account ${name} is about to use up its quota.`,
  'pool.empty': () => 'No account can serve: requests are refused.',
  'proxy.down': (name) => `The outbound proxy ${name} cannot be used.`,
  'user.limit_80': (name) => `The user ${name} has used 80 % of a limit.`,
  'user.limit_100': (name) => `The user ${name} has used up a limit and is refused.`,
  'key.limit_80': (name) => `The API key ${name} has used 80 % of a limit.`,
  'key.limit_100': (name) => `The API key ${name} has used up a limit and is refused.`,
}

export function messageOf(item: AttentionItem & { readonly kind: AlertKind }): AlertMessage {
  const { id, kind, account_id, proxy_id, name = '', since, detail } = item
  const text = `${sentences[kind](name)}${detail === null ? '' : ` ${detail}`}`
  const about = {
    ...(account_id === undefined ? {} : { account_id }),
    ...(proxy_id === undefined ? {} : { proxy_id }),
    ...(name === '' ? {} : { name }),
  }
  return { id, type: kind, text, data: { ...about, since, detail } }
}

/** A user or a key has reached a share of one of its limits; told once for each day or month, and once more for a new limit. */
export function limitMessage({ subject, limit, percent, used, max, period }: Reached, name: string): LimitAlert {
  const type = `${subject.kind}.limit_${percent}` as const
  const wire = wireNames[limit]
  return {
    id: `${type}:${subject.id}:${wire}:${max}:${period}`,
    type,
    text: `${sentences[type](name)} (${wire}: ${used} of ${max} in ${period})`,
    data: { [`${subject.kind}_id`]: subject.id, name, limit: wire, used, maximum: max, period },
  }
}

/** The same for the console's events. */
export function itemOf({ id, type, text, data }: LimitAlert, at: number): AttentionItem {
  const { user_id: userId, key_id: keyId, name } = data
  return {
    ...{ id, kind: type, severity: type.endsWith('100') ? 'critical' : 'warning' },
    ...(typeof userId === 'string' ? { user_id: userId } : {}),
    ...(typeof keyId === 'string' ? { key_id: keyId } : {}),
    ...(typeof name === 'string' ? { name } : {}),
    since: new Date(at).toISOString(),
    detail: text,
  }
}

export const alertBody = ({ type, text, data }: AlertMessage, id: string, at: number): AlertBody => ({
  ...{ id, type, timestamp: new Date(at).toISOString(), text, data },
})
