let ahead = 0

/**
 * Told of every answer: the time in it (whole seconds) lies between the sending of the request and its arrival. The difference that
 * is known stays while it can be true, so that clocks which agree are left alone.
 */
export function noteServerTime(date: string | null, sentAt: number, receivedAt: number): void {
  const at = Date.parse(date ?? '')
  if (Number.isNaN(at) || receivedAt < sentAt) return
  ahead = Math.max(at - receivedAt, Math.min(at + 1000 - sentAt, ahead))
}

/** A time of the browser's clock, or now, by the server's: what it kept is looked for by its own. */
export const serverTime = (at = Date.now()): number => at + ahead
