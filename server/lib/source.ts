/**
 * Takes one batch. `false` (or a promise of it): enough, nothing more is wanted. A promise: full until it resolves. One that
 * throws or rejects has left.
 */
export type Sink<Batch> = (batch: Batch) => boolean | Promise<boolean>

/**
 * A stream that pushes. Between two network reads everything from the provider's bytes to the caller's is one synchronous
 * pass, so a delta costs the promise of its read and no other (docs/decisions.md). To be run or dropped, once.
 */
export type Source<Batch> = {
  /**
   * Feeds the sink batch after batch and resolves when the stream is over or the sink wants no more; what was taken is given
   * back by then. Nothing is read ahead of a full sink. Rejects only with what the sink threw.
   */
  readonly run: (sink: Sink<Batch>) => Promise<void>
  /** Gives the stream up unread. */
  readonly drop: () => void
}
