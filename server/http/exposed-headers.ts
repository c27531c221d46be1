/** Headers of every answer that pages of other origins may read. */
export const exposedHeaders =
  'request-id, x-request-id, x-model-served, x-model-reason, x-claude-server-compressed, retry-after, x-should-retry'
