/** One thing `doctor` looked at; `fix` says what to do, with everything that is not `ok`. */
export type Finding = {
  readonly level: 'ok' | 'warn' | 'fail'
  readonly what: string
  readonly detail: string
  readonly fix?: string
}
