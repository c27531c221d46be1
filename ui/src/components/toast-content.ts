export type ToastContent = {
  readonly tone: 'info' | 'error'
  readonly text: string
  readonly detail?: string | undefined
  /** Shown as a button; pressing it closes the toast. */
  readonly action?: { readonly text: string; readonly run: () => void }
}
