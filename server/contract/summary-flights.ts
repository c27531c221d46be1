type Flight<Found> = { readonly found: Promise<Found | undefined>; readonly isLeft: () => boolean }

/**
 * What several requests want at once is had once: who asks for a key that is under way waits for it. A caller that leaves ends
 * only its own; where it was the one that asked, the next takes over.
 */
export function createFlights<Found>() {
  const underWay = new Map<string, Flight<Found>>()
  return async (
    key: string,
    signal: AbortSignal,
    ask: () => Promise<Found | undefined>,
  ): Promise<{ readonly found: Found; readonly isOwn: boolean } | undefined> => {
    for (let other = underWay.get(key); other !== undefined; other = underWay.get(key)) {
      const found = await orLeft(other.found, signal)
      if (found !== undefined) return { found, isOwn: false }
      if (signal.aborted || !other.isLeft()) return undefined
    }
    const asked = ask()
    underWay.set(key, { found: asked, isLeft: () => signal.aborted })
    try {
      const found = await asked
      return found === undefined ? undefined : { found, isOwn: true }
    } finally {
      underWay.delete(key)
    }
  }
}

function orLeft<Found>(found: Promise<Found | undefined>, signal: AbortSignal): Promise<Found | undefined> {
  if (signal.aborted) return Promise.resolve(undefined)
  return new Promise((resolve, reject) => {
    const leave = (): void => resolve(undefined)
    signal.addEventListener('abort', leave, { once: true })
    found.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
