import type { KeyView } from '../../../../server/admin/contract/keys.ts'

export const keyMask = (key: Pick<KeyView, 'prefix' | 'last4'>): string => `${key.prefix}…${key.last4}`
