export type Online = {
  /** This address has sent a request now. */
  readonly see: (address: string) => void
  /** Addresses seen within the last five minutes. */
  readonly count: () => number
  readonly size: () => number
}

const seenForMs = 5 * 60_000
/** Of more addresses than this the one unseen for the longest is forgotten. */
export const mostAddresses = 50_000

/** Who is here: a mark for each address, in the order of the last visits, so that the stale ones lie in front. */
export function createOnline(now: () => number): Online {
  const seen = new Map<string, number>()
  const forgetStale = (at: number): void => {
    for (const [address, last] of seen) {
      if (last > at - seenForMs && seen.size <= mostAddresses) return
      seen.delete(address)
    }
  }
  return {
    see: (address) => {
      const at = now()
      // The same moment again needs no new place in the order.
      if (seen.get(address) === at) return
      seen.delete(address)
      seen.set(address, at)
      if (seen.size > mostAddresses) forgetStale(at)
    },
    count: () => {
      forgetStale(now())
      return seen.size
    },
    size: () => seen.size,
  }
}
