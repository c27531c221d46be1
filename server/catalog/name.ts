import type { Effort } from '../conversation/conversation.ts'

/** A caller's model name taken apart: `key` is equal for all spellings of one model. */
export type ParsedName = {
  /** Lower case, family before version, dashes only, no date: `claude-sonnet-4-5`. */
  readonly key: string
  readonly thinkingSuffix: boolean
  readonly effort?: Effort
}

const thinkingSuffix = /-(?:thinking|think)$/
const effortSuffix = /-(minimal|low|medium|high|xhigh|max)$/
const dateSuffix = /[-@]20\d{6}$/

/** Dots between digits and dashes are the same, and `-0` says nothing: `claude-sonnet-4-0` is `claude-sonnet-4`. */
export function nameKey(name: string): string {
  const dashed = name.toLowerCase().replace(/(?<=\d)\.(?=\d)/g, '-')
  return familyFirst(dashed).replace(/^(claude-[a-z]+-\d+)-0$/, '$1')
}

/** The older order of words, `claude-3-5-sonnet`, read as the newer one. */
function familyFirst(name: string): string {
  return name.replace(/^claude-(\d+(?:-\d+)?)-([a-z]+)(?=$|-)/, 'claude-$2-$1')
}

/**
 * The readings of a name from the literal one to the most stripped, in the order in which they are looked up. A live id
 * that itself ends in `-max` or `-thinking` is thus found before the suffix is taken for a wish.
 */
export function readings(name: string): readonly ParsedName[] {
  const base = name
    .trim()
    .toLowerCase()
    .replace(/^anthropic\//, '')
    .replace(/\[1m\]$/, '')
  const found: ParsedName[] = [{ key: nameKey(base), thinkingSuffix: false }]
  const undated = base.replace(/-latest$/, '').replace(dateSuffix, '')
  found.push({ key: nameKey(undated), thinkingSuffix: false })
  // Suffixes come in any order: claude-opus-4.5-high-thinking, claude-sonnet-4-5-thinking-20250929.
  let rest = undated
  let thinking = false
  let effort: Effort | undefined
  for (;;) {
    const shorter = rest.replace(thinkingSuffix, '')
    if (shorter !== rest) thinking = true
    const word = effort === undefined ? effortSuffix.exec(shorter)?.[1] : undefined
    if (word !== undefined) effort = word as Effort // the pattern holds these words alone
    const next = (word === undefined ? shorter : shorter.replace(effortSuffix, ''))
      .replace(/-latest$/, '')
      .replace(dateSuffix, '')
    if (next === rest) break
    rest = next
    found.push({ key: nameKey(rest), thinkingSuffix: thinking, ...(effort === undefined ? {} : { effort }) })
  }
  return found
}

/** Family and version of a Claude key, for "the newest haiku"; undefined for other names. */
export function claudeVersion(key: string): { readonly family: string; readonly version: number } | undefined {
  const match = /^claude-([a-z]+)-(\d+)(?:-(\d{1,2}))?$/.exec(key)
  if (!match) return undefined
  return { family: match[1] ?? '', version: Number(match[2]) * 100 + Number(match[3] ?? 0) }
}
