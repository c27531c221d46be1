import type { GatewayError } from '../conversation/error.ts'
import type { SearchResult } from '../conversation/search.ts'
import type { Result } from '../lib/result.ts'

/** One search of the web by a provider, for one account. */
export type WebSearch = (
  accountId: string,
  query: string,
  signal: AbortSignal,
) => Promise<Result<readonly SearchResult[], GatewayError>>

/** Characters that a query may have. */
export const longestQuery = 200
