import { maskEmail } from './format.ts'

export const shortId = (accountId: string): string => `#${accountId.slice(-6)}`

/** An account by what is known of it elsewhere than on its own page: e-mails are masked, and one without a name has its short id. */
export const accountCalled = (label: string | undefined, id: string): string => maskEmail(label || shortId(id))
