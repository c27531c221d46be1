import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { AccountDeps } from './account-deps.ts'
import { settingIn } from './settings-table.ts'

/** How many more accounts may be added, and the refusal of one too many. */
export type AccountRoom = { readonly left: number; readonly refusal: GatewayError }

export const limitCode = 'ACCOUNT_LIMIT_REACHED'

/** As setting `maxAccounts` has it now. Those that are beyond it already stay. */
export async function accountRoom({ store }: Pick<AccountDeps, 'store'>): Promise<AccountRoom> {
  const [accounts, stored] = await Promise.all([store.accounts.list(), store.settings.all()])
  const most = Number(settingIn(stored, 'max_accounts'))
  const message = `The limit of ${most} accounts (setting maxAccounts) is reached.`
  return {
    left: Math.max(0, most - accounts.length),
    refusal: gatewayError('permission', message, { code: limitCode, params: { limit: most } }),
  }
}
