import { chmod, copyFile, mkdir, readdir, readFile, realpath, rename, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { ToolConfig, ToolConfigSave, ToolConfigSaved, ToolConfigUndone } from './contract/devtools.ts'
import { isMasked, mask } from './mask.ts'

/** Where each tool keeps its settings, below the home folder. */
export const toolFiles = { 'claude-code': '.claude/settings.json', droid: '.droid/settings.json' } as const
export type Tool = keyof typeof toolFiles

const names = { baseUrl: 'ANTHROPIC_BASE_URL', apiKey: 'ANTHROPIC_AUTH_TOKEN' } as const
const largest = 5 * 1024 * 1024

type Members = Readonly<Record<string, unknown>>
type Kept = { readonly target: string; readonly settings: Members | undefined; readonly env: Members }

/** What the tool is set to. A file that cannot be read is told of, not guessed at. */
export async function readToolConfig(home: string, tool: Tool): Promise<ToolConfig> {
  const file = path.join(home, toolFiles[tool])
  const kept = await readKept(file)
  if (!kept.ok) return { configured: false, baseUrl: '', apiKey: '', path: file, error: kept.error.message }
  const text = (name: string): string => {
    const value = kept.value.env[name]
    return typeof value === 'string' ? value : ''
  }
  const [baseUrl, apiKey] = [text(names.baseUrl), text(names.apiKey)]
  return { configured: baseUrl !== '' && apiKey !== '', baseUrl, apiKey: apiKey === '' ? '' : mask(apiKey), path: file }
}

/**
 * Sets address and key in the tool's file and leaves everything else in it as it is. What was there is copied aside first; a file
 * that is no JSON object is never written over (D-41).
 */
export async function saveToolConfig(
  home: string,
  tool: Tool,
  { baseUrl, apiKey, preview = false }: ToolConfigSave,
  now: number,
): Promise<Result<ToolConfigSaved, GatewayError>> {
  const url = URL.parse(baseUrl.trim())
  if (url === null || !/^https?:$/.test(url.protocol))
    return invalid('baseUrl', 'must be an http:// or https:// address')
  if (apiKey.trim() === '') return invalid('apiKey', 'must not be empty')
  const file = path.join(home, toolFiles[tool])
  const kept = await readKept(file)
  if (!kept.ok) return kept
  const { target, settings, env } = kept.value
  const had = env[names.apiKey]
  // The key as it was shown comes back: it stays.
  const key = isMasked(apiKey) && typeof had === 'string' ? had : apiKey.trim()
  if (isMasked(key)) return invalid('apiKey', 'is masked; give the whole key')
  const wanted = { [names.baseUrl]: baseUrl.trim(), [names.apiKey]: key }
  const shown = (name: string, value: string): string => (name === names.apiKey ? mask(value) : value)
  const changes = Object.entries(wanted).flatMap(([name, after]) => {
    const before = env[name]
    if (before === after) return []
    return [{ name, before: typeof before === 'string' ? shown(name, before) : null, after: shown(name, after) }]
  })
  const done = { success: true, path: file, backup: null, changes }
  if (preview || changes.length === 0) return ok(done)
  const text = `${JSON.stringify({ ...settings, env: { ...env, ...wanted } }, null, 2)}\n`
  try {
    await mkdir(path.dirname(target), { recursive: true })
    const backup = settings === undefined ? null : `${target}.backup-${stamp(now)}`
    // A file with a key in it is its owner's alone, unless its owner has said otherwise.
    const mode = settings === undefined ? 0o600 : (await stat(target)).mode & 0o777
    if (backup !== null) await copyFile(target, backup)
    // Aside and renamed: a tool that reads meanwhile sees the old file or the new one.
    const aside = `${target}.new-${stamp(now)}`
    await writeFile(aside, text, { mode })
    await chmod(aside, mode)
    await rename(aside, target)
    return ok({ ...done, backup })
  } catch (thrown) {
    return notWritten(file, thrown)
  }
}

/**
 * Puts the newest copy that was made here back in the place of the tool's file; what stood there is kept beside it. Again: the copy
 * before that one.
 */
export async function undoToolConfig(
  home: string,
  tool: Tool,
  now: number,
): Promise<Result<ToolConfigUndone, GatewayError>> {
  const file = path.join(home, toolFiles[tool])
  const target = await realpath(file).catch(() => file)
  const folder = path.dirname(target)
  const copies = (await readdir(folder).catch(() => [])).filter((name) =>
    name.startsWith(`${path.basename(target)}.backup-`),
  )
  const newest = copies.sort().at(-1)
  if (newest === undefined)
    return err(gatewayError('not-found', `There is no copy of ${file} to go back to.`, { code: 'NO_BACKUP' }))
  const backup = path.join(folder, newest)
  try {
    const kept = `${target}.undone-${stamp(now)}`
    const isThere = await stat(target).then(
      () => true,
      (thrown) => codeOf(thrown) !== 'ENOENT',
    )
    if (isThere) await copyFile(target, kept)
    await rename(backup, target)
    return ok({ success: true, path: file, restored: backup, kept: isThere ? kept : null })
  } catch (thrown) {
    return notWritten(file, thrown)
  }
}

const notWritten = (file: string, thrown: unknown): Result<never, GatewayError> =>
  err(gatewayError('internal', `${file} could not be written: ${codeOf(thrown)}.`, { code: 'NOT_WRITTEN' }))

/** `settings` undefined: there is no file, or an empty one. A link is followed, so that it stays one. */
async function readKept(file: string): Promise<Result<Kept, GatewayError>> {
  const refuse = (why: string): Result<never, GatewayError> =>
    err(gatewayError('invalid-request', `${file} ${why}; it is left as it is.`, { code: 'UNREADABLE_FILE' }))
  const target = await realpath(file).catch(() => file)
  let text: string
  try {
    if ((await stat(target)).size > largest) return refuse('is larger than 5 MB')
    text = await readFile(target, 'utf8')
  } catch (thrown) {
    return codeOf(thrown) === 'ENOENT'
      ? ok({ target, settings: undefined, env: {} })
      : refuse(`cannot be read (${codeOf(thrown)})`)
  }
  if (text.trim() === '') return ok({ target, settings: undefined, env: {} })
  let settings: unknown
  try {
    settings = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch {
    return refuse('is not valid JSON')
  }
  if (!isMembers(settings)) return refuse('holds no JSON object')
  const { env = {} } = settings
  return isMembers(env) ? ok({ target, settings, env }) : refuse('has an env that is no object')
}

const isMembers = (value: unknown): value is Members =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const stamp = (now: number): string => new Date(now).toISOString().replace(/[:.]/g, '-')
const codeOf = (thrown: unknown): string =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : 'unknown'
const invalid = (field: string, text: string): Result<never, GatewayError> =>
  err(gatewayError('invalid-request', `${field} ${text}.`, { field }))
