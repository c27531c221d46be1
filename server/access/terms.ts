/** How a key's requests are served, where that differs from the settings; an absent member is as the settings say. */
export type Terms = {
  /** Whether a reply that is not what was demanded is asked for once more. */
  readonly repair?: boolean
}
