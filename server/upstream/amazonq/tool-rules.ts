import type { Steps } from '../../lib/slices.ts'
import { type Breach, entriesOf, type Place, type Repaired, type Rule, toolsOf, withTurns } from './breach.ts'
import { type Look, plainSchema, type SchemaFault, schemaFaults } from './schema-faults.ts'
import { type JsonObject, type RequestBody, type ToolEntry, wireLimits } from './wire.ts'

const namePattern = /^[a-zA-Z0-9_-]{1,64}$/
/** An official client renames all others before it sends them. */
const strictPattern = /^[a-zA-Z][a-zA-Z0-9_]{0,63}$/

type Specification = ToolEntry['toolSpecification']

const each =
  (find: (tool: Specification) => Breach | undefined): Rule['find'] =>
  ({ body }) =>
    toolsOf(body).flatMap(({ toolSpecification }) => find(toolSpecification) ?? [])
const of = ({ name }: Specification, part: 'name' | 'description' | 'schema', within?: readonly string[]): Place => ({
  in: 'tool',
  name,
  part,
  ...(within === undefined || within.length === 0 ? {} : { within }),
})

const schemaRule = (fault: SchemaFault, sure: Rule['sure'], demands: string, repair?: Rule['repair']): Rule => ({
  name: fault,
  sure,
  demands,
  find: ({ schemas }) => schemas.get(fault) ?? [],
  ...(repair && { repair }),
})

const plain = (fault: SchemaFault, does: string): Rule['repair'] => ({
  does,
  *apply(body) {
    const schemas = new Map<JsonObject, JsonObject>()
    for (const { toolSpecification: tool } of toolsOf(body)) {
      const { json } = tool.inputSchema
      const changed = yield* plainSchema(json, fault)
      if (changed !== json) schemas.set(json, changed)
      yield 1
    }
    return { body: schemas.size === 0 ? body : mapSchemas(body, (schema) => schemas.get(schema) ?? schema) }
  },
})

/** The faults of all schemas, found in one walk. */
export function* schemaBreaches(body: RequestBody, look: Look): Steps<ReadonlyMap<SchemaFault, readonly Breach[]>> {
  const all = new Map<SchemaFault, Breach[]>()
  for (const { toolSpecification: tool } of toolsOf(body)) {
    for (const [fault, found] of yield* schemaFaults(tool.inputSchema.json, look)) {
      const breaches = all.get(fault) ?? []
      all.set(fault, breaches)
      for (const { path, is } of found) breaches.push({ place: of(tool, 'schema', path), is })
    }
  }
  return all
}

/** What tools are called and how their input is described. */
export const toolRules: readonly Rule[] = [
  {
    name: 'tool-name',
    sure: 'known',
    demands: 'The name of a tool has 1 to 64 letters, digits, _ and -.',
    find: each((tool) => (namePattern.test(tool.name) ? undefined : { place: of(tool, 'name'), is: 'another name' })),
  },
  {
    name: 'tool-name-unique',
    sure: 'known',
    demands: 'No two tools may have one name; capitals make no difference.',
    find: ({ body }) => {
      const taken = new Set<string>()
      return toolsOf(body).flatMap(({ toolSpecification: tool }) => {
        const name = tool.name.toLowerCase()
        if (taken.has(name)) return [{ place: of(tool, 'name'), is: 'a name that is taken' }]
        taken.add(name)
        return []
      })
    },
  },
  {
    name: 'tool-description',
    sure: 'known',
    demands: `The description of a tool has 1 to ${wireLimits.descriptionBytes} bytes.`,
    find: each((tool) => {
      const bytes = Buffer.byteLength(tool.description)
      const fits = bytes > 0 && bytes <= wireLimits.descriptionBytes
      return fits ? undefined : { place: of(tool, 'description'), is: `${bytes} bytes` }
    }),
  },
  schemaRule(
    'schema-shape',
    'known',
    'The schema of a tool describes an object, without null members, empty lists of required names, nameless properties or types that JSON Schema does not know.',
  ),
  {
    name: 'request-nesting',
    sure: 'known',
    demands: 'Objects and lists may stand in one another 64 deep.',
    *find({ body, look }) {
      return (yield* nestsDeeper(body, 64, look)) ? [{ place: { in: 'turns' }, is: 'more' }] : []
    },
  },
  {
    name: 'tool-name-plain',
    sure: 'reported',
    demands: 'The name of a tool starts with a letter and has letters, digits and _ only.',
    find: each((tool) =>
      strictPattern.test(tool.name) ? undefined : { place: of(tool, 'name'), is: 'other characters' },
    ),
    repair: { does: 'renamed on the way to the model and back', apply: renameTools },
  },
  schemaRule(
    'schema-reference',
    'reported',
    'A schema cannot refer to another part of itself by $ref.',
    plain('schema-reference', 'each $ref replaced by what it refers to'),
  ),
  schemaRule(
    'schema-alternatives',
    'reported',
    'A tool’s schema has no anyOf, oneOf or allOf at its root.',
    plain('schema-alternatives', 'alternatives at the root joined into one object'),
  ),
  schemaRule(
    'schema-keyword',
    'reported',
    'A schema has type, properties, required, items, enum, description and plain bounds; other keywords are refused.',
    plain('schema-keyword', 'keywords told in the description instead'),
  ),
  schemaRule(
    'schema-required',
    'reported',
    'A required member has to be one of the properties.',
    plain('schema-required', 'names without a property no longer required'),
  ),
  schemaRule('schema-property', 'reported', 'The name of a property has 1 to 64 letters, digits, _, . and -.'),
]

