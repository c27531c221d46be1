import type { Effects } from '../../lib/effects.ts'
import type { Db, Engine } from './engine.ts'
import { StoreFault } from './fault.ts'
import { connect, inTime, type MysqlPlace, placeText } from './mysql-connection.ts'
import { mysqlFault } from './mysql-fault.ts'

type Deps = {
  readonly place: MysqlPlace
  readonly effects: Pick<Effects, 'after'>
  readonly builderOf: (client: ReturnType<typeof connect>) => Db
  readonly base: Pick<Engine, 'tables' | 'expressions' | 'describe' | 'isUp'>
}

/**
 * The database as it is at this moment, for reading alone: one connection of its own in one transaction. A connection that was lost
 * would be made anew by the driver, in no transaction, so each query asks for the mark that only this one has.
 */
export async function openMysqlSnapshot({ place, effects, builderOf, base }: Deps): Promise<Engine> {
  const where = placeText(place)
  const client = connect(place, 1, true)
  const db = builderOf(client)
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await inTime(work(), effects.after, place)
    } catch (error) {
      throw mysqlFault(error, where)
    }
  }
  const close = async (): Promise<void> => void (await client.close({ timeout: 0 }).catch(() => undefined))
  const never = async (): Promise<never> => {
    throw new StoreFault('read-only', 'A snapshot is for reading alone.')
  }
  try {
    await ask(() =>
      client.unsafe('SET SESSION wait_timeout = 3600, SESSION transaction_isolation = "REPEATABLE-READ"').catch(
        () => client.unsafe('SET SESSION wait_timeout = 3600, SESSION tx_isolation = "REPEATABLE-READ"'), // before MariaDB 11.1
      ),
    )
    await ask(() => client.unsafe('SET @claude_server_snapshot = 1'))
    await ask(() => client.unsafe('START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY'))
  } catch (error) {
    await close()
    throw error
  }
  return {
    ...base,
    read: async (build) => {
      const rows = await ask(() => Promise.resolve(build(db) as unknown as PromiseLike<unknown>))
      const [mark] = (await ask(() =>
        client.unsafe('SELECT @claude_server_snapshot').values(),
      )) as unknown as unknown[][]
      if (Number(mark?.[0]) === 1) return rows as never // the rows of the query that was built
      throw new StoreFault('unreachable', `The database server of ${where} ended the connection.`)
    },
    atomic: never,
    snapshot: never,
    checkpoint: async () => {},
    close,
  }
}
