import { type GatewayError, gatewayError } from '../../conversation/error.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { formOfJson, formOfLines, type ImportForm } from './import-form.ts'
import { type FindRegistration, type ImportItem, type ItemOptions, parseItem } from './import-item.ts'
import { isJsonLines, linesOf, secretItem } from './import-lines.ts'
import { type Fault, hasPrototype, type Item, isKnown, isObject, plain, prototypeFault } from './import-members.ts'
import { parseJson } from './json-call.ts'

/** One file, or what was pasted. */
export type ImportSource = { readonly name?: string; readonly text: string }

/** What was given, source by source, and every sign-in in it with its verdict. A registration counts as no item. */
export type ImportRead = {
  readonly sources: readonly { readonly name?: string; readonly form: ImportForm; readonly count: number }[]
  readonly items: readonly ImportItem[]
}

export const maxImportBytes = 10 * 1024 * 1024
export const maxImportItems = 5000

type Found = { readonly value: Result<unknown, Fault>; readonly source: number; readonly line?: number }

/**
 * The one reader of sign-ins, for the command line, the console and every route: pure, and asks nobody. Takes exports and
 * backups of this program and of the original, of Kiro Account Manager, kiro-auth-token.json, files of the AWS SSO cache
 * (a token finds its registration among what was given), JSON Lines, lists of tokens, `mail----password----…` lines. Each
 * item stands for itself; only a whole of which nothing can be read is an error.
 */
export function readImport(
  sources: readonly ImportSource[],
  options: ItemOptions = {},
): Result<ImportRead, GatewayError> {
  if (sources.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) > maxImportBytes) {
    return err(gatewayError('request-too-large', `An import may have at most ${maxImportBytes / 1024 / 1024} MB.`))
  }
  const split = sources.map(({ text }, source) => splitText(text, source))
  const found = split.flatMap((one) => one.found)
  const fault = emptyFault(found, options)
  if (fault !== undefined) return err(fault)
  const [only] = split
  if (split.length === 1 && only?.form === 'unreadable') {
    return err(gatewayError('invalid-request', 'The import is not valid JSON.'))
  }
  return readFound(
    found,
    sources,
    split.map(({ form }) => form),
    options,
  )
}

/** The same for JSON that is parsed already. */
export function readImportJson(json: unknown, options: ItemOptions = {}): Result<ImportRead, GatewayError> {
  const { found, form } = splitJson(json, 0)
  const fault = emptyFault(found, options)
  if (fault !== undefined) return err(fault)
  return readFound(found, [{}], [form], options)
}

function emptyFault(found: readonly Found[], { asOriginal }: ItemOptions): GatewayError | undefined {
  if (found.length === 0) {
    return asOriginal ? undefined : gatewayError('invalid-request', 'There is nothing to import.')
  }
  const isEmpty = found.every(
    ({ value, line }) => line === undefined && value.ok && isObject(value.value) && !isKnown(value.value),
  )
  return isEmpty && found.length === 1
    ? gatewayError('invalid-request', 'There are no accounts in it.', { field: 'accounts' })
    : undefined
}

function readFound(
  found: readonly Found[],
  sources: readonly Omit<ImportSource, 'text'>[],
  forms: readonly ImportForm[],
  options: ItemOptions,
): Result<ImportRead, GatewayError> {
  const { items: raw, registrations } = withoutRegistrations(found)
  if (raw.length > maxImportItems) {
    return err(gatewayError('invalid-request', `An import may have at most ${maxImportItems} accounts.`))
  }
  const findRegistration: FindRegistration = (hash) =>
    (hash === '' ? undefined : options.findRegistration?.(hash)) ?? registrationFor(hash, registrations, sources)
  const items = raw.map(({ value, source, line }, index): ImportItem => {
    const place = { index, source, ...(line === undefined ? {} : { line }) }
    return value.ok
      ? parseItem(value.value, place, { ...options, findRegistration })
      : err({ ...place, ...value.error })
  })
  return ok({
    sources: sources.map(({ name }, source) => ({
      ...(name === undefined ? {} : { name }),
      form: forms[source] ?? 'sign-ins',
      count: raw.filter((one) => one.source === source).length,
    })),
    items,
  })
}

type Split = { readonly found: readonly Found[]; readonly form: ImportForm }

function splitText(text: string, source: number): Split {
  const trimmed = text.replace(/^\uFEFF/, '')
  const start = trimmed.trimStart()[0]
  if (start === undefined) return { found: [], form: 'sign-ins' }
  if ((start !== '[' && start !== '{' && start !== '"') || isJsonLines(trimmed)) {
    const lines = linesOf(trimmed)
    return {
      found: lines.map(({ line, value }) => ({ value, source, line })),
      form: formOfLines(lines.map(({ kind }) => kind)),
    }
  }
  const json = parseJson(trimmed)
  if (json === undefined)
    return {
      found: [{ value: err({ code: 'not-json', error: 'This is not valid JSON.' }), source }],
      form: 'unreadable',
    }
  return splitJson(json, source)
}

function splitJson(json: unknown, source: number): Split {
  if (isObject(json) && hasPrototype(json)) return { found: [{ value: err(prototypeFault), source }], form: 'sign-ins' }
  const values = itemsIn(json)
  return {
    found: values.map((value) => ({ value: typeof value === 'string' ? secretItem(value) : ok(value), source })),
    form: formOfJson(json, values),
  }
}

/** Lists, single objects and wrappers such as `{"accounts": […]}`; some keep the accounts by their id. */
function itemsIn(json: unknown): readonly unknown[] {
  const inner = isObject(json) ? (json.accounts ?? json.items) : undefined
  const wrapped = typeof inner === 'object' && inner !== null ? inner : json
  if (Array.isArray(wrapped)) return wrapped
  return wrapped === inner && isObject(inner) ? Object.values(inner) : [wrapped]
}

type Registration = Found & { readonly item: Item }

/** Registrations are told from broken sign-ins by somebody who needs one. */
function withoutRegistrations(found: readonly Found[]): {
  readonly items: readonly Found[]
  readonly registrations: readonly Registration[]
} {
  const values = found.map((one) => (one.value.ok && isObject(one.value.value) ? one.value.value : undefined))
  if (!values.some((item) => item !== undefined && lacksClient(item))) return { items: found, registrations: [] }
  const isOne = (index: number): boolean => values[index] !== undefined && isRegistration(values[index])
  return {
    items: found.filter((_, index) => !isOne(index)),
    registrations: found.flatMap((one, index) => (isOne(index) ? [{ ...one, item: values[index] ?? {} }] : [])),
  }
}

const isRegistration = (item: Item): boolean =>
  typeof item.clientId === 'string' &&
  typeof item.clientSecret === 'string' &&
  ['refreshToken', 'refresh_token', 'accessToken', 'label', 'email', 'enabled'].every(
    (name) => item[name] === undefined,
  )

const lacksClient = (item: Item): boolean =>
  (item.clientId ?? item.client_id) === undefined &&
  (item.clientIdHash !== undefined ||
    [item.authMethod ?? item.provider].some(
      (name) => typeof name === 'string' && ['idc', 'builderid'].includes(plain(name)),
    ))

/** By the name of its file, else the only one there is. */
function registrationFor(
  hash: string,
  registrations: readonly Registration[],
  sources: readonly Omit<ImportSource, 'text'>[],
): unknown {
  const named = registrations.find(({ source }) => hash !== '' && sources[source]?.name?.endsWith(`${hash}.json`))
  return (named ?? (registrations.length === 1 ? registrations[0] : undefined))?.item
}
