import { hasMariaDb, startMariaDb } from '../support/mariadb.ts'

const clientFile = Bun.which('mariadb', { PATH: `${process.env.PATH ?? ''}:/opt/homebrew/bin` })
export const hasServer = hasMariaDb && clientFile !== null

export type MysqlServer = {
  readonly addressOf: (database: string) => string
  /** Runs a dump as the usual client does. */
  readonly load: (database: string, file: string) => Promise<void>
  readonly query: (text: string, database?: string) => Promise<readonly (readonly unknown[])[]>
  readonly stop: () => Promise<void>
}

/** A MariaDB of this test alone that can load dumps. */
export async function startServer(): Promise<MysqlServer> {
  const { port, query, createDatabase, stop } = await startMariaDb()
  return {
    addressOf: (database) => `mysql://root@127.0.0.1:${port}/${database}`,
    query,
    stop,
    load: async (database, file) => {
      await createDatabase(database)
      const place = ['--no-defaults', '-h127.0.0.1', `-P${port}`, '-uroot', '--default-character-set=utf8mb4', database]
      const child = Bun.spawn([clientFile ?? '', ...place], { stdin: Bun.file(file), stdout: 'ignore', stderr: 'pipe' })
      const said = await new Response(child.stderr).text()
      if ((await child.exited) !== 0) throw new Error(`the dump could not be loaded:\n${said}`)
    },
  }
}
