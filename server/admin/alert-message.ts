import type { AlertBody, AlertKind } from './contract/alerts.ts'
import type { AttentionItem } from './contract/events.ts'

/** One thing to be told. `id` stands for the occasion: it is told once. */
export type AlertMessage = {
  readonly id: string
  readonly type: AlertKind | 'test'
  readonly text: string
  readonly data: AlertBody['data']
}

const sentences: Readonly<Record<AlertKind, (name: string) => string>> = {
  'account.suspended': (name) => `The provider has suspended the account ${name}.`,
  'account.signed_out': (name) => `The account ${name} is signed out: somebody must sign in again.`,
  'account.restricted': (name) => `The provider has restricted the account ${name} for a while.`,
  'account.failing': (name) => `The account ${name} fails again and again and was taken out of service.`,
  'account.running_out': (name) => `The account ${name} is about to use up its quota.`,
  'pool.empty': () => 'No account can serve: requests are refused.',
  'proxy.down': (name) => `The outbound proxy ${name} cannot be used.`,
  'user.limit_80': (name) => `The user ${name} has used 80 % of a limit.`,
  'user.limit_100': (name) => `The user ${name} has used up a limit.`,
}

export function messageOf({ id, kind, account_id, proxy_id, name = '', since, detail }: AttentionItem): AlertMessage {
  const text = `${sentences[kind](name)}${detail === null ? '' : ` ${detail}`}`
  const about = {
    ...(account_id === undefined ? {} : { account_id }),
    ...(proxy_id === undefined ? {} : { proxy_id }),
    ...(name === '' ? {} : { name }),
  }
  return { id, type: kind, text, data: { ...about, since, detail } }
}

/** A user has reached a share of one of their limits; `period` makes it once for each day, month or whatever it is of. */
export function userLimitMessage(reached: {
  readonly userId: string
  readonly name: string
  readonly percent: 80 | 100
  readonly limit: string
  readonly used: number
  readonly maximum: number
  readonly period: string
}): AlertMessage {
  const { userId, name, percent, limit, used, maximum, period } = reached
  const type: AlertKind = percent === 100 ? 'user.limit_100' : 'user.limit_80'
  return {
    id: `${type}:${userId}:${limit}:${period}`,
    type,
    text: `${sentences[type](name)} (${limit}: ${used} of ${maximum})`,
    data: { user_id: userId, name, limit, used, maximum, period },
  }
}

export const alertBody = ({ type, text, data }: AlertMessage, id: string, at: number): AlertBody => ({
  ...{ id, type, timestamp: new Date(at).toISOString(), text, data },
})
