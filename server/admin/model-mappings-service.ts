import { createRuleBook, isPrefix, type ModelMapping, type ModelRules, mappingKey } from '../catalog/mapping.ts'
import { follow, nearNames } from '../catalog/models.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { ModelInfo } from '../conversation/model.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { KeyRecord, ModelMappingRecord, Store } from '../store/store.ts'
import type { AdminLog } from './admin-log.ts'
import type {
  ModelMappingCreate,
  ModelMappingList,
  ModelMappingUpdate,
  ModelMappingView,
} from './contract/model-mappings.ts'
import { invalidRequest, type Reason } from './invalid-request.ts'

export type ModelMappingsDeps = {
  readonly store: Pick<Store, 'modelMappings' | 'keys' | 'deleted'>
  readonly effects: Pick<Effects, 'now' | 'newId'>
  /** The union of the accounts' model lists; empty when none is known. */
  readonly offered: () => Promise<readonly ModelInfo[]>
  readonly mappingsChanged: () => Promise<void>
  readonly log: AdminLog
}

/** What stands in the way of a change; `conflict`: something that is there already. */
export type MappingRefusal = { readonly conflict: boolean; readonly error: GatewayError }
type Answer<T> = Promise<Result<T, MappingRefusal>>

export type ModelMappingsService = {
  readonly list: () => Promise<ModelMappingList>
  readonly create: (input: ModelMappingCreate) => Answer<ModelMappingView>
  readonly update: (id: string, input: ModelMappingUpdate) => Answer<ModelMappingView>
  readonly get: (id: string) => Answer<ModelMappingView>
  /** It can be restored for a week. */
  readonly remove: (id: string) => Answer<void>
}

export const maxMappings = 500
const longestName = 200

/** The operator's mappings of model names. One is taken only when it leads to a model now. */
export function createModelMappingsService(deps: ModelMappingsDeps): ModelMappingsService {
  const { effects, offered, mappingsChanged, log } = deps
  const { modelMappings, keys } = deps.store

  const views = async (): Promise<readonly ModelMappingView[]> => {
    const [records, models, known] = await Promise.all([modelMappings.list(), offered(), keys.list()])
    const rulesOf = createRuleBook(records)
    return records.map((record) => mappingView(record, rulesOf(record.keyId), models, known))
  }
  const viewOf = async (id: string): Answer<ModelMappingView> => {
    const view = (await views()).find((one) => one.id === id)
    return view === undefined ? unknownMapping : ok(view)
  }

  /** Whether a mapping may stand beside the others. */
  async function check(mapping: ModelMapping, others: readonly ModelMappingRecord[]): Answer<void> {
    const { name, target, keyId } = mapping
    const fault = nameFault(name) ?? targetFault(target)
    if (fault !== undefined) return err({ conflict: false, error: fault })
    if (keyId !== undefined && !(await keys.list()).some(({ id }) => id === keyId))
      return refuse({ reason: 'no-key' }, 'key_id', 'There is no key with this id.')
    const same = others.find((one) => one.keyId === keyId && mappingKey(one.name) === mappingKey(name))
    if (same !== undefined) {
      const whom = keyId === undefined ? '' : ' for this key'
      const why = { reason: 'mapping-there', name: same.name, target: same.target } as const
      return conflict(why, `The name is mapped already${whom}: ${same.name} to ${same.target}.`)
    }
    const models = await offered()
    if (models.length === 0) return ok(undefined) // nothing is known against it
    const led = follow(target, models, createRuleBook([...others, mapping])(keyId), [mapping.id])
    if (led.ok) return ok(undefined)
    const circle = { reason: 'mapping-circle', name, target } as const
    if (led.error === 'circle') return refuse(circle, 'target', `From ${target} the mappings lead back to ${name}.`)
    const near = nearNames(target, models).join(', ')
    const message = `No account offers ${target}, and no mapping leads on from it. Near names: ${near}.`
    return refuse({ reason: 'model-unoffered', name: target, near }, 'target', message)
  }

  return {
    list: async () => {
      const all = await views()
      return { mappings: [...all], total: all.length }
    },
    create: async (input) => {
      const mapping = mappingOf(effects.newId('map'), input.name, input.target, input.key_id)
      const others = await modelMappings.list()
      const checked = await check(mapping, others)
      if (!checked.ok) return checked
      if (others.length >= maxMappings)
        return conflict({ reason: 'mappings-full', most: maxMappings }, `There are ${maxMappings} mappings already.`)
      const now = effects.now()
      await modelMappings.create({ ...mapping, createdAt: now, updatedAt: now })
      await mappingsChanged()
      log('info', 'model-mapping.created', logged(mapping))
      return viewOf(mapping.id)
    },
    update: async (id, input) => {
      const all = await modelMappings.list()
      const before = all.find((one) => one.id === id)
      if (before === undefined) return unknownMapping
      if (input.name === undefined && input.target === undefined && input.key_id === undefined)
        return err({
          conflict: false,
          error: invalidRequest({ reason: 'nothing-to-change' }, 'There is nothing to change.'),
        })
      const keyId = input.key_id === undefined ? before.keyId : input.key_id
      const mapping = mappingOf(id, input.name ?? before.name, input.target ?? before.target, keyId)
      const checked = await check(
        mapping,
        all.filter((one) => one.id !== id),
      )
      if (!checked.ok) return checked
      const { name, target } = mapping
      await modelMappings.update(id, { name, target, keyId: mapping.keyId ?? null })
      await mappingsChanged()
      log('info', 'model-mapping.changed', logged(mapping))
      return viewOf(id)
    },
    get: viewOf,
    remove: async (id) => {
      const mapping = (await modelMappings.list()).find((one) => one.id === id)
      if (mapping === undefined) return unknownMapping
      const name = `${mapping.name} → ${mapping.target}`
      if (!(await deps.store.deleted.take('mapping', id, { name, at: effects.now() }))) return unknownMapping
      await mappingsChanged()
      log('info', 'model-mapping.removed', { mappingId: id })
      return ok(undefined)
    },
  }
}

