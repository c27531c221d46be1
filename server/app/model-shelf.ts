import { LRUCache } from 'lru-cache'
import { builtInModels, newerClaude } from '../catalog/built-in.ts'
import { type ModelRules, noRules } from '../catalog/mapping.ts'
import { type ResolvedModel, resolveModel } from '../catalog/models.ts'
import type { Conversation } from '../conversation/conversation.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { ModelInfo } from '../conversation/model.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { WatchMemory } from '../lib/watch-memory.ts'
import type { Resolved } from '../relay/relay.ts'

export type ModelShelfDeps = {
  readonly memory?: WatchMemory
  /** Accounts whose list counts now: enabled and not lost. */
  readonly serving: () => readonly string[]
  /** Reads the lists of these accounts, which have none yet; resolves when that was tried. */
  readonly readMissing: (accountIds: readonly string[]) => Promise<void>
  readonly sleep: (ms: number) => Promise<void>
  /** Why none of a caller's accounts can serve anything, if that is so. */
  readonly nobodyServes: (accounts: ReadonlySet<string> | undefined) => GatewayError | undefined
  readonly now: () => number
}

export type ModelShelf = ReturnType<typeof createModelShelf>

/** What one set of accounts offers together, and the names already looked up in it, by the rules they were looked up with. */
type View = {
  /** The union of the lists that were read last. */
  readonly listed: readonly ModelInfo[]
  /** Accounts of which none was read yet: they may offer anything. */
  readonly unread: readonly string[]
  readonly known: WeakMap<ModelRules, KnownNames>
  readonly maxNames: number
}
type KnownNames = LRUCache<string, Result<ResolvedModel, GatewayError>>

const retryMissingMs = 60_000
/** Accounts whose lists are read because callers ask. */
const atOnce = 8
/** The list gates nothing: who could do with it waits no longer than this. */
const patienceMs = 2_000
const maxNames = 500
const maxRestricted = 100
const maxNamesRestricted = 50
/** Longer names are nobody's: not worth the memory. */
const longestName = 300

/**
 * The accounts' model lists as they were read last, and their union, which is what callers may ask for. Where none could be
 * read yet the built-in list stands in: what an account can serve, the provider says on the call.
 */
export function createModelShelf(deps: ModelShelfDeps) {
  const lists = new Map<string, readonly ModelInfo[]>()
  let whole: View | undefined
  /** Of keys that may use some accounts only; by the set admission keeps for the key. */
  const restricted = new LRUCache<ReadonlySet<string>, View>({ max: maxRestricted })
  deps.memory?.('model_views', () => restricted.size, maxRestricted)
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
    const unread: string[] = []
    for (const id of deps.serving()) {
      if (accounts !== undefined && !accounts.has(id)) continue
      const list = lists.get(id)
      if (list === undefined) unread.push(id)
      for (const model of list ?? []) if (!byId.has(model.id)) byId.set(model.id, model)
    }
    const view: View = {
      listed: [...byId.values()],
      unread,
      known: new WeakMap(),
      maxNames: accounts === undefined ? maxNames : maxNamesRestricted,
    }
    if (accounts === undefined) whole = view
    else restricted.set(accounts, view)
    return view
  }

  /** Has lists read of which none is known, not too often; everybody who comes meanwhile shares the reading. */
  const readSome = ({ listed, unread }: View): Promise<void> | undefined => {
    if (listed.length > 0 || unread.length === 0) return undefined
    if (reading === undefined && deps.now() - triedAt >= retryMissingMs) {
      triedAt = deps.now()
      reading = deps.readMissing(unread.slice(0, atOnce)).finally(() => {
        reading = undefined
      })
    }
    return reading
  }

  const afterReading = async (view: View, accounts: ReadonlySet<string> | undefined): Promise<View> => {
    const running = readSome(view)
    if (running === undefined) return view
    await Promise.race([running, deps.sleep(patienceMs)])
    return viewOf(accounts)
  }

  return {
    /** What the given accounts offer, all of them unless given. */
    available: async (accounts?: ReadonlySet<string>): Promise<readonly ModelInfo[]> => {
      const { listed, unread } = await afterReading(viewOf(accounts), accounts)
      return listed.length > 0 || unread.length === 0 ? listed : builtInModels
    },
    set: (accountId: string, models: readonly ModelInfo[]): void => {
      // An empty list says nothing: an account that serves has a model.
      if (models.length === 0) return
      lists.set(accountId, models)
      changed()
    },
    /** The accounts or their state changed: the union may be another. */
    changed,
    remove: (accountId: string): void => {
      lists.delete(accountId)
      changed()
    },
    /**
     * The model a conversation names, and the conversation with what the name says about thinking and effort. `refused`: the
     * guess made before, which the provider does not know; what the name means without it.
     */
    resolve: async (
      conversation: Conversation,
      accounts?: ReadonlySet<string>,
      rules: ModelRules = noRules,
      refused?: string,
    ): Promise<Result<Resolved, GatewayError>> => {
      const name = conversation.model
      const view = viewOf(accounts)
      if (view.listed.length === 0 && view.unread.length === 0) {
        return err(deps.nobodyServes(accounts) ?? gatewayError('no-account', 'No account can serve models.'))
      }
      const first = refused === undefined ? lookUp(name, view, rules) : look(name, view, rules, refused)
      const running = readSome(view)
      // Only a name that nobody knows is worth a moment's wait.
      const resolved =
        first.ok || running === undefined ? first : lookUp(name, await afterReading(view, accounts), rules)
      if (!resolved.ok) return resolved
      const { model, because, mapping } = resolved.value
      return ok({
        model,
        conversation: withWishes(conversation, resolved.value),
        ...(view.listed.some(({ id }) => id === model.id) ? {} : { isGuess: true }),
        ...(because === undefined ? {} : { standIn: { because, ...(mapping && { mapping: mapping.name }) } }),
      })
    },
  }
}

function lookUp(name: string, view: View, rules: ModelRules): Result<ResolvedModel, GatewayError> {
  const known = namesKnown(view, rules)
  const found = known.get(name) ?? look(name, view, rules)
  if (name.length <= longestName) known.set(name, found)
  return found
}

/** Among what was read; where that does not hold the name and an account may offer more, among what the provider is known for. */
function look(
  name: string,
  { listed, unread }: View,
  rules: ModelRules,
  refused?: string,
): Result<ResolvedModel, GatewayError> {
  const found = listed.length === 0 ? undefined : resolveModel(name, listed, rules)
  if (found !== undefined && (found.ok || unread.length === 0)) return found
  const newer = newerClaude(name)
  const ids = new Set(listed.map(({ id }) => id))
  const wide = [...listed, ...builtInModels.filter(({ id }) => !ids.has(id)), ...(newer === undefined ? [] : [newer])]
  return resolveModel(name, refused === undefined ? wide : wide.filter(({ id }) => id !== refused), rules)
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
