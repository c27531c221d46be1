import type { AccountListItem, AccountPatch } from '../../../../server/admin/contract/accounts.ts'

/** The fields as they are typed. */
export type AccountFields = {
  readonly label: string
  readonly notes: string
  readonly weight: string
  readonly maxInFlight: string
  readonly overage: boolean
  readonly maxCredits: string
  /** US dollars. */
  readonly maxUsd: string
}
export type FieldName = keyof AccountFields

const usd = 1_000_000

export const fieldsOf = ({ label, notes, weight, max_in_flight, overage }: AccountListItem): AccountFields => ({
  label: label ?? '',
  notes: notes ?? '',
  weight: String(weight),
  maxInFlight: String(max_in_flight),
  overage: overage.enabled,
  maxCredits: overage.max_credits === null ? '' : String(overage.max_credits),
  maxUsd: overage.max_micro_usd === null ? '' : String(overage.max_micro_usd / usd),
})

const whole = (text: string, least: number, most: number): boolean =>
  /^\d+$/.test(text.trim()) && Number(text) >= least && Number(text) <= most
const amount = (text: string): boolean => text.trim() === '' || /^\d{1,9}(\.\d{1,6})?$/.test(text.trim())

/** The fields that cannot be saved so. */
export const faultsOf = ({
  label,
  notes,
  weight,
  maxInFlight,
  maxCredits,
  maxUsd,
}: AccountFields): readonly FieldName[] => [
  ...(label.trim().length > 100 ? (['label'] as const) : []),
  ...(notes.trim().length > 500 ? (['notes'] as const) : []),
  ...(whole(weight, 1, 100) ? [] : (['weight'] as const)),
  ...(whole(maxInFlight, 1, 1000) ? [] : (['maxInFlight'] as const)),
  ...(amount(maxCredits) ? [] : (['maxCredits'] as const)),
  ...(amount(maxUsd) && Number(maxUsd) <= 1_000_000 ? [] : (['maxUsd'] as const)),
]

/** What differs from how it was; an empty cap is none. */
export function patchOf(before: AccountFields, after: AccountFields): AccountPatch {
  const changed = (name: FieldName): boolean => before[name] !== after[name]
  const cap = (text: string, factor: number): number | null =>
    text.trim() === '' ? null : Math.round(Number(text) * factor * 1_000_000) / 1_000_000
  return {
    ...(changed('label') ? { label: after.label.trim() } : {}),
    ...(changed('notes') ? { notes: after.notes.trim() } : {}),
    ...(changed('weight') ? { weight: Number(after.weight) } : {}),
    ...(changed('maxInFlight') ? { maxInFlight: Number(after.maxInFlight) } : {}),
    ...(changed('overage') ? { overage: after.overage } : {}),
    ...(changed('maxCredits') ? { overageMaxCredits: cap(after.maxCredits, 1) } : {}),
    ...(changed('maxUsd') ? { overageMaxMicroUsd: cap(after.maxUsd, usd) } : {}),
  }
}