function mappingOf(id: string, name: string, target: string, keyId: string | null | undefined): ModelMapping {
  const key = keyId?.trim() ?? ''
  return { id, name: name.trim(), target: target.trim(), ...(key === '' ? {} : { keyId: key }) }
}

function nameFault(name: string): GatewayError | undefined {
  const field = 'name'
  const common = textFault(field, name)
  if (common !== undefined) return common
  if (/\p{Cc}/u.test(name))
    return invalidRequest({ reason: 'control-characters' }, 'name must not hold control characters.', { field })
  if (!/\*(?=.)/.test(name)) return undefined
  return invalidRequest({ reason: 'mapping-star' }, 'name may hold one *, at its end.', { field })
}

function targetFault(target: string): GatewayError | undefined {
  const field = 'target'
  const common = textFault(field, target)
  if (common !== undefined || !isPrefix(target)) return common
  return invalidRequest({ reason: 'mapping-prefix' }, 'target names one model; only name may end in *.', { field })
}

function textFault(field: string, text: string): GatewayError | undefined {
  if (text === '') return invalidRequest({ reason: 'blank' }, `${field} must not be blank.`, { field })
  if (text.length <= longestName) return undefined
  const why = { reason: 'long', most: longestName } as const
  return invalidRequest(why, `${field} has at most ${longestName} characters.`, { field })
}

function mappingView(
  { id, name, target, keyId, createdAt, updatedAt }: ModelMappingRecord,
  rules: ModelRules,
  models: readonly ModelInfo[],
  keys: readonly KeyRecord[],
): ModelMappingView {
  const led = follow(target, models, rules, [id])
  return {
    id,
    name,
    target,
    key_id: keyId ?? null,
    key_name: keys.find((key) => key.id === keyId)?.name ?? null,
    served_by: led.ok ? led.value.model.id : null,
    created_at: new Date(createdAt).toISOString(),
    updated_at: new Date(updatedAt).toISOString(),
  }
}

const logged = ({ id, name, target, keyId }: ModelMapping) => ({ mappingId: id, name, target, keyId: keyId ?? null })

const refuse = (why: Reason, field: string, message: string) =>
  err({ conflict: false, error: invalidRequest(why, message, { field }) })
const conflict = (why: Reason, message: string) =>
  err({ conflict: true, error: invalidRequest(why, message, { field: 'name' }) })
const unknownMapping = err({
  conflict: false,
  error: gatewayError('not-found', 'There is no mapping with this id.'),
})
