import type { Translate } from '../../i18n/dictionary.ts'

/** How long an old string goes on, in seconds. */
export const graces = ['0', '3600', '86400'] as const
export type Grace = (typeof graces)[number]

export const graceOptions = (t: Translate): readonly { readonly value: Grace; readonly text: string }[] =>
  graces.map((value) => ({ value, text: t(`keys.grace.${value}`) }))

/** How long a link can be opened, in seconds. */
export const validities = ['3600', '86400', '604800'] as const
export type Validity = (typeof validities)[number]

export const validityOptions = (t: Translate): readonly { readonly value: Validity; readonly text: string }[] =>
  validities.map((value) => ({ value, text: t(`keys.valid.${value}`) }))
