import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { SQL } from 'bun'
import type { MysqlPlace } from '../../server/store/engine/mysql-connection.ts'

/** A database server of this test run alone: own folder, own port, nothing written to a disk if it can be helped. */
export type MariaDb = {
  readonly port: number
  /** A new, empty database; the name is made up unless given. */
  readonly createDatabase: (name?: string) => Promise<MysqlPlace>
  readonly query: (sql: string, database?: string) => Promise<readonly (readonly unknown[])[]>
  /** Ends the process: at once with SIGKILL; SIGSTOP and SIGCONT make it silent and answer again. */
  readonly signal: (signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT') => Promise<void>
  /** Starts it again on the same folder and port. */
  readonly start: () => Promise<void>
  readonly stop: () => Promise<void>
}

const searchPath = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin`
const serverFile = Bun.which('mariadbd', { PATH: searchPath })
const installFile = Bun.which('mariadb-install-db', { PATH: searchPath })
export const hasMariaDb = serverFile !== null && installFile !== null

export async function startMariaDb(): Promise<MariaDb> {
  if (serverFile === null || installFile === null)
    throw new Error('mariadbd is not installed: apt install mariadb-server')
  const shm = '/dev/shm'
  const folder = await mkdtemp(path.join(existsSync(shm) ? shm : tmpdir(), 'mariadb-'))
  const data = path.join(folder, 'data')
  // It refuses to run as root unless told to.
  const who = process.getuid?.() === 0 ? ['--user=root'] : []
  const install = Bun.spawn(
    [
      installFile,
      '--no-defaults',
      ...who,
      `--datadir=${data}`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
    { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  )
  const said = (await Promise.all([new Response(install.stdout).text(), new Response(install.stderr).text()])).join('')
  if ((await install.exited) !== 0) throw new Error(`mariadb-install-db failed:\n${said}`)

  const port = freePort()
  const log = path.join(folder, 'log')
  let child: Bun.Subprocess | undefined
  const root = (database: string): SQL =>
    new SQL({ adapter: 'mysql', hostname: '127.0.0.1', port, username: 'root', password: '', database, max: 1 })
  const query: MariaDb['query'] = async (text, database = 'mysql') => {
    const sql = root(database)
    try {
      return (await sql.unsafe(text).values()) as readonly (readonly unknown[])[]
    } finally {
      await sql.close({ timeout: 0 })
    }
  }
  const start = async (): Promise<void> => {
    child = Bun.spawn(
      [
        serverFile,
        '--no-defaults',
        ...who,
        `--datadir=${data}`,
        `--socket=${path.join(folder, 's')}`,
        `--pid-file=${path.join(folder, 'pid')}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-networking=0',
        '--skip-name-resolve',
        '--skip-log-bin',
        '--performance-schema=off',
        '--innodb-flush-log-at-trx-commit=0',
        '--innodb-flush-method=nosync',
        '--innodb-buffer-pool-size=64M',
        '--innodb-log-file-size=32M',
        '--max-connections=5000', // every row of a walk has a gateway of its own
        // Unlike what we need, so that nothing rests on it.
        '--character-set-server=latin1',
        '--default-time-zone=+05:30',
      ],
      { stdin: 'ignore', stdout: Bun.file(log), stderr: Bun.file(log) },
    )
    for (let turn = 0; turn < 1_200 && child.exitCode === null; turn++) {
      const isUp = await query('SELECT 1').then(
        () => true,
        () => false,
      )
      if (isUp) return
      await Bun.sleep(50)
    }
    throw new Error(`mariadbd did not start:\n${await Bun.file(log).text()}`)
  }
  const signal: MariaDb['signal'] = async (name) => {
    child?.kill(name)
    if (name === 'SIGTERM' || name === 'SIGKILL') await child?.exited
  }
  let made = 0
  await start()
  return {
    port,
    query,
    createDatabase: async (name = `t_${process.pid}_${++made}`) => {
      await query(`CREATE DATABASE IF NOT EXISTS \`${name}\``)
      return { host: '127.0.0.1', port, user: 'root', password: '', database: name, tls: 'off' }
    },
    signal,
    start,
    stop: async () => {
      await signal('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function freePort(): number {
  const probe = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { port } = probe
  probe.stop(true)
  if (port === undefined) throw new Error('no free port')
  return port
}
