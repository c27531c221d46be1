import { randomText } from '../lib/effects.ts'

/** A new admin token: `adm_` and 48 characters of [0-9A-Za-z]. It is shown once, at creation. */
export const makeAdminToken = (): string => `adm_${randomText(48)}`

/** Nobody takes such a text for a password. */
export const hasTokenForm = (text: string): boolean => /^adm_[0-9A-Za-z]{20,}$/.test(text)
