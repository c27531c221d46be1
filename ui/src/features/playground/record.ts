import { useQuery } from '@tanstack/solid-query'
import { queries } from '../../api/queries.ts'
import type { Answer } from './answer.ts'

/** What the public API does not say of an answer is in the gateway's record of the request. */
export const useRecord = (answer: () => Answer) =>
  useQuery(() => {
    const { requestId, endedAt } = answer()
    return { ...queries.request(requestId ?? ''), enabled: requestId !== undefined && endedAt !== undefined }
  })
