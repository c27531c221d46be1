/** Writes one log line; `event` is `noun.verb`. Never given a secret. */
export type AdminLog = (
  level: 'info' | 'warn' | 'error',
  event: string,
  fields?: Readonly<Record<string, string | number | boolean | null>>,
) => void
