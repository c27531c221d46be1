/** Headers of every answer that pages of other origins may read. */
export const exposedHeaders = 'request-id, x-request-id, x-model-served, x-model-reason, retry-after, x-should-retry'
