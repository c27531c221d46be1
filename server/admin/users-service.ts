import { keyTraces, makeKey } from '../access/key.ts'
import { nothing, type Used } from '../access/limits.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { HandOverRecord, KeyRecord, Store, UserRecord } from '../store/store.ts'
import type { AdminLog } from './admin-log.ts'
import type {
  KeyRegenerated,
  Regenerate,
  UserCreate,
  UserPatch,
  UserStats,
  UsersCreate,
  UsersCreated,
  UserTotals,
  UserView,
} from './contract/users.ts'
import type { Progress } from './job-board.ts'
import { type KeysService, keyView } from './keys-service.ts'
import { given, invalid, limitsChange, limitsView, newLimits, rightsChange, rightsView } from './limits-form.ts'
import { dollars, microUsdOf, readUsage, tokensOf, type UsageAccess, type UsageReading, usedView } from './used-view.ts'
import { numberedNames } from './user-names.ts'

export type UsersDeps = {
  readonly store: Pick<Store, 'accounts' | 'keys' | 'users' | 'usage' | 'deleted' | 'handOvers'>
  readonly keys: Pick<KeysService, 'regenerate'>
  readonly effects: Pick<Effects, 'now' | 'newId'>
  readonly keysChanged: () => void
  readonly usage: UsageAccess
  readonly log: AdminLog
}

export type UsersService = ReturnType<typeof createUsersService>

const batchMost = 100
const batchUsual = 10
/** As the original made them; the name means "to be assigned". */
const batchUser = { name: '待分配', is_vip: true, request_quota: 1_000, rate_limit_rpm: 10 }
const firstKeyName = 'default'

