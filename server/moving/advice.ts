import type { Source } from './source.ts'

export type Circumstances = {
  readonly source: Pick<Source, 'kind'>
  /** `first`: there was none, or the one every original begins with. */
  readonly password: 'taken' | 'weak' | 'first' | 'kept'
  /** The original answered callers without a key. */
  readonly wasOpen: boolean
}

/** What the operator should do now. */
export function adviceFor({ source, password, wasOpen }: Circumstances): readonly string[] {
  return [
    'Rotate all credentials. The original sent the sign-ins of accounts (client secret, refresh and access token) to a third party without asking, and kept every password and key in clear text: sign every account in again, make new API keys, choose a new console password.',
    ...(password === 'weak' ? ['The console password is short: choose one of at least 8 characters.'] : []),
    ...(password === 'first'
      ? ['The console password was the one every original begins with: choose your own at the first sign-in.']
      : []),
    ...(wasOpen
      ? [
          'The original answered callers without a key. This gateway does not: make one (claude-server key create NAME).',
        ]
      : []),
    'Folders of the original beside its database (logs, cache) are not used any more. They may hold conversations in clear text: delete them when you do not need them.',
    ...lastAdvice[source.kind],
  ]
}

const lastAdvice: Readonly<Record<Source['kind'], readonly string[]>> = {
  sqlite: ['The original database is kept as it was. When all is well: claude-server import --purge-original'],
  mysql: ['The original’s tables are left as they were. When all is well, drop them in the database.'],
  backup: ['The backup file holds every password, key and sign-in in clear text: delete it when all is well.'],
}
