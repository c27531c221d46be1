import { createRuleBook, type ModelRules } from '../catalog/mapping.ts'
import type { Store } from '../store/store.ts'
import { type StoredSettings, settingOf } from './pool-settings.ts'

export type ModelRulesHolder = Awaited<ReturnType<typeof createModelRules>>

/** What the operator has set about model names, as the store had it when it was last read. */
export async function createModelRules({ modelMappings }: Pick<Store, 'modelMappings'>, settings: StoredSettings) {
  const read = async (stored: StoredSettings) => createRuleBook(await modelMappings.list(), forcedModel(stored))
  let rulesOf = await read(settings)
  return {
    /** The same object for the same rules, until they are read again. */
    of: (keyId: string): ModelRules => rulesOf(keyId),
    reload: async (stored: StoredSettings): Promise<void> => {
      rulesOf = await read(stored)
    },
  }
}

function forcedModel(stored: StoredSettings): string | undefined {
  if (settingOf(stored, 'force_model_enabled') !== true) return undefined
  const name = String(settingOf(stored, 'force_model')).trim()
  return name === '' ? undefined : name
}
