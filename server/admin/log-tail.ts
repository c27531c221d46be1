import type { Feed } from '../lib/feed.ts'
import type { RequestRecord } from '../store/request-record.ts'
import type { AdminDeps } from './deps.ts'
import type { Subscribe } from './event-streams.ts'

/** Between two words about it to one listener. */
const gatherMs = 250
/** For who asks without a mark: what may not be in the store yet. */
const atFirst = 100

/** Requests that have ended of late, to be read from a mark on. Not from the store: there a row stands only after a while. */
export function createLogTail(finished: Pick<Feed<RequestRecord>, 'recent'>, startedAt: number) {
  // Marks of another start mean other requests.
  const instance = startedAt.toString(36)
  return {
    since: (
      after: string | undefined,
    ): { readonly items: readonly RequestRecord[]; readonly mark: string; readonly gap: boolean } => {
      const kept = finished.recent()
      const newest = kept.at(-1)?.id ?? 0
      const [, start, number] = /^(\w+)-(\d{1,15})$/.exec(after ?? '') ?? []
      const last = start === instance && Number(number) <= newest ? Number(number) : undefined
      const isFirst = after === undefined || after === ''
      const items = isFirst ? kept.slice(-atFirst) : last === undefined ? kept : kept.filter(({ id }) => id > last)
      const missed = last === undefined ? 0 : (items[0]?.id ?? last + 1) - last - 1
      return {
        items: items.map(({ value }) => value),
        mark: `${instance}-${newest}`,
        gap: !isFirst && (last === undefined || missed > 0),
      }
    },
  }
}

/** Tells a listener that requests have ended, at most four times a second; what they are it asks for with its filters. */
export function tellOfRequests(
  { finished, effects }: Pick<AdminDeps, 'finished' | 'effects'>,
  send: Parameters<Subscribe>[0],
): () => void {
  let ended = 0
  let cancel: (() => void) | undefined
  const leave = finished.subscribe(() => {
    ended++
    cancel ??= effects.after(gatherMs, () => {
      cancel = undefined
      send({ event: 'logs', data: JSON.stringify({ ended }) })
      ended = 0
    })
  })
  return () => {
    leave()
    cancel?.()
  }
}
