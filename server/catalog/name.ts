import type { Effort } from '../conversation/conversation.ts'

/** What a name says besides the model: `claude-4.5-opus-high`, `claude-sonnet-4.5-thinking`. */
export type NameWishes = {
  readonly thinkingSuffix: boolean
  readonly effort?: Effort
}

/** A caller's model name taken apart: `key` is equal for all spellings of one model. */
export type ParsedName = NameWishes & {
  /** Lower case, family before version, dashes only, no date: `claude-sonnet-4-5`. */
  readonly key: string
}

const thinkingSuffix = /[-:](?:thinking|think|thought)$/
const effortSuffix = /-(minimal|low|medium|high|xhigh|max)$/
// `openrouter/anthropic/…`, a Bedrock ARN's path.
const vendorPath = /^.*\/(?=[^/])/
// Bedrock ids: `anthropic.claude-…`, with a region or `global` before it for an inference profile; `anthropic--claude-…` at SAP.
const bedrockVendor = /^(?:[a-z-]+\.)?anthropic(?:\.|--)(?=claude)/
// What people type and what agents' settings say: `sonnet`, `opus-4.5`.
const familyAlone = /^(?=(?:sonnet|opus|haiku)(?:-|$|\[))/
// Bedrock's first names had no number but this: `claude-v2:1`, `claude-instant-v1`.
const bedrockNumber = /^claude-(instant-)?v(\d)(?::(\d))?(?::.*)?$/
const bedrockVersion = /(?<=^claude-.*)-v\d+(?::\w+)*$/
const context = /(?:\[\d+[km]\]|(?<=^claude-.*)-1m)$/
// Anthropic's and Bedrock's dates, Vertex's `@`, and the tags of OpenRouter and Ollama (`:beta`, `:latest`).
const release = /(?:[-@](?:20\d{6}|latest|default)|:(?!think|thought)[a-z]+)$/

// Beyond it nothing is a model's name, and patterns would take their time.
const longest = 300

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
  const literal = name.trim().slice(0, longest).toLowerCase()
  const own = literal
    .replace(vendorPath, '')
    .replace(bedrockVendor, '')
    .replace(familyAlone, 'claude-')
    .replace(bedrockNumber, (_, instant = '', major, minor) => `claude-${instant}${major}${minor ? `-${minor}` : ''}`)
  const found: ParsedName[] = []
  const add = (text: string, thinking: boolean, effort?: Effort): void => {
    const key = nameKey(text)
    if (found.at(-1)?.key === key) return
    found.push({ key, thinkingSuffix: thinking, ...(effort === undefined ? {} : { effort }) })
  }
  add(literal, false)
  add(own, false)
  let rest = withoutMarks(own)
  add(rest, false)
  // Suffixes come in any order: claude-opus-4.5-high-thinking, claude-sonnet-4-5-thinking-20250929.
  let thinking = false
  let effort: Effort | undefined
  for (;;) {
    const shorter = rest.replace(thinkingSuffix, '')
    if (shorter !== rest) thinking = true
    const word = effort === undefined ? effortSuffix.exec(shorter)?.[1] : undefined
    if (word !== undefined) effort = word as Effort // the pattern holds these words alone
    const next = withoutMarks(word === undefined ? shorter : shorter.replace(effortSuffix, ''))
    if (next === rest) return found
    rest = next
    add(rest, thinking, effort)
  }
}

/** A name without what tells one release, place or window of a model from another. */
function withoutMarks(name: string): string {
  for (let rest = name; ; ) {
    const next = rest.replace(context, '').replace(bedrockVersion, '').replace(release, '')
    if (next === rest) return rest
    rest = next
  }
}

/** Family and version of a Claude key; no version: whichever is the newest. Undefined for other names. */
export type ClaudeName = { readonly family: string; readonly version?: number }

/** Claude had no families at first: what came after Claude 2 is Sonnet, after Instant Haiku. */
export function claudeName(key: string): ClaudeName | undefined {
  const [, first, second] = /^claude-([12])(?:-(\d))?$/.exec(key) ?? []
  if (first !== undefined) return { family: 'sonnet', version: versionOf(first, second) }
  const match = /^claude-([a-z]+)(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(key)
  if (!match) return undefined
  const [, family = '', major, minor] = match
  return {
    family: family === 'instant' ? 'haiku' : family,
    ...(major === undefined ? {} : { version: versionOf(major, minor) }),
  }
}

/** 4.5 as 405, so that 4.10 is newer. */
const versionOf = (major: string, minor = '0'): number => Number(major) * 100 + Number(minor)
