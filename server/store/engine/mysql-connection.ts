import { createHash } from 'node:crypto'
import { SQL } from 'bun'
import type { Effects } from '../../lib/effects.ts'
import { StoreFault } from './fault.ts'
import { mysqlFault } from './mysql-fault.ts'

/** Where the database is, and who we are there. */
export type MysqlPlace = {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** `on`: encrypted, and the server's certificate must be right. */
  readonly tls: 'off' | 'on'
  /** Certificates of the authority that signed the server's, as PEM. */
  readonly ca?: string
}

export type Sql = { readonly sql: string; readonly params: readonly unknown[] }
type Answer = readonly (readonly unknown[])[] & { readonly affectedRows: number }

/** One connection that holds the gateway's lock. Every failure is a `StoreFault`; after one of `unreachable` it is of no more use. */
export type Session = {
  readonly rows: (sql: string, params?: readonly unknown[]) => Promise<readonly (readonly unknown[])[]>
  /** How many rows were changed. `patienceMs`: for how long the server may be silent. */
  readonly change: (sql: string, params?: readonly unknown[], patienceMs?: number) => Promise<number>
  /** Never waits for the server. */
  readonly drop: () => void
  /** Gives the lock back before it goes: the next gateway need not wait until the server has noticed. */
  readonly end: () => Promise<void>
}

/** For people; no password. */
export const placeText = ({ host, port, user, database }: MysqlPlace): string =>
  `mysql://${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`

const connectSeconds = 10
/** Connections that read are given back when there is little to read. */
const idleReaderSeconds = 60
/** A lock that cannot be given back in this time ends with the connection. */
const endMs = 1_000
/** A server that is silent for so long is taken for lost. */
export const silenceMs = 30_000
/** The server ends an idle connection, and with it the lock, after this time: a machine that is gone holds it no longer. */
const lockIdleSeconds = 60

/** `lasting`: an idle connection is kept. */
export function connect(place: MysqlPlace, max: number, lasting = max === 1): SQL {
  const { host, port, user, password, database, tls, ca } = place
  return new SQL({
    adapter: 'mysql',
    hostname: host,
    port,
    username: user,
    password,
    database,
    max,
    connectionTimeout: connectSeconds,
    ...(lasting ? {} : { idleTimeout: idleReaderSeconds }),
    // As the original's driver does, so that accounts of MySQL 8 work; with TLS the question does not come up.
    ...(tls === 'on'
      ? { tls: { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) } }
      : { allowPublicKeyRetrieval: true }),
  })
}

/** `work`, or a fault of `unreachable` when the server is silent for too long. */
export async function inTime<T>(
  work: Promise<T>,
  after: Effects['after'],
  place: MysqlPlace,
  patienceMs = silenceMs,
): Promise<T> {
  if (patienceMs === Number.POSITIVE_INFINITY) return work
  let cancel = (): void => {}
  const late = new Promise<never>((_, reject) => {
    cancel = after(patienceMs, () =>
      reject(new StoreFault('unreachable', `The database server of ${placeText(place)} does not answer in time.`)),
    )
  })
  try {
    return await Promise.race([work, late])
  } finally {
    cancel()
  }
}

/**
 * Connects and takes the one lock of this database for as long as the connection lives. It is the server's own (GET_LOCK): it
 * ends with the connection, so nothing stale is left, and who lost it cannot write, since only this connection does.
 */
export async function openSession(place: MysqlPlace, after: Effects['after']): Promise<Session> {
  const sql = connect(place, 1)
  const guard = async <T>(work: () => Promise<T>, patienceMs = silenceMs): Promise<T> => {
    try {
      return await inTime(work(), after, place, patienceMs)
    } catch (error) {
      throw mysqlFault(error, placeText(place))
    }
  }
  const drop = (): void => void sql.close({ timeout: 0 }).catch(() => undefined)
  try {
    const one = await guard(() => sql.reserve())
    const ask = async (text: string, params: readonly unknown[] = [], patienceMs?: number): Promise<Answer> =>
      (await guard(() => one.unsafe(text, [...params]).values(), patienceMs)) as unknown as Answer // what `values` gives
    const session: Session = {
      rows: ask,
      change: async (text, params, patienceMs) => (await ask(text, params, patienceMs)).affectedRows,
      drop,
      end: async () => {
        const released = one.unsafe('SELECT RELEASE_LOCK(?)', [lockName(place.database)])
        await new Promise<void>((resolve) => {
          const cancel = after(endMs, resolve)
          void released
            .then(
              () => undefined,
              () => undefined,
            )
            .then(() => {
              cancel()
              resolve()
            })
        })
        drop()
      },
    }
    await session.change('SET SESSION autocommit = 0')
    await session.change(`SET SESSION wait_timeout = ${lockIdleSeconds}`)
    await session.change(`SET SESSION innodb_lock_wait_timeout = 10`)
    // Nothing is ever cut off to fit, and signs mean the same on every server.
    await session.change(`SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO'`)
    await takeLock(session, place)
    return session
  } catch (error) {
    drop()
    throw error
  }
}

async function takeLock(session: Session, place: MysqlPlace): Promise<void> {
  const name = lockName(place.database)
  const [row] = await session.rows('SELECT GET_LOCK(?, 0)', [name])
  if (Number(row?.[0]) === 1) return
  const [holder] = await session.rows(
    'SELECT id, host FROM information_schema.processlist WHERE id = IS_USED_LOCK(?)',
    [name],
  )
  throw new StoreFault(
    'held',
    `Another claude-server is running on the database ${placeText(place)}${holder === undefined ? '' : ` (connection ${holder[0]} from ${holder[1]})`}. ` +
      `Of one database there is one gateway. If that machine is gone, the lock ends by itself within ${lockIdleSeconds} seconds.`,
  )
}

/** Locks have names on the whole server, of at most 64 characters. */
function lockName(database: string): string {
  const name = `claude_server/${database}`
  return name.length <= 64 ? name : `claude_server/${createHash('sha256').update(database).digest('hex').slice(0, 48)}`
}
