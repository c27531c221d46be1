import type {
  ImportOutcome,
  ImportPreview,
  ImportPreviewItem,
  ImportResult,
  ImportSourceView,
  ImportVerdict,
} from '../../../../server/admin/contract/imports.ts'
import { itemErrorText, signInText } from '../../api/error-text.ts'
import type { Translate } from '../../i18n/dictionary.ts'
import { type Format, maskEmail } from '../../lib/format.ts'

/** The server reads the text; here is only what it may weigh. */
export const importLimits = { bytes: 10 * 1024 * 1024, shownRows: 200 } as const

const methods = ['builder-id', 'identity-center', 'social', 'api-key'] as const
const statedStatuses = ['expired', 'suspended', 'exhausted', 'disabled'] as const
const forms = [
  'gateway-export',
  'original-export',
  'original-backup',
  'kiro-account-manager',
  'kiro-token',
  'sso-cache',
  'client-registration',
  'command-line-client',
  'json-lines',
  'mail-lines',
  'token-list',
  'sign-ins',
  'unreadable',
] as const

export type Tone = 'success' | 'accent' | 'neutral' | 'danger'

/** One sign-in before or after the import. */
export type ImportRow = {
  readonly index: number
  readonly place: string
  readonly name: string
  readonly about: string
  readonly verdict: string
  readonly tone: Tone
  readonly reason: string | undefined
}

const verdictTones: Readonly<Record<ImportVerdict | ImportOutcome, Tone>> = {
  new: 'success',
  added: 'success',
  renews: 'accent',
  renewed: 'accent',
  present: 'neutral',
  repeated: 'neutral',
  refused: 'danger',
}

/** What a file is: "Kiro Account Manager, 12 accounts, 2 already here". */
export function sourceText(
  source: ImportSourceView,
  items: readonly ImportPreviewItem[],
  t: Translate,
  format: Format,
) {
  const known = forms.find((form) => form === source.form)
  const form = known ? t(`import.form.${known}`) : source.title
  const count = t(`import.accounts.${format.form(source.count)}`, { count: format.number(source.count) })
  const here = items.filter(({ verdict }) => verdict === 'present' || verdict === 'renews').length
  const refused = items.filter(({ verdict }) => verdict === 'refused').length
  return [
    form,
    count,
    ...(here > 0 ? [t('import.here', { count: format.number(here) })] : []),
    ...(refused > 0 ? [t('import.unusable', { count: format.number(refused) })] : []),
  ].join(t('import.separator'))
}

export function previewRow(item: ImportPreviewItem, preview: ImportPreview, t: Translate, format: Format): ImportRow {
  const { verdict } = item
  const same = item.same_as === null ? undefined : preview.items[item.same_as]
  return {
    index: item.index,
    place: placeText(item, preview.sources, t, format),
    name: nameOf(item, t),
    about: aboutText(item, t),
    verdict:
      verdict === 'repeated'
        ? t('import.repeated', { place: same ? placeText(same, preview.sources, t, format) : '' })
        : t(`import.verdict.${verdict}`),
    tone: verdictTones[verdict],
    reason:
      verdict === 'refused'
        ? faultText(item, t)
        : item.account_name && item.account_name !== nameOf(item, t)
          ? maskEmail(item.account_name)
          : undefined,
  }
}

/** `item`: what the preview knew of it. */
export function resultRow(result: ImportResult, preview: ImportPreview, t: Translate, format: Format): ImportRow {
  const item = preview.items[result.index]
  const before = item && previewRow(item, preview, t, format)
  return {
    index: result.index,
    place: before?.place ?? `#${format.number(result.index + 1)}`,
    name: result.name ? maskEmail(result.name) : (before?.name ?? ''),
    about: before?.about ?? '',
    verdict: t(`import.outcome.${result.outcome}`),
    tone: verdictTones[result.outcome],
    // What was left or renewed is said by the outcome; of the others the reason is the news.
    reason: result.outcome === 'refused' || result.outcome === 'added' ? faultText(result, t) : undefined,
  }
}

export function countsText(results: readonly ImportResult[], t: Translate, format: Format): string {
  const count = (outcome: ImportOutcome): string =>
    format.number(results.filter((result) => result.outcome === outcome).length)
  return t('import.result', {
    added: count('added'),
    renewed: count('renewed'),
    present: count('present'),
    refused: count('refused'),
  })
}

