import type { Locate, Subject } from '../conversation/subject.ts'
import { nameForModel } from './group-name.ts'
import { isObject, type Loose } from './validate.ts'

type Path = readonly string[]
/** The place within `value`, if it is there. */
type Visit = (value: unknown) => Path | undefined

/** Deeper than any member that has a meaning of its own; schemas and inputs are not looked into. */
const deepest = 12

/**
 * Finds members of one request's body, of whichever API, by what they say: ids, names, the text or image itself. The body is
 * walked only when somebody asks, so a request that goes well pays nothing for it.
 */
export function createLocate(body: unknown): Locate {
  return (subject) => {
    const found = isObject(body) ? find(body, subject) : undefined
    return found?.join('.')
  }
}

function find(body: Loose, subject: Subject): Path | undefined {
  switch (subject.kind) {
    case 'tool':
      return findTool(body, subject)
    case 'call':
      return findCall(body, subject)
    case 'result':
      return walk(body, (value) =>
        isObject(value) && isResult(value) && idIn(value, 'tool_use_id', 'tool_call_id', 'call_id') === subject.callId
          ? []
          : undefined,
      )
    case 'image':
      return walk(body, (value) =>
        typeof value === 'string' && (value === subject.base64 || value.endsWith(`,${subject.base64}`))
          ? []
          : undefined,
      )
    case 'text':
      return walk(body, (value) => (value === subject.text ? [] : undefined))
    case 'messages':
      return ['messages', 'input'].filter((name) => Object.hasOwn(body, name)).slice(0, 1)
    case 'thinking':
      return ['thinking', 'output_config', 'reasoning_effort', 'reasoning', 'max_tokens']
        .filter((name) => body[name] != null)
        .slice(0, 1)
  }
}

/** Schemas and arguments are the tools' own; what stands in them only looks like a member. */
const closed: ReadonlySet<string> = new Set(['input_schema', 'parameters', 'arguments', 'schema'])

/** The first place where `visit` finds something, in the order of the body. A body has a great many members: paths are made on the way back. */
function walk(root: unknown, visit: Visit, depth = 0, key = ''): Path | undefined {
  const found = visit(root)
  if (found !== undefined) return depth === 0 && found.length === 0 ? undefined : found
  if (typeof root !== 'object' || root === null || depth >= deepest) return undefined
  if (depth > 0 && closed.has(key)) return undefined
  if (isObject(root) && root.type === 'tool_use' && key !== '') return undefined
  for (const name in root) {
    const inner = walk(root[name as keyof typeof root], visit, depth + 1, name)
    if (inner !== undefined) return [name, ...inner]
  }
  return undefined
}

const idIn = (value: Loose, ...names: readonly string[]): string | undefined => {
  const id = names.map((name) => value[name]).find((one) => one !== undefined && one !== null)
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined
}

const isResult = ({ type, role }: Loose): boolean =>
  type === 'tool_result' || role === 'tool' || (typeof type === 'string' && type.endsWith('_call_output'))

/** A call as each of the APIs has it: its id, its name, what it is called with. */
function callIn(
  value: Loose,
): { readonly id: string | undefined; readonly name: Path; readonly input: Path } | undefined {
  if (value.type === 'tool_use') return { id: idIn(value, 'id'), name: ['name'], input: ['input'] }
  if (isObject(value.function) && value.id !== undefined && value.parameters === undefined)
    return { id: idIn(value, 'id'), name: ['function', 'name'], input: ['function', 'arguments'] }
  if (isObject(value.custom) && value.id !== undefined)
    return { id: idIn(value, 'id'), name: ['custom', 'name'], input: ['custom', 'input'] }
  if (value.type === 'function_call') return { id: idIn(value, 'call_id', 'id'), name: ['name'], input: ['arguments'] }
  if (value.type === 'custom_tool_call') return { id: idIn(value, 'call_id', 'id'), name: ['name'], input: ['input'] }
  return undefined
}

function findCall(body: Loose, { id, occurrence, part }: Extract<Subject, { kind: 'call' }>): Path | undefined {
  let left = occurrence
  return walk(body, (value) => {
    const call = isObject(value) ? callIn(value) : undefined
    if (call === undefined || call.id !== id || left-- > 0) return undefined
    return part === 'id' ? [] : call[part]
  })
}

type ToolSubject = Extract<Subject, { kind: 'tool' }>

function findTool(body: Loose, subject: ToolSubject): Path | undefined {
  for (const list of ['tools', 'functions']) {
    const found = toolAmong(body[list], [list], subject)
    if (found !== undefined) return found
  }
  // Nobody declares it any more: it is known from a call.
  return walk(body, (value) => {
    const call = isObject(value) ? callIn(value) : undefined
    const name = call && isObject(value) ? call.name.reduce<unknown>(memberOf, value) : undefined
    return call !== undefined && name === subject.name ? call.name : undefined
  })
}
const memberOf = (value: unknown, name: string): unknown => (isObject(value) ? value[name] : undefined)

function toolAmong(list: unknown, path: Path, subject: ToolSubject, group?: string): Path | undefined {
  if (!Array.isArray(list)) return undefined
  for (const [index, entry] of list.entries()) {
    if (!isObject(entry)) continue
    const at = [...path, String(index)]
    if (typeof entry.name === 'string' && Array.isArray(entry.tools)) {
      const found = toolAmong(entry.tools, [...at, 'tools'], subject, entry.name)
      if (found !== undefined) return found
    }
    const [tool, own] = isObject(entry.function) ? [entry.function, [...at, 'function']] : [entry, at]
    if (typeof tool.name !== 'string' || nameForModel(tool.name, group) !== subject.name) continue
    const schema = ['input_schema', 'parameters'].find((name) => tool[name] != null)
    if (subject.part !== 'schema') return [...own, subject.part]
    return schema === undefined ? own : [...own, schema, ...(subject.within ?? [])]
  }
  return undefined
}
