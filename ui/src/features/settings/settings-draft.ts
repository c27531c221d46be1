import type { SettingField, SettingsUpdate } from '../../../../server/admin/contract/settings.ts'

export type Value = string | number | boolean | readonly string[]
export type Values = Readonly<Record<string, Value>>
/** What somebody has changed and not saved, by name: as it would be sent, a number that is not one yet as it was typed. */
export type Edits = Values

export type Fault =
  | { readonly kind: 'whole' | 'number' | 'json' | 'url' | 'secret' }
  | { readonly kind: 'range'; readonly minimum: number; readonly maximum: number }
  | { readonly kind: 'least'; readonly minimum: number }
  | { readonly kind: 'long'; readonly limit: number }

export const isSame = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)

/** Whether there is an end to it that anybody would reach. */
export const isBounded = ({ maximum }: Pick<SettingField, 'maximum'>): boolean =>
  maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER

/** What is wrong with a value by the server's own rules; undefined: the server takes its form. */
export function faultOf(field: SettingField, value: Value, scale = 1): Fault | undefined {
  switch (field.type) {
    case 'integer': {
      if (typeof value !== 'number' || !Number.isFinite(value)) return { kind: scale === 1 ? 'whole' : 'number' }
      if (!Number.isSafeInteger(value)) return { kind: 'whole' }
      const { minimum = Number.MIN_SAFE_INTEGER, maximum = Number.MAX_SAFE_INTEGER } = field
      if (!isBounded(field)) return value < minimum ? { kind: 'least', minimum: minimum / scale } : undefined
      return value < minimum || value > maximum
        ? { kind: 'range', minimum: minimum / scale, maximum: maximum / scale }
        : undefined
    }
    case 'text': {
      const { longest = Number.POSITIVE_INFINITY } = field
      return String(value).length > longest ? { kind: 'long', limit: longest } : undefined
    }
    case 'prices':
      return value === '' || isJson(String(value)) ? undefined : { kind: 'json' }
    case 'webhook':
      return value === '' || /^https?:\/\/\S+$/.test(String(value)) ? undefined : { kind: 'url' }
    case 'secret': {
      const { length } = String(value)
      return length === 0 || (length >= 16 && length <= 200) ? undefined : { kind: 'secret' }
    }
    case 'boolean':
    case 'choice':
    case 'list':
    case 'proxy':
    case 'timezone':
      return undefined
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** A typed amount as it is stored; what is no number stays as it was typed. */
export function amount(text: string, scale = 1): number | string {
  const trimmed = text.trim()
  if (!/^-?\d+([.,]\d+)?$/.test(trimmed)) return text
  const value = Number(trimmed.replace(',', '.'))
  return scale === 1 ? value : Math.round(value * scale)
}

export const shownAmount = (value: Value | undefined, scale = 1): string =>
  typeof value === 'number' ? String(value / scale) : String(value ?? '')

/** The edits without those that are as it is anyway. */
export const withEdit = (edits: Edits, base: Values, name: string, value: Value): Edits => {
  const { [name]: _, ...others } = edits
  return isSame(value, base[name]) ? others : { ...others, [name]: value }
}

/** What is sent: a setting that is put to its default is taken back rather than set, so that a later default holds. */
export function updateOf(edits: Edits, fields: readonly SettingField[]): SettingsUpdate {
  const reset: string[] = []
  const set: Record<string, Value> = {}
  for (const [name, value] of Object.entries(edits)) {
    const field = fields.find((one) => one.name === name)
    if (field !== undefined && isSame(field.initial, value)) reset.push(name)
    else set[name] = value
  }
  return { ...set, ...(reset.length > 0 ? { reset } : {}) }
}

export type Conflict = { readonly name: string; readonly mine: Value; readonly theirs: Value }

/** What somebody else has meanwhile set to something else than I am about to. */
export const conflictsOf = (edits: Edits, base: Values, now: Values): readonly Conflict[] =>
  Object.entries(edits).flatMap(([name, mine]) => {
    const theirs = now[name]
    if (theirs === undefined || isSame(theirs, base[name]) || isSame(theirs, mine)) return []
    return [{ name, mine, theirs }]
  })
