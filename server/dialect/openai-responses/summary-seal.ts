import type { Result } from '../../lib/result.ts'
import type { UnsealFault } from '../../vault/vault.ts'

/** Ours, first version. What begins otherwise was made by another server and cannot be opened here. */
const mark = 'csc1.'
const context = 'summary of a conversation'

/** What seals texts so that they come back without our keeping them. */
export type SealingVault = {
  readonly seal: (text: string, context: string) => Uint8Array
  readonly unseal: (sealed: Uint8Array, context: string) => Result<string, UnsealFault>
}

export type SummarySeal = {
  readonly seal: (summary: string) => string
  readonly open: (sealed: string) => string | undefined
}

/** Summaries that the caller keeps for us: sealed, so that only this gateway reads and none else makes them. */
export function createSummarySeal(vault: SealingVault): SummarySeal {
  return {
    seal: (summary) => mark + Buffer.from(vault.seal(summary, context)).toString('base64url'),
    open: (sealed) => {
      if (!sealed.startsWith(mark)) return undefined
      const opened = vault.unseal(Buffer.from(sealed.slice(mark.length), 'base64url'), context)
      return opened.ok ? opened.value : undefined
    },
  }
}
