import { LRUCache } from 'lru-cache'
import { type ResolvedModel, resolveModel } from '../catalog/models.ts'
import type { Conversation } from '../conversation/conversation.ts'
import type { GatewayError } from '../conversation/error.ts'
import type { ModelInfo } from '../conversation/model.ts'
import { ok, type Result } from '../lib/result.ts'
import type { Resolved } from '../relay/relay.ts'

export type ModelShelfDeps = {
  /** Accounts whose list counts now: enabled and not lost. */
  readonly serving: () => readonly string[]
  /** Reads the lists of accounts that have none yet; resolves when that was tried. */
  readonly readMissing: () => Promise<void>
  readonly now: () => number
}

export type ModelShelf = ReturnType<typeof createModelShelf>

const retryMissingMs = 10_000

/** The accounts' live model lists and their union, which is what callers may ask for. */
export function createModelShelf(deps: ModelShelfDeps) {
  const lists = new Map<string, readonly ModelInfo[]>()
  let union: readonly ModelInfo[] | undefined
  /** Names looked up in the present union. */
  const known = new LRUCache<string, Result<ResolvedModel, GatewayError>>({ max: 500 })
  let triedAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined

  const joined = (): readonly ModelInfo[] => {
    if (union === undefined) {
      const byId = new Map<string, ModelInfo>()
      for (const id of deps.serving())
        for (const model of lists.get(id) ?? []) if (!byId.has(model.id)) byId.set(model.id, model)
      union = [...byId.values()]
      known.clear()
    }
    return union
  }

  const available = async (): Promise<readonly ModelInfo[]> => {
    const models = joined()
    if (models.length > 0 || deps.serving().length === 0) return models
    // Everybody who comes meanwhile waits for the same reading.
    if (reading === undefined && deps.now() - triedAt >= retryMissingMs) {
      triedAt = deps.now()
      reading = deps.readMissing().finally(() => {
        reading = undefined
      })
    }
    await reading
    return joined()
  }

  return {
    available,
    set: (accountId: string, models: readonly ModelInfo[]): void => {
      lists.set(accountId, models)
      union = undefined
    },
    /** The accounts or their state changed: the union may be another. */
    changed: (): void => {
      union = undefined
    },
    remove: (accountId: string): void => {
      lists.delete(accountId)
      union = undefined
    },
    /** The model a conversation names, and the conversation with what the name says about thinking and effort. */
    resolve: async (conversation: Conversation): Promise<Result<Resolved, GatewayError>> => {
      const models = await available()
      const name = conversation.model
      const resolved = known.get(name) ?? resolveModel(name, models)
      if (models === union && models.length > 0) known.set(name, resolved)
      return resolved.ok
        ? ok({ model: resolved.value.model, conversation: withWishes(conversation, resolved.value) })
        : resolved
    },
  }
}

/** What the caller says in the body outranks what the model's name says. */
function withWishes(conversation: Conversation, { thinkingSuffix, effort }: ResolvedModel): Conversation {
  const thinks = thinkingSuffix && conversation.thinking.type === 'unspecified'
  return {
    ...conversation,
    ...(thinks ? { thinking: { type: 'enabled' as const } } : {}),
    ...(effort !== undefined && conversation.effort === undefined ? { effort } : {}),
  }
}
