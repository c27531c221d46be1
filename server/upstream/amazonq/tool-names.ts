import type { Conversation } from '../../conversation/conversation.ts'
import { wireLimits } from './wire.ts'

/** Tool names as the provider takes them, and back. Names that are in order already stay as they are. */
export type ToolNames = {
  /** The tool that a past call's name means: itself, or a declared one that differs by case alone or has that alias. */
  readonly meant: (name: string) => string
  readonly toWire: (name: string) => string
  /** A name the model made up itself comes back unchanged, unless it differs from a known one by case alone or is its alias. */
  readonly fromWire: (name: string) => string
  /** Those that go out under another name. */
  readonly renamed: readonly string[]
}

/** Letters, digits, `_`, `-`, starting with a letter: what every age of the service takes. */
const allowed = /^[a-zA-Z][a-zA-Z0-9_-]{0,63}$/

/** Names that clash with tools of the server's own. */
const clashing: ReadonlySet<string> = new Set(['web_search'])

/** Names of tools by what else they are called. */
type Aliases = ReadonlyMap<string, string>
const noAliases: Aliases = new Map()

/** The aliases that can mean one tool only. */
export function aliasesOf({ tools, alsoDeclared = [] }: Pick<Conversation, 'tools' | 'alsoDeclared'>): Aliases {
  const aliases = new Map<string, string>()
  const taken = new Set(alsoDeclared)
  for (const { name, alias } of tools) {
    if (alias === undefined || taken.has(alias)) continue
    if (aliases.delete(alias)) taken.add(alias)
    else aliases.set(alias, name)
  }
  return aliases
}

/**
 * Maps all names of one conversation, without collisions; the service takes names that differ by case alone for the same. A
 * mapped name keeps what is readable of the original and ends in a digest of it, so it stays the same from turn to turn.
 * A name `used` in past calls that differs only by case from one that is declared means that one: clients spell the tools of
 * another client's conversation in their own way. Of those that are `alsoDeclared` the provider is told where they are used.
 */
export function mapToolNames(
  declared: readonly string[],
  used: readonly string[] = [],
  aliases: Aliases = noAliases,
  alsoDeclared: readonly string[] = [],
): ToolNames {
  if (declared.length + used.length + alsoDeclared.length === 0) return noTools
  const all = [...declared, ...alsoDeclared]
  const declaredAs = new Map(all.toReversed().map((name) => [name.toLowerCase(), name]))
  const known = new Set(all)
  const meant = (name: string): string =>
    known.has(name) ? name : (declaredAs.get(name.toLowerCase()) ?? aliases.get(name) ?? name)
  const distinct = new Set([...declared, ...[...used].map(meant)])
  const wireOf = new Map<string, string>()
  const nameOf = new Map<string, string>()
  const taken = new Set<string>()
  const put = (name: string, wire: string): void => {
    wireOf.set(name, wire)
    nameOf.set(wire, name)
    taken.add(wire.toLowerCase())
  }
  for (const name of distinct) if (isFit(name) && !taken.has(name.toLowerCase())) put(name, name)
  for (const name of distinct) {
    if (wireOf.has(name)) continue
    // A second try is needed only when another tool is literally called like the first.
    for (let attempt = 0; !wireOf.has(name); attempt++) {
      const wire = mappedName(name, attempt)
      if (!taken.has(wire.toLowerCase())) put(name, wire)
    }
  }
  return {
    meant,
    toWire: (name) => wireOf.get(meant(name)) ?? wireNameOf(name),
    fromWire: namesOf(nameOf, new Set([...distinct, ...alsoDeclared]), aliases),
    renamed: [...distinct].filter((name) => wireOf.get(name) !== name),
  }
}

/** Apart from the rest: a reply needs this for as long as it takes, and would hold whatever it was made beside. */
function namesOf(
  nameOf: ReadonlyMap<string, string>,
  names: ReadonlySet<string>,
  aliases: Aliases,
): ToolNames['fromWire'] {
  return (wire) => {
    const known = nameOf.get(wire)
    if (known !== undefined || names.has(wire)) return known ?? wire
    const isMeant = (name: string): boolean => name.toLowerCase() === wire.toLowerCase()
    return [...nameOf].find(([own]) => isMeant(own))?.[1] ?? [...names].find(isMeant) ?? aliases.get(wire) ?? wire
  }
}

const wireNameOf = (name: string): string => (isFit(name) ? name : mappedName(name, 0))

const noTools: ToolNames = { meant: (name) => name, toWire: wireNameOf, fromWire: (wire) => wire, renamed: [] }

const isFit = (name: string): boolean => allowed.test(name) && !clashing.has(name.toLowerCase())

const digestCharacters = 10

function mappedName(name: string, attempt: number): string {
  const readable = name
    .replace(/[^a-zA-Z0-9_-]+/g, '_')
    .replace(/^[^a-zA-Z]+/, '')
    .slice(0, wireLimits.toolNameCharacters - digestCharacters - 1)
  return `${readable || 'tool'}_${digest(`${attempt}:${name}`).slice(0, digestCharacters)}`
}

/** Allowed as a tool use id by the service. */
const allowedId = /^[a-zA-Z0-9_-]{1,64}$/

/**
 * A tool call id as the service takes it: the id itself when it fits, else one derived from it. `occurrence` counts earlier
 * calls with the same id, which some clients number anew in every turn while the service wants each id once.
 */
export function toolUseId(id: string, occurrence: number): string {
  if (occurrence === 0 && allowedId.test(id)) return id
  return `tooluse_${digest(`${occurrence}:${id}`).slice(0, 22)}`
}

/** 40 hex digits; lone surrogates count, so that two different names never digest alike by encoding. */
function digest(text: string): string {
  return new Bun.CryptoHasher('sha1').update(Buffer.from(text, 'utf16le')).digest('hex')
}
