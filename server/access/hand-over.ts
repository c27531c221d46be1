import { randomText } from '../lib/effects.ts'

/** What stands in a link that hands a key over: `hov_` and 40 characters of [0-9A-Za-z]. It is shown once, at creation. */
export const makeHandOverToken = (): string => `hov_${randomText(40)}`
