/** What a request says about the form of its answer. */
export type Form = {
  readonly includeUsage: boolean
  /** The caller used the older `functions`: the answer's one call goes into `function_call`. */
  readonly legacyFunctions?: boolean
  /** Names of tools whose calls are a raw text, `custom` in place of `function`. Absent: none. */
  readonly freeform?: ReadonlySet<string>
}
