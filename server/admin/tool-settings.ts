import { applyEdits, type JSONPath, modify } from 'jsonc-parser'
import { productName } from '../config/build.ts'
import { err, ok, type Result } from '../lib/result.ts'

export type Members = Readonly<Record<string, unknown>>
export type Wanted = {
  readonly baseUrl: string
  readonly apiKey: string
  readonly model: string
  /** Somebody named the model; else it is a guess for tools that must have one. */
  readonly isModelNamed: boolean
}
/** What a tool is set to, as far as it is. */
export type Current = { readonly baseUrl: string; readonly apiKey: string; readonly model?: string }

/** One member to be set, or with `value` undefined to be taken out. */
export type Change = {
  readonly path: JSONPath
  readonly value: unknown
  readonly before: unknown
  /** Shown masked. */
  readonly secret?: boolean
  /** Put behind the last element of an array. */
  readonly added?: boolean
}

/** How a tool keeps its settings; errors are why a file is left alone. */
export type ToolSettings = {
  /** Below the home folder. */
  readonly file: string
  readonly read: (settings: Members) => Result<Current, string>
  /** What must be set so that the tool does as wanted; of a file that `read` could read. */
  readonly changes: (settings: Members, wanted: Wanted) => readonly Change[]
}

/** https://docs.claude.com/en/docs/claude-code/settings: variables of `env` are set for every session. */
const claudeCode: ToolSettings = {
  file: '.claude/settings.json',
  read: ({ env = {} }) =>
    isMembers(env)
      ? ok({
          baseUrl: text(env.ANTHROPIC_BASE_URL),
          apiKey: text(env.ANTHROPIC_AUTH_TOKEN),
          model: text(env.ANTHROPIC_MODEL),
        })
      : err('has an env that is no object'),
  changes: ({ env = {} }, { baseUrl, apiKey, model, isModelNamed }) => {
    const had = isMembers(env) ? env : {}
    const [url, token, own] = ['ANTHROPIC_BASE_URL', 'ANTHROPIC_AUTH_TOKEN', 'ANTHROPIC_API_KEY']
    return [
      { path: ['env', url], value: baseUrl, before: had[url] },
      { path: ['env', token], value: apiKey, before: had[token], secret: true },
      ...(isModelNamed ? [{ path: ['env', 'ANTHROPIC_MODEL'], value: model, before: had.ANTHROPIC_MODEL }] : []),
      // With both Claude Code does not know which to send, and may send this one to us.
      { path: ['env', own], value: undefined, before: had[own], secret: true },
    ]
  },
}

/** https://docs.factory.ai/cli/byok: a model of one's own, of which ours is known by its name. */
const droid: ToolSettings = {
  file: '.factory/settings.json',
  read: ({ customModels = [] }) => {
    if (!Array.isArray(customModels) || !customModels.every(isMembers))
      return err('has customModels that are no list of objects')
    const own = customModels[ownIn(customModels)]
    return ok({ baseUrl: text(own?.baseUrl), apiKey: text(own?.apiKey), model: text(own?.model) })
  },
  changes: ({ customModels = [] }, { baseUrl, apiKey, model }) => {
    const models = (Array.isArray(customModels) ? customModels : []) as readonly Members[] // as `read` has seen
    const index = ownIn(models)
    const wanted = { model, baseUrl, apiKey, provider: 'anthropic' }
    if (index < 0) {
      const value = { displayName: ownName, ...wanted, maxOutputTokens: 32_000 }
      return [{ path: ['customModels', models.length], value, before: undefined, secret: true, added: true }]
    }
    return Object.entries(wanted).map(([name, value]) => ({
      path: ['customModels', index, name],
      value,
      before: models[index]?.[name],
      secret: name === 'apiKey',
    }))
  },
}

export const tools = { 'claude-code': claudeCode, droid } as const satisfies Readonly<Record<string, ToolSettings>>
export type Tool = keyof typeof tools

const ownName = productName
const ownIn = (models: readonly Members[]): number => models.findIndex(({ displayName }) => displayName === ownName)

/** The members of a settings file; an empty one has none. */
export function readMembers(source: string): Result<Members, string> {
  const bare = source.replace(/^\uFEFF/, '')
  if (bare.trim() === '') return ok({})
  try {
    const settings: unknown = JSON.parse(bare)
    return isMembers(settings) ? ok(settings) : err('holds no JSON object')
  } catch {
    return err('is not valid JSON')
  }
}

/**
 * The text with the changes made and everything else as it was to the byte: order, indentation, numbers no parser could keep. A
 * text in which they cannot be made so (a member stands there twice) is an error.
 */
export function changed(source: string, settings: Members, changes: readonly Change[]): Result<string, string> {
  const wanted = changes.reduce<unknown>((value, { path, value: to }) => withMember(value, path, to), settings)
  if (source.trim() === '') return ok(`${JSON.stringify(wanted, null, 2)}\n`)
  const mark = source.startsWith('\uFEFF') ? '\uFEFF' : ''
  const indent = /^([ \t]+)\S/m.exec(source)?.[1] ?? '  '
  const formattingOptions = {
    insertSpaces: !indent.includes('\t'),
    tabSize: indent.length,
    eol: source.includes('\r\n') ? '\r\n' : '\n',
  }
  let result = source.slice(mark.length)
  for (const { path, value, added = false } of changes)
    result = applyEdits(result, modify(result, path, value, { formattingOptions, isArrayInsertion: added }))
  const read = readMembers(result)
  return read.ok && Bun.deepEquals(read.value, wanted, true) ? ok(mark + result) : err('has a member twice')
}

function withMember(value: unknown, [name, ...rest]: JSONPath, to: unknown): unknown {
  if (name === undefined) return to
  if (typeof name === 'number') {
    const list: readonly unknown[] = Array.isArray(value) ? value : []
    return Object.assign([...list], { [name]: withMember(list[name], rest, to) })
  }
  const members = isMembers(value) ? value : {}
  if (to === undefined && rest.length === 0) {
    const { [name]: _gone, ...others } = members
    return others
  }
  return { ...members, [name]: withMember(members[name], rest, to) }
}

export const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const text = (value: unknown): string => (typeof value === 'string' ? value : '')