/** Users, their keys and what they have used. */
export function createUsersService({ store, keys, effects, keysChanged, usage, log }: UsersDeps) {
  const { accounts, users } = store

  const keysOf = async (): Promise<ReadonlyMap<string, readonly KeyRecord[]>> =>
    Map.groupBy(
      (await store.keys.list()).filter(({ userId }) => userId !== undefined),
      ({ userId }) => userId ?? '',
    )
  /** Views of all of these, with one look at each kind of row. */
  const viewsOf = async (records: readonly UserRecord[]): Promise<readonly UserView[]> => {
    const [own, links] = await Promise.all([keysOf(), store.handOvers.list()])
    const ids = records.flatMap(({ id }) => [id, ...(own.get(id) ?? []).map((key) => key.id)])
    const reading = await readUsage(store.usage, usage, effects.now(), ids)
    const linkOf = new Map(links.map((link) => [link.keyId, link]))
    return records.map((user) => userView(user, own.get(user.id) ?? [], reading, linkOf))
  }
  const viewOf = async (user: UserRecord): Promise<UserView> => {
    const [view] = await viewsOf([user])
    if (view === undefined) throw new Error('one user has one view')
    return view
  }

  /** A new user and its first key, not stored yet. */
  const draft = async (
    ask: UserCreate,
    now: number,
  ): Promise<Result<{ readonly user: UserRecord; readonly key: KeyRecord; readonly text: string }, GatewayError>> => {
    const name = ask.name.trim()
    if (name === '') return invalid({ reason: 'blank' }, 'name must not be blank.', 'name')
    const rights = await rightsChange(ask, accounts)
    if (!rights.ok) return rights
    const text = makeKey()
    const user: UserRecord = {
      id: effects.newId('usr'),
      name,
      enabled: ask.enabled ?? true,
      priority: ask.priority ?? (ask.is_vip === true ? 1 : 0),
      ...given({ email: ask.email?.trim() || undefined, limits: newLimits(ask) }),
      ...given(rights.value),
      createdAt: now,
      updatedAt: now,
    }
    const key: KeyRecord = {
      id: effects.newId('key'),
      name: firstKeyName,
      ...keyTraces(text),
      enabled: true,
      userId: user.id,
      createdAt: now,
    }
    return ok({ user, key, text })
  }

  /** All of them or none. */
  const createAll = async (asks: readonly UserCreate[]): Promise<Result<UsersCreated, GatewayError>> => {
    const now = effects.now()
    const made: { user: UserRecord; key: KeyRecord; text: string }[] = []
    for (const ask of asks) {
      const one = await draft(ask, now)
      if (!one.ok) return one
      made.push(one.value)
    }
    await users.create(made)
    keysChanged()
    const { length: count } = made
    log('info', 'users.created', { count })
    const views = await viewsOf(made.map(({ user }) => user))
    const withKeys = views.map((view, at) => ({ ...view, api_key: made[at]?.text ?? view.api_key }))
    return ok({ success: true, count, users: withKeys, message: `${count} users were created.` })
  }

  return {
    create: async (ask: UserCreate): Promise<Result<UserView, GatewayError>> => {
      const made = await draft(ask, effects.now())
      if (!made.ok) return made
      const { user, key, text } = made.value
      await users.create([{ user, key }])
      keysChanged()
      log('info', 'user.created', { userId: user.id, name: user.name })
      return ok({ ...(await viewOf(user)), api_key: text })
    },
    /** All of them or none. */
    createBatch: async (wanted: number, progress: Progress): Promise<UsersCreated> => {
      const count = Number.isInteger(wanted) && wanted >= 1 && wanted <= batchMost ? wanted : batchUsual
      progress.expect(count)
      const made = await createAll(Array.from({ length: count }, () => batchUser))
      if (!made.ok) throw new Error(made.error.message) // what is asked for is our own
      // Never with their keys: those are in the answer, once.
      for (const { id, name } of made.value.users) progress.report({ id, name, ok: true, outcome: 'created' })
      return made.value
    },
    createMany: async ({ count, name, ...ask }: UsersCreate): Promise<Result<UsersCreated, GatewayError>> => {
      const names = numberedNames(name, count)
      return names.ok ? createAll(names.value.map((one) => ({ ...ask, name: one }))) : names
    },
    list: async (enabled: string | undefined): Promise<readonly UserView[]> => {
      const all = await users.list()
      const wanted = enabled === undefined || enabled === '' ? undefined : enabled === 'true' || enabled === '1'
      return viewsOf(wanted === undefined ? all : all.filter((user) => user.enabled === wanted))
    },
    get: async (id: string): Promise<Result<UserView, GatewayError>> => {
      const user = await users.get(id)
      return user === undefined ? err(noSuchUser) : ok(await viewOf(user))
    },
    update: async (id: string, patch: UserPatch): Promise<Result<UserView, GatewayError>> => {
      const before = await users.get(id)
      if (before === undefined) return err(noSuchUser)
      const name = patch.name?.trim()
      if (name === '') return invalid({ reason: 'blank' }, 'name must not be blank.', 'name')
      const rights = await rightsChange(patch, accounts, before.accountIds)
      if (!rights.ok) return rights
      const priority = patch.priority ?? priorityFor(patch.is_vip, before.priority)
      const after = await users.update(id, {
        ...given({ name, enabled: patch.enabled, priority }),
        ...(typeof patch.email === 'string' ? { email: patch.email.trim() || null } : {}),
        ...rights.value,
        limits: limitsChange(patch),
      })
      keysChanged()
      if (after === undefined) return err(noSuchUser)
      log('info', 'user.changed', { userId: id, name: after.name, enabled: after.enabled })
      return ok(await viewOf(after))
    },
    /** Its keys go with it; all of them can be restored for a week. */
    remove: async (id: string): Promise<Result<{ readonly message: string }, GatewayError>> => {
      const user = await users.get(id)
      const taken = user !== undefined && (await store.deleted.take('user', id, { name: user.name, at: effects.now() }))
      keysChanged()
      if (!taken) return err(noSuchUser)
      log('info', 'user.removed', { userId: id })
      return ok({ message: 'The user and its keys were deleted.' })
    },
    /** One that has no key any more gets one. */
    regenerateKey: async (id: string, ask: Regenerate): Promise<Result<KeyRegenerated, GatewayError>> => {
      const user = await users.get(id)
      if (user === undefined) return err(noSuchUser)
      const own = (await keysOf()).get(id) ?? []
      const key = ask.key_id === undefined ? own[0] : own.find((one) => one.id === ask.key_id)
      if (key !== undefined) {
        const made = await keys.regenerate(key.id, (ask.grace_seconds ?? 0) * 1_000)
        return made.ok ? ok({ api_key: made.value.key, key_id: key.id }) : made
      }
      if (ask.key_id !== undefined) return err(gatewayError('not-found', 'This user has no key with this id.'))
      const text = makeKey()
      const record = { id: effects.newId('key'), name: firstKeyName, ...keyTraces(text), enabled: true, userId: id }
      await store.keys.create({ ...record, createdAt: effects.now() })
      keysChanged()
      log('info', 'key.created', { keyId: record.id, userId: id })
      return ok({ api_key: text, key_id: record.id })
    },
    stats: async (id: string, asked: string | undefined): Promise<Result<UserStats, GatewayError>> => {
      const user = await users.get(id)
      if (user === undefined) return err(noSuchUser)
      await usage.flush()
      const now = effects.now()
      const days = asked !== undefined && /^[1-9]\d{0,3}$/.test(asked) ? Number(asked) : 30
      const { month } = usage.calendar(now)
      const from = usage.calendar(now - (days - 1) * 86_400_000).day
      const rows = await store.usage.read(id, [month, 'all'])
      return ok(statsOf(user, await store.usage.days(id, from), rows.get(month) ?? nothing, rows.get('all') ?? nothing))
    },
    totals: async (): Promise<readonly UserTotals[]> => {
      await usage.flush()
      const { month } = usage.calendar(effects.now())
      const [all, thisMonth, total] = await Promise.all([
        users.list(),
        store.usage.ofPeriod(month),
        store.usage.ofPeriod('all'),
      ])
      return all.map(({ id, name, enabled, limits }) => ({
        user_id: id,
        user_name: name,
        enabled,
        total_tokens: tokensOf(total.get(id) ?? nothing),
        monthly_total: tokensOf(thisMonth.get(id) ?? nothing),
        daily_quota: limits?.tokensPerDay ?? 0,
        monthly_quota: limits?.tokensPerMonth ?? 0,
      }))
    },
  }
}

