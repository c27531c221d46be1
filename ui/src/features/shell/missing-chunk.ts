/** True for what browsers throw when a page's code cannot be loaded, as after an upgrade of the server. */
export const isMissingChunk = (error: unknown): boolean =>
  error instanceof TypeError && /dynamically imported module|module script|error loading/i.test(error.message)
