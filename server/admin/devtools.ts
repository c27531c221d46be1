import path from 'node:path'
import type { GatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { createTurns } from '../lib/turns.ts'
import type { ToolConfig, ToolConfigSave, ToolConfigSaved, ToolConfigUndone } from './contract/devtools.ts'
import { invalidRequest, type Reason } from './invalid-request.ts'
import { isMasked, mask } from './mask.ts'
import {
  canRestore,
  changedMeanwhile,
  leftAlone,
  readToolFile,
  replaceToolFile,
  restoreToolFile,
  revisionOf,
  type ToolFile,
} from './tool-file.ts'
import { type Change, type Current, changed, type Members, readMembers, type Tool, tools } from './tool-settings.ts'

export type Devtools = {
  readonly read: (home: string, tool: Tool) => Promise<ToolConfig>
  readonly save: (home: string, tool: Tool, wanted: ToolConfigSave) => Promise<Result<ToolConfigSaved, GatewayError>>
  readonly undo: (home: string, tool: Tool) => Promise<Result<ToolConfigUndone, GatewayError>>
}

type Kept = { readonly kept: ToolFile; readonly settings: Members; readonly current: Current }

const longest = 2_000

/** The settings files of tools in a home folder. `defaultModel`: for a tool that must name one and was told none. */
export function createDevtools(now: () => number, defaultModel: () => Promise<string>): Devtools {
  const inTurn = createTurns()
  return {
    /** What the tool is set to. A file that cannot be read is told of, not guessed at. */
    read: async (home, tool) => {
      const read = await keptOf(home, tool)
      const file = fileOf(home, tool)
      if (!read.ok)
        return {
          ...{ configured: false, baseUrl: '', apiKey: '', path: file, can_undo: false },
          ...{ error: read.error.message, params: { ...read.error.params } },
        }
      const { baseUrl, apiKey, model } = read.value.current
      return {
        configured: baseUrl !== '' && apiKey !== '',
        baseUrl: shownUrl(baseUrl),
        apiKey: apiKey === '' ? '' : mask(apiKey),
        ...(model === undefined || model === '' ? {} : { model }),
        path: file,
        can_undo: await canRestore(read.value.kept),
      }
    },
    /**
     * Sets address and key in the tool's file and leaves everything else in it as it is. What was there is copied aside first; a
     * file that is no JSON object is never written over (D-41).
     */
    save: (home, tool, asked) =>
      inTurn(async () => {
        const { preview = false, revision } = asked
        const checked = checkAsked(asked)
        if (!checked.ok) return checked
        const read = await keptOf(home, tool)
        if (!read.ok) return read
        const { kept, settings, current } = read.value
        const stands = revisionOf(kept.text ?? '')
        if (revision !== undefined && revision !== stands) return changedMeanwhile(kept.file)
        // The key as it was shown comes back: it stays.
        const apiKey = isMasked(asked.apiKey) && current.apiKey !== '' ? current.apiKey : asked.apiKey.trim()
        if (isMasked(apiKey)) return invalid({ reason: 'masked' }, 'apiKey', 'is masked; give the whole key')
        const model = asked.model?.trim() || current.model || (await defaultModel())
        const isModelNamed = Boolean(asked.model?.trim())
        const wanted = { baseUrl: asked.baseUrl.trim(), apiKey, model, isModelNamed }
        const changes = tools[tool].changes(settings, wanted).filter(({ before, value }) => before !== value)
        const done = { success: true, path: kept.file, backup: null, changes: changes.flatMap(shown) }
        if (changes.length === 0) return ok({ ...done, revision: stands })
        const text = changed(kept.text ?? '', settings, changes)
        if (!text.ok) return leftAlone(kept.file, { reason: 'no-object' }, text.error)
        if (preview) return ok({ ...done, revision: stands })
        const replaced = await replaceToolFile(kept, text.value, now())
        return replaced.ok ? ok({ ...done, backup: replaced.value, revision: revisionOf(text.value) }) : replaced
      }),
    /** Goes back to how the file was before it was set here, if nobody has touched it since. */
    undo: (home, tool) =>
      inTurn(async () => {
        const file = await readToolFile(fileOf(home, tool))
        if (!file.ok) return file
        const restored = await restoreToolFile(file.value)
        return restored.ok ? ok({ success: true, path: file.value.file, restored: restored.value }) : restored
      }),
  }
}

const fileOf = (home: string, tool: Tool): string => path.join(home, tools[tool].file)

async function keptOf(home: string, tool: Tool): Promise<Result<Kept, GatewayError>> {
  const kept = await readToolFile(fileOf(home, tool))
  if (!kept.ok) return kept
  const settings = readMembers(kept.value.text ?? '')
  if (!settings.ok) return leftAlone(kept.value.file, { reason: 'no-object' }, settings.error)
  const current = tools[tool].read(settings.value)
  if (!current.ok) return leftAlone(kept.value.file, { reason: 'models-no-list' }, current.error)
  return ok({ kept: kept.value, settings: settings.value, current: current.value })
}

function checkAsked({ baseUrl, apiKey, model }: ToolConfigSave): Result<void, GatewayError> {
  const url = URL.parse(baseUrl.trim())
  if (url === null || !/^https?:$/.test(url.protocol))
    return invalid({ reason: 'web-address' }, 'baseUrl', 'must be an http:// or https:// address')
  if (apiKey.trim() === '') return invalid({ reason: 'blank' }, 'apiKey', 'must not be empty')
  for (const [field, text] of Object.entries({ baseUrl, apiKey, model: model ?? '' })) {
    if (text.length > longest)
      return invalid({ reason: 'long', most: longest }, field, `has at most ${longest} characters`)
    if (/\p{Cc}/u.test(text.trim()))
      return invalid({ reason: 'control-characters' }, field, 'must not hold control characters')
  }
  return ok(undefined)
}

/** A change as people see it: `env.ANTHROPIC_BASE_URL`, from what to what; of a new object each of its members. */
function shown({ path: [...names], value, before, secret = false }: Change): ToolConfigSaved['changes'] {
  const name = names.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  )
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).map(([member, after]) => ({
      name: `${name}.${member}`,
      before: null,
      after: member === 'apiKey' ? mask(String(after)) : String(after),
    }))
  const spelt = (one: unknown): string => (secret ? mask(String(one)) : shownUrl(String(one)))
  return [
    { name, before: before === undefined ? null : spelt(before), after: value === undefined ? null : spelt(value) },
  ]
}

/** Without a password somebody wrote into it. */
function shownUrl(text: string): string {
  const url = URL.parse(text)
  if (url === null || url.password === '') return text
  url.password = '••••'
  return url.href
}

const invalid = (why: Reason, field: string, text: string): Result<never, GatewayError> =>
  err(invalidRequest(why, `${field} ${text}.`, { field }))
