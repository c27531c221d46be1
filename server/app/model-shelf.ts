import { LRUCache } from 'lru-cache'
import { type ModelRules, noRules } from '../catalog/mapping.ts'
import { type ResolvedModel, resolveModel } from '../catalog/models.ts'
import type { Conversation } from '../conversation/conversation.ts'
import type { GatewayError } from '../conversation/error.ts'
import type { ModelInfo } from '../conversation/model.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Resolved } from '../relay/relay.ts'

export type ModelShelfDeps = {
  /** Accounts whose list counts now: enabled and not lost. */
  readonly serving: () => readonly string[]
  /** Reads the lists of these accounts, which have none yet; resolves when that was tried. */
  readonly readMissing: (accountIds: readonly string[]) => Promise<void>
  /** Why none of a caller's accounts can serve anything, if that is so. */
  readonly nobodyServes: (accounts: ReadonlySet<string> | undefined) => GatewayError | undefined
  readonly now: () => number
}

export type ModelShelf = ReturnType<typeof createModelShelf>

/** What one set of accounts offers together, and the names already looked up in it, by the rules they were looked up with. */
type View = {
  readonly models: readonly ModelInfo[]
  readonly known: WeakMap<ModelRules, KnownNames>
  readonly maxNames: number
}
type KnownNames = LRUCache<string, Result<ResolvedModel, GatewayError>>

const retryMissingMs = 10_000
/** Accounts whose lists are read while callers wait. */
const atOnce = 8
const maxNames = 500
const maxRestricted = 100
const maxNamesRestricted = 50
/** Longer names are nobody's: not worth the memory. */
const longestName = 300

/** The accounts' live model lists and their union, which is what callers may ask for. */
export function createModelShelf(deps: ModelShelfDeps) {
  const lists = new Map<string, readonly ModelInfo[]>()
  let whole: View | undefined
  /** Of keys that may use some accounts only; by the set admission keeps for the key. */
  const restricted = new LRUCache<ReadonlySet<string>, View>({ max: maxRestricted })
  let triedAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined

  const changed = (): void => {
    whole = undefined
    restricted.clear()
  }

  const viewOf = (accounts: ReadonlySet<string> | undefined): View => {
    const kept = accounts === undefined ? whole : restricted.get(accounts)
    if (kept !== undefined) return kept
    const byId = new Map<string, ModelInfo>()
    for (const id of deps.serving()) {
      if (accounts !== undefined && !accounts.has(id)) continue
      for (const model of lists.get(id) ?? []) if (!byId.has(model.id)) byId.set(model.id, model)
    }
    const view: View = {
      models: [...byId.values()],
      known: new WeakMap(),
      maxNames: accounts === undefined ? maxNames : maxNamesRestricted,
    }
    if (accounts === undefined) whole = view
    else restricted.set(accounts, view)
    return view
  }

  const available = async (accounts?: ReadonlySet<string>): Promise<View> => {
    const view = viewOf(accounts)
    if (view.models.length > 0) return view
    const missing = deps.serving().filter((id) => (accounts?.has(id) ?? true) && !lists.has(id))
    if (missing.length === 0) return view
    // Everybody who comes meanwhile waits for the same reading.
    if (reading === undefined && deps.now() - triedAt >= retryMissingMs) {
      triedAt = deps.now()
      reading = deps.readMissing(missing.slice(0, atOnce)).finally(() => {
        reading = undefined
      })
    }
    await reading
    return viewOf(accounts)
  }

  return {
    /** What the given accounts offer, all of them unless given. */
    available: async (accounts?: ReadonlySet<string>): Promise<readonly ModelInfo[]> =>
      (await available(accounts)).models,
    set: (accountId: string, models: readonly ModelInfo[]): void => {
      lists.set(accountId, models)
      changed()
    },
    /** The accounts or their state changed: the union may be another. */
    changed,
    remove: (accountId: string): void => {
      lists.delete(accountId)
      changed()
    },
    /** The model a conversation names, and the conversation with what the name says about thinking and effort. */
    resolve: async (
      conversation: Conversation,
      accounts?: ReadonlySet<string>,
      rules: ModelRules = noRules,
    ): Promise<Result<Resolved, GatewayError>> => {
      const view = await available(accounts)
      const { models } = view
      const nobody = models.length === 0 ? deps.nobodyServes(accounts) : undefined
      if (nobody !== undefined) return err(nobody)
      const name = conversation.model
      const known = namesKnown(view, rules)
      const resolved = known.get(name) ?? resolveModel(name, models, rules)
      if (models.length > 0 && name.length <= longestName) known.set(name, resolved)
      if (!resolved.ok) return resolved
      const { model, because, mapping } = resolved.value
      return ok({
        model,
        conversation: withWishes(conversation, resolved.value),
        ...(because === undefined ? {} : { standIn: { because, ...(mapping && { mapping: mapping.name }) } }),
      })
    },
  }
}

function namesKnown({ known, maxNames }: View, rules: ModelRules): KnownNames {
  const found = known.get(rules)
  if (found !== undefined) return found
  const names: KnownNames = new LRUCache({ max: maxNames })
  known.set(rules, names)
  return names
}

/** What the caller says in the body outranks what the model's name says. */
function withWishes(conversation: Conversation, { thinkingSuffix, effort }: ResolvedModel): Conversation {
  const thinks = thinkingSuffix && conversation.thinking.type === 'unspecified'
  const takesEffort = effort !== undefined && conversation.effort === undefined
  if (!thinks && !takesEffort) return conversation
  return {
    ...conversation,
    ...(thinks ? { thinking: { type: 'enabled' as const } } : {}),
    ...(takesEffort ? { effort } : {}),
  }
}
