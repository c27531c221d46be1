import type { LogQuery } from '../../api/logs.ts'
import { textParam } from '../../lib/url-params.ts'

export const scopeNames = ['user', 'key', 'account', 'model'] as const
export type ScopeName = (typeof scopeNames)[number]

/** Whose requests: by ids, and by the name of a model. Empty is all of them. */
export type Scope = Readonly<Record<ScopeName, string>>

/** What stands in the address. */
export const scopeParams = { user: textParam, key: textParam, account: textParam, model: textParam } as const

const fields = { user: 'user_id', key: 'api_key_id', account: 'account_id', model: 'model' } as const

export const chosenIn = (scope: Scope): readonly ScopeName[] => scopeNames.filter((name) => scope[name] !== '')

/** As the server takes it. */
export const scopeQuery = (scope: Scope): LogQuery =>
  Object.fromEntries(chosenIn(scope).map((name) => [fields[name], scope[name]]))