/** Those whose repair goes through the schemas. */
export const schemaRepairs: ReadonlySet<Rule> = new Set(
  toolRules.filter(({ name, repair }) => name.startsWith('schema-') && repair !== undefined),
)

const mapTools = (body: RequestBody, change: (tool: ToolEntry) => ToolEntry): RequestBody => {
  const { userInputMessage } = body.conversationState.currentMessage
  const { tools, ...context } = userInputMessage.userInputMessageContext ?? {}
  if (tools === undefined) return body
  const currentMessage = {
    userInputMessage: { ...userInputMessage, userInputMessageContext: { ...context, tools: tools.map(change) } },
  }
  return { ...body, conversationState: { ...body.conversationState, currentMessage } }
}

const mapSchemas = (body: RequestBody, change: (schema: JsonObject) => JsonObject): RequestBody =>
  mapTools(body, ({ toolSpecification: tool }) => ({
    toolSpecification: { ...tool, inputSchema: { json: change(tool.inputSchema.json) } },
  }))

function renameTools(body: RequestBody): Repaired {
  const names = toolsOf(body).map(({ toolSpecification: { name } }) => name)
  const taken = new Set(names.map((name) => name.toLowerCase()))
  const wireOf = new Map<string, string>()
  for (const name of names) {
    if (strictPattern.test(name)) continue
    const letters = name.replace(/[^a-zA-Z0-9_]/g, '_').replace(/^[^a-zA-Z]+/, '')
    const base = letters === '' ? 'tool' : letters
    let free = base.slice(0, 64)
    for (let number = 2; taken.has(free.toLowerCase()); number++) free = `${base.slice(0, 58)}_${number}`
    taken.add(free.toLowerCase())
    wireOf.set(name, free)
  }
  const renamed = (name: string): string => wireOf.get(name) ?? name
  const declared = mapTools(body, ({ toolSpecification: tool }) => ({
    toolSpecification: { ...tool, name: renamed(tool.name) },
  }))
  const entries = entriesOf(declared).map((entry) => {
    const uses = 'assistantResponseMessage' in entry ? entry.assistantResponseMessage.toolUses : undefined
    if (!('assistantResponseMessage' in entry) || uses === undefined) return entry
    const toolUses = uses.map((use) => ({ ...use, name: renamed(use.name) }))
    return { assistantResponseMessage: { ...entry.assistantResponseMessage, toolUses } }
  })
  return { body: withTurns(declared, entries), renamed: new Map([...wireOf].map(([name, wire]) => [wire, name])) }
}

/** Depth first, so that no list of all members is made; what is left when nothing more may be looked at is taken for flat. */
function* nestsDeeper(root: object, limit: number, look: Look): Steps<boolean> {
  const open: { readonly value: object; readonly depth: number }[] = [{ value: root, depth: 1 }]
  for (let next = open.pop(); next !== undefined && look.left > 0; next = open.pop()) {
    const { value, depth } = next
    if (depth > limit) return true
    const before = look.left
    for (const name in value) {
      if (look.left-- <= 0) break
      const member: unknown = value[name as keyof typeof value]
      if (typeof member === 'object' && member !== null) open.push({ value: member, depth: depth + 1 })
    }
    yield before - look.left + 1
  }
  return false
}
