/**
 * The key behind the console's own chats: a record like any other, so that limits, log and statistics know it, but one that no
 * text opens. What stands in place of its hash is no SHA-256 in hex.
 */
export const consoleKey = {
  id: 'key_console',
  name: 'Console',
  hash: '-'.repeat(64),
  prefix: '',
  last4: '',
  enabled: true,
} as const

/** Whether a key is the gateway's own: nobody holds it, and it goes neither away nor to anybody else. */
export const isInternalKey = ({ id }: { readonly id: string }): boolean => id === consoleKey.id
