import type { Passwords } from '../access/password.ts'
import type { SecondFactors } from '../access/second-factor.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { OperatorRecord, Store } from '../store/store.ts'
import type { AdminLog } from './admin-log.ts'
import type { OperatorCreate, OperatorList, OperatorPatch, OperatorView } from './contract/operators.ts'
import { invalidRequest, type Reason } from './invalid-request.ts'
import { isOwnerName } from './stored-passwords.ts'

export type OperatorRefusal = { readonly conflict?: boolean; readonly error: GatewayError }

export type OperatorsService = {
  readonly list: () => Promise<OperatorList>
  readonly get: (id: string) => Promise<Result<OperatorView, OperatorRefusal>>
  readonly create: (ask: OperatorCreate) => Promise<Result<OperatorView, OperatorRefusal>>
  readonly update: (id: string, patch: OperatorPatch) => Promise<Result<OperatorView, OperatorRefusal>>
  /** With it go its sessions, tokens and second factor. */
  readonly remove: (id: string) => Promise<Result<void, OperatorRefusal>>
}

/** The people who sign in by name. The owner with the one password is none of them, so that nobody can lock everybody out. */
export function createOperatorsService(deps: {
  readonly store: Pick<Store, 'operators' | 'sessions'>
  readonly passwords: Passwords
  readonly secondFactors: SecondFactors
  readonly effects: Pick<Effects, 'now' | 'newId'>
  readonly log: AdminLog
}): OperatorsService {
  const { operators, sessions } = deps.store

  const view = async (operator: OperatorRecord): Promise<OperatorView> => ({
    id: operator.id,
    name: operator.name,
    role: operator.role,
    enabled: operator.enabled,
    secondFactor: (await deps.secondFactors.state(operator.id)).on,
    lastSignInAt: operator.lastSignInAt === undefined ? null : new Date(operator.lastSignInAt).toISOString(),
    createdAt: new Date(operator.createdAt).toISOString(),
  })

  const checkName = async (given: string, id?: string): Promise<Result<string, OperatorRefusal>> => {
    const name = given.trim()
    const say = (why: Reason, message: string, conflict = false) =>
      err({ conflict, error: invalidRequest(why, message, { field: 'name' }) })
    if (name === '') return say({ reason: 'blank' }, 'name must not be blank.')
    if (/[\p{Cc}\p{Cf}]/u.test(name))
      return say({ reason: 'control-characters' }, 'name must not hold control characters.')
    if (isOwnerName(name)) return say({ reason: 'person-owner' }, 'This name is the owner’s.', true)
    const other = await operators.findByName(name)
    if (other === undefined || other.id === id) return ok(name)
    const why = { reason: 'person-there', name: other.name } as const
    return say(why, `There is a console user named ${other.name}.`, true)
  }

  return {
    list: async () => ({ operators: await Promise.all((await operators.list()).map(view)) }),
    get: async (id) => {
      const operator = await operators.get(id)
      return operator === undefined ? err(noSuchOperator) : ok(await view(operator))
    },
    create: async (ask) => {
      const name = await checkName(ask.name)
      if (!name.ok) return name
      const passwordHash = await deps.passwords.hash(ask.password, 'password')
      if (!passwordHash.ok) return err({ error: passwordHash.error })
      const now = deps.effects.now()
      const operator: OperatorRecord = {
        id: deps.effects.newId('opr'),
        name: name.value,
        role: ask.role,
        passwordHash: passwordHash.value,
        enabled: true,
        createdAt: now,
        updatedAt: now,
      }
      await operators.create(operator)
      deps.log('info', 'operator.created', { operatorId: operator.id, name: operator.name, role: operator.role })
      return ok(await view(operator))
    },
    update: async (id, { name: given, password, role, enabled, secondFactor }) => {
      const before = await operators.get(id)
      if (before === undefined) return err(noSuchOperator)
      const name = given === undefined ? undefined : await checkName(given, id)
      if (name?.ok === false) return name
      const passwordHash = password === undefined ? undefined : await deps.passwords.hash(password, 'password')
      if (passwordHash?.ok === false) return err({ error: passwordHash.error })
      await operators.update(id, {
        ...(name === undefined ? {} : { name: name.value }),
        ...(passwordHash === undefined ? {} : { passwordHash: passwordHash.value }),
        ...(role === undefined ? {} : { role }),
        ...(enabled === undefined ? {} : { enabled }),
      })
      if (secondFactor === false) await deps.secondFactors.remove(id)
      const signedOut = passwordHash !== undefined || enabled === false || (role !== undefined && role !== before.role)
      if (signedOut) await sessions.removeAll({ subject: id })
      const after = await operators.get(id)
      if (after === undefined) return err(noSuchOperator)
      deps.log('info', 'operator.changed', {
        operatorId: id,
        name: after.name,
        role: after.role,
        enabled: after.enabled,
      })
      return ok(await view(after))
    },
    remove: async (id) => {
      if (!(await operators.remove(id))) return err(noSuchOperator)
      deps.log('info', 'operator.removed', { operatorId: id })
      return ok(undefined)
    },
  }
}

const noSuchOperator: OperatorRefusal = { error: gatewayError('not-found', 'There is no console user with this id.') }
