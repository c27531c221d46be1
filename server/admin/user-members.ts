import { nearest } from '../config/nearest.ts'
import { UserPatch, UserView } from './contract/users.ts'

/** What a body about a user may have: what can be set, and what a script sends back as it got it. */
export const userMembers: ReadonlySet<string> = new Set([
  ...Object.keys(UserPatch.properties),
  ...Object.keys(UserView.properties),
  'last_reset_daily',
  'last_reset_monthly',
])

export const nearMember = (name: string): string | undefined => nearest(name, Object.keys(UserPatch.properties))