const noSuchUser = gatewayError('not-found', 'There is no user with this id.')

/** A VIP is of priority 1 or more: who had a higher one keeps it. */
function priorityFor(isVip: boolean | null | undefined, before: number): number | undefined {
  if (isVip === undefined || isVip === null) return undefined
  return isVip ? Math.max(1, before) : 0
}

function userView(
  user: UserRecord,
  own: readonly KeyRecord[],
  reading: UsageReading,
  links: ReadonlyMap<string, HandOverRecord>,
): UserView {
  const { notes, ...rights } = rightsView(user)
  const limits = limitsView(user.limits)
  return {
    id: user.id,
    name: user.name,
    ...given({ email: user.email }),
    api_key: '****',
    created_at: new Date(user.createdAt).toISOString(),
    updated_at: new Date(user.updatedAt).toISOString(),
    enabled: user.enabled,
    is_vip: user.priority > 0,
    ...limits,
    ...usedView(reading.of(user.id), limits, reading.periods),
    ...given({ notes }),
    priority: user.priority,
    ...rights,
    keys: own.map((key) => keyView(key, reading, links.get(key.id))),
  }
}

function statsOf(
  { id, name, limits }: UserRecord,
  days: readonly { readonly day: string; readonly used: Used }[],
  month: Used,
  total: Used,
): UserStats {
  const monthly = limits?.tokensPerMonth
  return {
    user_id: id,
    user_name: name,
    total_requests: total.requests,
    total_tokens: tokensOf(total),
    input_tokens: total.inputTokens,
    output_tokens: total.outputTokens,
    daily_usage: days.map(({ day, used }) => ({
      id: `${id}:${day}`,
      user_id: id,
      date: day,
      input_tokens: used.inputTokens,
      output_tokens: used.outputTokens,
      total_tokens: tokensOf(used),
      request_count: used.requests,
      cost_usd: dollars(microUsdOf(used)),
      credits: used.credits,
    })),
    monthly_total: tokensOf(month),
    daily_quota: limits?.tokensPerDay ?? 0,
    monthly_quota: monthly ?? 0,
    quota_remaining: monthly === undefined ? -1 : Math.max(0, monthly - tokensOf(month)),
    total_cost_usd: dollars(microUsdOf(total)),
    input_cost_usd: dollars(total.inputMicroUsd),
    output_cost_usd: dollars(total.outputMicroUsd),
    monthly_cost_usd: dollars(microUsdOf(month)),
  }
}
