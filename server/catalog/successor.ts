import type { ModelInfo } from '../conversation/model.ts'
import { type ClaudeName, claudeName, nameKey } from './name.ts'

/** Why a Claude name that is not offered is served all the same. */
export type SuccessionReason =
  /** Older than what is offered: the next of its family. */
  | 'retired'
  /** It names no version: the newest. */
  | 'unversioned'
  /** A small model, which clients choose by themselves for titles and the like. */
  | 'small-model'

export type Successor = { readonly model: ModelInfo; readonly because: SuccessionReason }

// Anthropic has retired, or set a date for, all Claude models before 4.5: such a one is no good successor of another.
const oldestCurrent = 405

/**
 * The one rule for Claude names that are not offered. An older one leads to the next of its family, a name without a version
 * to the newest. A name newer than all that is offered leads nowhere: a caller who asked for a better model is not given a
 * lesser one; but for the small model, which users do not choose.
 */
export function successorOf(key: string, available: readonly ModelInfo[]): Successor | undefined {
  const wanted = claudeName(key)
  if (wanted === undefined) return undefined
  const { family, version } = wanted
  const kin = familyOf(family, available)
  const newest = kin.at(-1)?.model
  if (version === undefined) return newest && { model: newest, because: 'unversioned' }
  const newer = kin.filter((one) => one.version > version)
  const next = newer.find((one) => one.version >= oldestCurrent) ?? newer[0]
  if (next !== undefined) return { model: next.model, because: 'retired' }
  const small = family === 'haiku' ? (newest ?? cheapestClaude(available)) : undefined
  return small && { model: small, because: 'small-model' }
}

export const newestOf = (family: string, available: readonly ModelInfo[]): ModelInfo | undefined =>
  familyOf(family, available).at(-1)?.model

type Kin = Required<ClaudeName> & { readonly model: ModelInfo }

/** The family's models from the oldest to the newest. */
function familyOf(family: string, available: readonly ModelInfo[]): readonly Kin[] {
  return available
    .flatMap((model): readonly Kin[] => {
      const name = claudeName(nameKey(model.id))
      return name?.family === family ? [{ model, family, version: name.version ?? 0 }] : []
    })
    .toSorted((a, b) => a.version - b.version)
}

function cheapestClaude(available: readonly ModelInfo[]): ModelInfo | undefined {
  const claude = available.filter(({ id }) => claudeName(nameKey(id)) !== undefined)
  return claude.toSorted((a, b) => (a.rate ?? 1) - (b.rate ?? 1))[0]
}
