import type {
  ModelMappingCreate,
  ModelMappingUpdate,
  ModelMappingView,
} from '../../../../server/admin/contract/model-mappings.ts'
import type { PlainKey } from '../../i18n/dictionary.ts'

/** `keyId` is `everyKey`, or the id of one. */
export type MappingForm = { readonly name: string; readonly target: string; readonly keyId: string }
export type MappingFaults = { readonly [Name in 'name' | 'target']?: PlainKey }
type Known = Pick<ModelMappingView, 'name' | 'target' | 'key_id'>

export const everyKey = ''
const longest = 200

export const startForm = (mapping: Known | undefined): MappingForm => ({
  name: mapping?.name ?? '',
  target: mapping?.target ?? '',
  keyId: mapping?.key_id ?? everyKey,
})

/** Why a form may not be sent. Whether the target is offered, the server says. */
export function mappingFaults({ name, target }: MappingForm): MappingFaults {
  const nameFault = textFault(name) ?? (/\*(?=.)/.test(name.trim()) ? 'models.nameStar' : undefined)
  const targetFault = textFault(target) ?? (target.trim().endsWith('*') ? 'models.targetStar' : undefined)
  return {
    ...(nameFault === undefined ? {} : { name: nameFault }),
    ...(targetFault === undefined ? {} : { target: targetFault }),
  }
}

function textFault(given: string): PlainKey | undefined {
  const text = given.trim()
  if (text === '') return 'common.required'
  return text.length > longest ? 'models.long' : undefined
}

export const mappingBody = ({ name, target, keyId }: MappingForm): ModelMappingCreate => ({
  name: name.trim(),
  target: target.trim(),
  key_id: keyId === everyKey ? null : keyId,
})

/** What differs from `mapping`; undefined when nothing does. */
export function mappingChanges(form: MappingForm, mapping: Known): ModelMappingUpdate | undefined {
  const { name, target, key_id: keyId = null } = mappingBody(form)
  const changes: ModelMappingUpdate = {
    ...(name === mapping.name ? {} : { name }),
    ...(target === mapping.target ? {} : { target }),
    ...(keyId === mapping.key_id ? {} : { key_id: keyId }),
  }
  return Object.keys(changes).length === 0 ? undefined : changes
}

/** Where a mapping leads: nowhere, to its target as it is written, or to another model that serves for it. */
export function leadOf({ target, served_by: served }: Pick<ModelMappingView, 'target' | 'served_by'>) {
  if (served === null) return 'nowhere'
  return served === target ? 'target' : 'other'
}
