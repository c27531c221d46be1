import type { ResponsesDeps } from './decode.ts'

/** Ours, first version. What begins otherwise was made by another server and cannot be opened here. */
const mark = 'csc1.'
const context = 'summary of a conversation'

export type SummarySeal = {
  readonly seal: (summary: string) => string
  readonly open: (sealed: string) => string | undefined
}

/** Summaries that the caller keeps for us: sealed, so that only this gateway reads and none else makes them. */
export function createSummarySeal(vault: ResponsesDeps['vault']): SummarySeal {
  return {
    seal: (summary) => mark + Buffer.from(vault.seal(summary, context)).toString('base64url'),
    open: (sealed) => {
      if (!sealed.startsWith(mark)) return undefined
      const opened = vault.unseal(Buffer.from(sealed.slice(mark.length), 'base64url'), context)
      return opened.ok ? opened.value : undefined
    },
  }
}