/** What goes to the server at once: enough calls to show how far it is, and not so many that a large file travels often. */
export function batchesOf(items: readonly ImportPreviewItem[]): readonly (readonly number[])[] {
  const size = Math.max(50, Math.ceil(items.length / 20))
  const indexes = items.map(({ index }) => index)
  return Array.from({ length: Math.ceil(indexes.length / size) }, (_, batch) =>
    indexes.slice(batch * size, (batch + 1) * size),
  )
}

/** As many rows as a page can carry; those that cannot be used are never among the missing. */
export function shownRows(rows: readonly ImportRow[]): readonly ImportRow[] {
  if (rows.length <= importLimits.shownRows) return rows
  const bad = rows.filter(({ tone }) => tone === 'danger').slice(0, importLimits.shownRows)
  const good = rows.filter(({ tone }) => tone !== 'danger').slice(0, importLimits.shownRows - bad.length)
  return [...bad, ...good].toSorted((a, b) => a.index - b.index)
}

function placeText(
  { index, line, source }: ImportPreviewItem,
  sources: readonly ImportSourceView[],
  t: Translate,
  format: Format,
): string {
  const file = sources.length > 1 ? sources[source]?.name : undefined
  const place = line === null ? `#${format.number(index + 1)}` : t('import.line', { line: format.number(line) })
  return file ? `${file} · ${place}` : place
}

const nameOf = ({ name, email }: ImportPreviewItem, t: Translate): string =>
  name || email ? maskEmail(name ?? email ?? '') : t('import.unnamed')

/** Kind of sign-in, where it signs in and where it works, and what the file says of its state. */
function aboutText(item: ImportPreviewItem, t: Translate): string {
  const method = methods.find((name) => name === item.method)
  const stated = statedStatuses.find((name) => name === item.stated_status)
  const regions = [item.identity_region, item.profile_region].filter((region) => region !== null)
  return [
    method ? t(`method.${method}`) : '',
    item.provider === 'Enterprise' || item.provider === 'BuilderId' ? '' : (item.provider ?? ''),
    [...new Set(regions)].join(' → '),
    stated ? t(`import.stated.${stated}`) : '',
    item.verdict !== 'refused' && !item.enabled ? t('import.switchedOff') : '',
  ]
    .filter((part) => part !== '')
    .join(' · ')
}

/** In the reader's language; what the provider said is marked as its words. */
function faultText(
  {
    code,
    error,
    field,
  }: { readonly code?: string | null; readonly error?: string | null; readonly field?: string | null },
  t: Translate,
): string | undefined {
  if (!error && !code) return undefined
  const item = { index: 0, ok: false, outcome: '', code: code ?? '', error: error ?? '' }
  return (field && signInText(code ?? '', field, t)) || itemErrorText(item, t)
}

type Placed = Pick<ImportPreviewItem, 'index' | 'source' | 'line'>

/**
 * What was given for these items: the line of a list, or the item of a JSON list by its place in its source. An item that cannot be
 * told from its source is left out.
 */
export function failedLines(
  sources: readonly string[],
  items: readonly Placed[],
  indexes: readonly number[],
): readonly string[] {
  const wanted = new Set(indexes)
  const lists = new Map<number, readonly unknown[]>()
  return items.flatMap((item) => {
    if (!wanted.has(item.index)) return []
    const text = sources[item.source] ?? ''
    if (item.line !== null) return text.split(/\r?\n/)[item.line - 1]?.trim() || []
    const list = lists.get(item.source) ?? listIn(text)
    lists.set(item.source, list)
    const ofSource = items.filter(({ source }) => source === item.source)
    const given = list.length === ofSource.length ? list[ofSource.indexOf(item)] : undefined
    return given === undefined ? [] : JSON.stringify(given)
  })
}

/** A JSON list, or the one in `accounts`. */
function listIn(text: string): readonly unknown[] {
  try {
    const read: unknown = JSON.parse(text)
    if (Array.isArray(read)) return read
    const { accounts } = read as { readonly accounts?: unknown }
    return Array.isArray(accounts) ? accounts : [read]
  } catch {
    return []
  }
}
