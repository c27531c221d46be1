import type { UserPatch, UserView } from '../admin/contract/users.ts'
import type { Command, CommandName } from '../config/command.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { type Act, answer, timeText } from './answers.ts'
import { type CliIo, type Failure, misused, table } from './io.ts'
import { accountIdsOf, enabledOf, keyLimitsOf } from './key-limits.ts'

export type UserCommand = Extract<CommandName, `user ${string}`>

/** Checks one of the `user` commands; what it gives asks the data. A new key stands alone on standard output. */
export function prepareUser(
  name: UserCommand,
  operand: string,
  options: Command['options'],
  io: CliIo,
): Result<Act, Failure> {
  switch (name) {
    case 'user add': {
      const patch = userPatchOf(options)
      if (!patch.ok) return err(misused(patch.error))
      return ok(async (control) => {
        const created = await control.createUser({ ...patch.value, name: operand })
        if (created.ok) io.err('The key of the new user is shown only now:\n')
        return answer(created, (user) => ({ json: user, text: `${user.api_key}\n` }))
      })
    }
    case 'user list':
      return ok(async (control) =>
        answer(await control.listUsers(), (users) => ({ json: users, text: userListText(users) })),
      )
    case 'user show':
      return ok(async (control) =>
        answer(await control.getUser(operand), (user) => ({ json: user, text: userText(user) })),
      )
    case 'user change': {
      const patch = userPatchOf(options)
      if (!patch.ok) return err(misused(patch.error))
      if (Object.keys(patch.value).length === 0)
        return err(misused('user change needs --name, --email, --notes, --priority, --accounts, --enabled or a limit.'))
      return ok(async (control) =>
        answer(await control.changeUser(operand, patch.value), (user) => ({ json: user, text: userText(user) })),
      )
    }
    case 'user new-key':
      return ok(async (control) => {
        const made = await control.renewUserKey(operand)
        if (made.ok) io.err('The new key is shown only now; the old one has ended:\n')
        return answer(made, (key) => ({ json: key, text: `${key.api_key}\n` }))
      })
    case 'user remove':
      return ok(async (control) =>
        answer(await control.removeUser(operand), () => ({
          json: { removed: operand },
          text: `Removed ${operand} and its keys.\n`,
        })),
      )
  }
}

function userPatchOf(options: Command['options']): Result<UserPatch, string> {
  const { name, email, notes, priority } = options
  const enabled = enabledOf(options)
  if (!enabled.ok) return enabled
  const accountIds = accountIdsOf(options)
  if (!accountIds.ok) return accountIds
  const limits = keyLimitsOf(options)
  if (!limits.ok) return limits
  if (typeof priority === 'string' && !/^\d$/.test(priority)) return err('--priority takes a number from 0 to 9.')
  return ok({
    ...limits.value,
    ...(typeof name === 'string' ? { name } : {}),
    ...(typeof email === 'string' ? { email } : {}),
    ...(typeof notes === 'string' ? { notes } : {}),
    ...(typeof priority === 'string' ? { priority: Number(priority) } : {}),
    ...(accountIds.value === undefined ? {} : { account_ids: accountIds.value }),
    ...(enabled.value === undefined ? {} : { enabled: enabled.value }),
  })
}

export function userListText(users: readonly UserView[]): string {
  if (users.length === 0) return 'No users yet. Add one: claude-server user add NAME\n'
  const rows = users.map((user) => [
    user.id,
    user.name,
    user.enabled ? 'yes' : 'no',
    String(user.priority),
    String(user.keys.length),
    ...[user.daily_requests, user.daily_tokens, user.monthly_tokens].map(count),
    dollars(user.monthly_cost_micro_usd),
    user.expires_at === null ? 'never' : timeText(user.expires_at),
  ])
  const head = [
    'ID',
    'NAME',
    'ENABLED',
    'PRIORITY',
    'KEYS',
    'CALLS TODAY',
    'TOKENS TODAY',
    'THIS MONTH',
    'COST',
    'ENDS',
  ]
  return table([head, ...rows])
}

export function userText(user: UserView): string {
  const limit = (max: number, used?: string): string => {
    const top = max === 0 ? 'no limit' : `of ${count(max)}`
    return used === undefined ? top.replace(/^of /, '') : `${used} ${max === 0 ? '(no limit)' : top}`
  }
  return table([
    ['id', user.id],
    ['name', user.name],
    ['email', user.email ?? ''],
    ['enabled', user.enabled ? 'yes' : 'no'],
    ['priority', String(user.priority)],
    ['ends', user.expires_at === null ? 'never' : timeText(user.expires_at)],
    ['models', user.models.length === 0 ? 'any' : user.models.join(', ')],
    ['accounts', user.account_ids.length === 0 ? 'any' : user.account_ids.join(', ')],
    ['requests per minute', limit(user.rate_limit_rpm)],
    ['calls at a time', limit(user.concurrency)],
    ['requests today', limit(user.request_quota, count(user.daily_requests))],
    ['tokens today', limit(user.daily_quota, count(user.daily_tokens))],
    ['tokens this month', limit(user.monthly_quota, count(user.monthly_tokens))],
    [
      'cost this month',
      `${dollars(user.monthly_cost_micro_usd)} ${user.monthly_spend_micro_usd === 0 ? '(no limit)' : `of ${dollars(user.monthly_spend_micro_usd)}`}`,
    ],
    ['credits this month', limit(user.monthly_credits, count(user.monthly_credits_used))],
    ['in all', `${count(user.total_requests)} requests, ${count(user.total_tokens_used)} tokens`],
    ['keys', user.keys.map((key) => `${key.id} (${key.name}, ${key.prefix}…${key.last4})`).join(', ') || 'none'],
    ['notes', user.notes ?? ''],
  ])
}

const count = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 2 })
const dollars = (microUsd: number): string => `$${(microUsd / 1_000_000).toFixed(2)}`
