import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { AccountSpec } from '../../server/simulator/account.ts'

const folder = path.join(import.meta.dir, '../fixtures/original')
export const fixtureDatabase = path.join(folder, 'original.sqlite3')
export const fixtureDump = path.join(folder, 'original-mysql.sql')

/** What the original's own API said about a database, and what a provider must know so that its accounts serve. */
export type Facts = {
  /** ISO, when the original said it. */
  readonly madeAt: string
  readonly password: string
  readonly apiKey: string
  readonly replacedKey: string
  readonly simulator: readonly {
    readonly account: string
    readonly kind: 'idc' | 'social'
    readonly label: string
    readonly email: string
    readonly userId: string
    readonly profileArn: string | null
    readonly clientId: string
    readonly clientSecret: string
    readonly refreshToken: string
    readonly accessToken: string
  }[]
  // biome-ignore lint/suspicious/noExplicitAny: the original's own answers, looked into member by member
  readonly accounts: readonly any[]
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly users: readonly any[]
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly userStats: Readonly<Record<string, any>>
  readonly settings: Readonly<Record<string, unknown>>
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly proxies: readonly any[]
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly blocked: readonly any[]
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly ipConfigs: readonly any[]
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly logs: readonly any[]
  readonly logsTotal: number
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly stats: any
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly quotaStats: any
}

export const factsOf = (name: 'original' | 'original-mysql'): Facts =>
  JSON.parse(readFileSync(path.join(folder, `${name}.json`), 'utf8')) as Facts

/** The provider's side of the fixture's accounts. The original keeps the newest tokens of a login in its database. */
export function specsOf({ simulator, accounts }: Facts): readonly AccountSpec[] {
  return simulator.map(({ account, kind, email, userId, profileArn, clientId, clientSecret, ...tokens }) => {
    const kept = accounts.find(({ id }) => id === account)
    return {
      id: account,
      plan: 'power',
      method: kind === 'social' ? 'social' : 'builder-id',
      email,
      userId,
      ...(profileArn === null ? {} : { profileArn }),
      ...(kind === 'social' ? {} : { clientId, clientSecret }),
      refreshToken: kept?.refreshToken ?? tokens.refreshToken,
      ...(kept?.accessToken ? { accessToken: kept.accessToken } : {}),
    }
  })
}
