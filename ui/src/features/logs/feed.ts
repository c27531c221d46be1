import { type Accessor, batch, createEffect, createMemo, createSignal, on, onCleanup } from 'solid-js'
import type { RequestRow } from '../../../../server/admin/contract/logs.ts'
import { ApiError } from '../../api/client.ts'
import { useLive } from '../../api/live.tsx'
import { liveness } from '../../api/liveness.ts'
import { type LogQuery, logsApi } from '../../api/logs.ts'
import { append, merge, mostRows } from './rows.ts'

type Ask = {
  /** The filters and the range; of one that moves with the time anew each time it is asked for. */
  readonly query: () => LogQuery
  /** What tells one question from another. */
  readonly key: Accessor<string>
  readonly live: Accessor<boolean>
  /** Somebody reads: nothing may move under them. */
  readonly held: Accessor<boolean>
}

export type LogFeed = {
  readonly rows: Accessor<readonly RequestRow[]>
  /** Rows that came meanwhile and wait. */
  readonly waiting: Accessor<number>
  readonly show: () => void
  readonly total: Accessor<{ readonly count: number; readonly isMinimum: boolean } | undefined>
  /** Nothing was read yet. */
  readonly pending: Accessor<boolean>
  /** What is shown is of the question before. */
  readonly stale: Accessor<boolean>
  readonly error: Accessor<unknown>
  readonly retry: () => void
  readonly more: Accessor<boolean>
  readonly loading: Accessor<boolean>
  readonly loadMore: () => void
  /** The search went so far back and found little. */
  readonly searchedUntil: Accessor<string | undefined>
  readonly isFull: Accessor<boolean>
}

/** A page that is not live only counts what is new. */
const countEveryMs = 10_000
const pollEveryMs = 3_000
const mostWaiting = 2_000

/**
 * The requests of a filter, newest first: pages by cursor, and what ends while somebody looks. Kept apart from the queries: ten
 * thousand rows that never change need not be compared and copied with every answer.
 */
export function createLogFeed(ask: Ask): LogFeed {
  const live = useLive()
  const [rows, setRows] = createSignal<readonly RequestRow[]>([])
  const [fresh, setFresh] = createSignal<readonly RequestRow[]>([])
  const [shownKey, setShownKey] = createSignal<string>()
  const [next, setNext] = createSignal<string | null>(null)
  const [total, setTotal] = createSignal<{ readonly count: number; readonly isMinimum: boolean }>()
  const [error, setError] = createSignal<unknown>()
  const [loading, setLoading] = createSignal(false)
  const [searchedUntil, setSearchedUntil] = createSignal<string>()
  const [turn, setTurn] = createSignal(0)
  let abort = new AbortController()
  let mark = ''
  let asking = false
  let again = false
  onCleanup(() => abort.abort())

  const read = async (cursor: string | null): Promise<void> => {
    const { signal } = abort
    setLoading(true)
    try {
      const query = ask.query()
      // Before the page: what ends between the two is in one of them.
      const tail = cursor === null ? await logsApi.tail(query, '', signal) : undefined
      const page = await logsApi.page(query, cursor, signal)
      if (signal.aborted) return
      batch(() => {
        setError(undefined)
        if (tail === undefined) setRows(append(rows(), page.logs))
        else {
          mark = tail.mark
          setShownKey(ask.key())
          setFresh([])
          const oldest = page.next_cursor === null ? '' : (page.logs.at(-1)?.timestamp ?? '')
          // What is there already stays as it is: the focus may be in it.
          const known = new Map(rows().map((row) => [row.id, row]))
          const again = merge(
            page.logs,
            tail.logs.filter(({ timestamp }) => timestamp >= oldest),
          )
          setRows(again.map((row) => known.get(row.id) ?? row))
          setTotal(
            page.total === undefined ? undefined : { count: page.total, isMinimum: page.total_is_minimum ?? false },
          )
        }
        setNext(page.next_cursor)
        setSearchedUntil(page.searched_until)
      })
    } catch (thrown) {
      if (!signal.aborted) setError(thrown)
    } finally {
      if (!signal.aborted) setLoading(false)
    }
  }
  createEffect(
    on([ask.key, turn], () => {
      abort.abort()
      abort = new AbortController()
      mark = ''
      void read(null)
    }),
  )

  /** Looks for what has ended since; one question at a time. */
  const look = async (): Promise<void> => {
    if (mark === '' || document.visibilityState === 'hidden') return
    if (asking) {
      again = true
      return
    }
    asking = true
    const { signal } = abort
    try {
      const tail = await logsApi.tail(ask.query(), mark, signal)
      if (signal.aborted) return
      mark = tail.mark
      if (tail.gap) setTurn((count) => count + 1)
      else if (tail.logs.length > 0) {
        if (ask.live() && !ask.held()) setRows(merge(rows(), [...fresh(), ...tail.logs]))
        else setFresh(merge(fresh(), tail.logs, mostWaiting))
        if (ask.live() && !ask.held()) setFresh([])
        setTotal((known) => known && { ...known, count: known.count + tail.logs.length })
      }
    } catch (thrown) {
      // The next one tries again; that the server is away is said by the shell.
      if (!signal.aborted && thrown instanceof ApiError && thrown.status === 400) setError(thrown)
    } finally {
      asking = false
      if (again) {
        again = false
        void look()
      }
    }
  }
  const show = (): void => {
    batch(() => {
      setRows(merge(rows(), fresh()))
      setFresh([])
    })
  }
  live.on('logs', () => {
    if (ask.live()) void look()
  })
  createEffect(() => {
    const every = !ask.live() ? countEveryMs : liveness() === 'polling' ? pollEveryMs : undefined
    if (every === undefined) return
    const timer = setInterval(() => void look(), every)
    onCleanup(() => clearInterval(timer))
  })
  // Who turns it on wants to see what came.
  createEffect(
    on(
      ask.live,
      (isLive) => {
        if (!isLive) return
        show()
        void look()
      },
      { defer: true },
    ),
  )
  createEffect(
    on(
      ask.held,
      (held) => {
        if (!held && ask.live() && fresh().length > 0) show()
      },
      { defer: true },
    ),
  )

  const stale = createMemo(() => shownKey() !== undefined && shownKey() !== ask.key())
  const isFull = (): boolean => rows().length >= mostRows
  return {
    rows,
    waiting: () => fresh().length,
    show,
    total,
    pending: () => shownKey() === undefined && error() === undefined,
    stale,
    error,
    retry: () => setTurn((count) => count + 1),
    more: () => next() !== null && !isFull(),
    loading,
    loadMore: () => {
      const cursor = next()
      if (cursor !== null && !loading() && !isFull() && !stale()) void read(cursor)
    },
    searchedUntil,
    isFull,
  }
}
