import { type Effects, randomText } from '../../lib/effects.ts'
import { createTurns } from '../../lib/turns.ts'
import { StoreFault } from './fault.ts'
import { type MysqlPlace, openSession, placeText, type Session, type Sql } from './mysql-connection.ts'
import { marksTable } from './mysql-migrate.ts'

/** `matched`: counts the rows an update wanted as they already are; the server counts changed rows only. */
export type Change = Sql & { readonly matched?: Sql }

export type Writer = {
  /** All of them in one transaction; gives the rows each met. Calls are served in their order. */
  readonly write: (changes: readonly Change[]) => Promise<readonly number[]>
  /** The connection for one piece of work that ends its transaction itself; a fault undoes what it has begun. */
  readonly exclusively: <T>(work: (session: Session) => Promise<T>) => Promise<T>
  /** Connected, with the lock. */
  readonly isUp: () => boolean
  readonly close: () => Promise<void>
}

type WriterDeps = {
  readonly place: MysqlPlace
  readonly effects: Pick<Effects, 'after' | 'sleep'>
  /** Tells of a lost connection, of one that came back, and of another gateway that took the database meanwhile. */
  readonly onState: (state: 'lost' | 'back' | 'taken', message: string) => void
}

/** So long a call waits for a connection that was lost just now. */
const patienceMs = 2_000
const firstPauseMs = 100
const longestPauseMs = 5_000
/** Less than the server's patience with an idle connection. */
const keepAliveMs = 20_000
const mostWaiting = 5_000
/** So long the writes that wait have when all ends. */
const closeMs = 3_000

/**
 * The one connection that writes. Whoever holds it holds the database, so writes keep their order and two gateways never
 * mix theirs. When it breaks it is made anew, and a transaction whose end was under way is looked up by its mark: it is neither
 * lost nor done twice.
 */
export function createWriter(first: Session, { place, effects, onState }: WriterDeps): Writer {
  const inTurn = createTurns()
  const epoch = randomText(16)
  let number = 0
  let waiting = 0
  let session: Session | undefined = first
  let closed = false
  let back: Promise<void> = Promise.resolve()
  let fault = new StoreFault('unreachable', '')
  let isPatient = true

  const lose = (of: Session, why: StoreFault): void => {
    of.drop()
    if (session !== of) return
    session = undefined
    fault = why
    if (closed) return
    isPatient = true
    effects.after(patienceMs, () => {
      isPatient = false
    })
    onState('lost', why.message)
    back = reconnect()
  }
  const reconnect = async (): Promise<void> => {
    for (let pause = firstPauseMs; !closed; pause = Math.min(longestPauseMs, pause * 2)) {
      await effects.sleep(pause)
      if (closed) return
      try {
        const made = await openSession(place, effects.after)
        if (closed) return made.drop()
        session = made
        onState('back', '')
        return
      } catch (error) {
        const next = error as StoreFault // nothing else is thrown there
        if (next.kind === 'held' && fault.kind !== 'held') onState('taken', next.message)
        fault = next
      }
    }
  }
  /** The connection, or a fault at once when it is gone for longer than a moment. */
  const connected = async (): Promise<Session> => {
    if (session === undefined && isPatient && !closed) {
      await Promise.race([back, effects.sleep(patienceMs)])
    }
    if (session === undefined || closed) throw outage()
    return session
  }
  const outage = (): StoreFault =>
    closed ? new StoreFault('unreachable', `The database ${placeText(place)} is closed.`) : fault

  const transaction = async (changes: readonly Change[]): Promise<readonly number[]> => {
    const mine = ++number
    for (let attempt = 1; ; attempt++) {
      const used = await connected()
      try {
        const counts = await apply(used, changes, epoch, mine)
        if (await commit(used, mine)) return counts
      } catch (error) {
        const why = error as StoreFault // `apply` and `commit` throw nothing else
        if (why.kind === 'unreachable') lose(used, why)
        else await used.change('ROLLBACK').catch((worse: StoreFault) => lose(used, worse))
        const isPassing = why.kind === 'unreachable' || why.kind === 'locked'
        if (!isPassing || attempt > 2) throw why
      }
    }
  }
  /** True when it is in the database; false: it is not, and must be done again. */
  const commit = async (used: Session, mine: number): Promise<boolean> => {
    try {
      await used.change('COMMIT')
      return true
    } catch (error) {
      const why = error as StoreFault // see `Session`
      if (why.kind !== 'unreachable') throw why
      lose(used, why)
    }
    // Nobody knows: the mark does, once there is a connection again. All that waits for a turn waits for this.
    while (!closed) {
      await Promise.race([back, effects.sleep(longestPauseMs)])
      if (session === undefined) continue
      const [row] = await session.rows(`SELECT epoch, number FROM ${marksTable} WHERE id = 1`).catch(() => [undefined])
      if (row === undefined) continue
      await session.change('ROLLBACK').catch(() => undefined)
      return row[0] === epoch && Number(row[1]) === mine
    }
    throw outage()
  }

  let cancelPing = (): void => {}
  const ping = (): void => {
    cancelPing = effects.after(keepAliveMs, () => {
      void inTurn(async () => {
        const used = session
        if (used !== undefined) await used.rows('SELECT 1').catch((why: StoreFault) => lose(used, why))
      })
      ping()
    })
  }
  ping()

  return {
    isUp: () => session !== undefined,
    write: async (changes) => {
      if (session === undefined && !isPatient) throw outage()
      if (waiting >= mostWaiting) {
        throw new StoreFault(
          'unreachable',
          `The database ${placeText(place)} is too slow: ${waiting} writes wait for it.`,
        )
      }
      waiting++
      try {
        return await inTurn(() => transaction(changes))
      } finally {
        waiting--
      }
    },
    exclusively: (work) =>
      inTurn(async () => {
        const used = await connected()
        try {
          return await work(used)
        } catch (error) {
          if (error instanceof StoreFault && error.kind === 'unreachable') lose(used, error)
          else await used.change('ROLLBACK').catch((worse: StoreFault) => lose(used, worse))
          throw error
        }
      }),
    close: async () => {
      cancelPing()
      // A server that says nothing keeps nobody from ending.
      const cancel = effects.after(closeMs, () => {
        closed = true
        session?.drop()
      })
      await inTurn(async () => {
        closed = true
        const last = session
        session = undefined
        await last?.end()
      })
      cancel()
    },
  }
}

/** Runs the statements without ending the transaction. They go out together; the connection keeps their order. */
async function apply(
  session: Session,
  changes: readonly Change[],
  epoch: string,
  mine: number,
): Promise<readonly number[]> {
  const mark = session.change(
    `INSERT INTO ${marksTable} (id, epoch, number) VALUES (1, ?, ?) ON DUPLICATE KEY UPDATE epoch = VALUES(epoch), number = VALUES(number)`,
    [epoch, mine],
  )
  // Right behind its update, before a later statement of the same transaction changes the answer.
  const sent = changes.map(({ sql, params, matched }) => ({
    changed: session.change(sql, params),
    matched: matched === undefined ? undefined : session.rows(matched.sql, matched.params),
  }))
  const done = await Promise.allSettled([mark, ...sent.flatMap(({ changed, matched }) => [changed, matched])])
  const failed = done.find((one) => one.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return Promise.all(
    sent.map(async ({ changed, matched }) => Math.max(await changed, Number((await matched)?.[0]?.[0] ?? 0))),
  )
}
