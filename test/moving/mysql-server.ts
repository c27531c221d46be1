import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { SQL } from 'bun'

const searchPath = `${process.env.PATH ?? ''}:/usr/sbin:/usr/local/sbin:/opt/homebrew/bin`
const [serverFile, installFile, clientFile] = ['mariadbd', 'mariadb-install-db', 'mariadb'].map((name) =>
  Bun.which(name, { PATH: searchPath }),
)
export const hasServer = Boolean(serverFile && installFile && clientFile)

export type MysqlServer = {
  readonly addressOf: (database: string) => string
  /** Runs a dump or statements as the usual client does. */
  readonly load: (database: string, file: string) => Promise<void>
  readonly query: (text: string, database?: string) => Promise<readonly Record<string, unknown>[]>
  readonly stop: () => Promise<void>
}

/** A MariaDB of this test alone, on its own folder and port. */
export async function startServer(): Promise<MysqlServer> {
  const folder = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'original-mysql-'))
  const data = path.join(folder, 'data')
  const who = process.getuid?.() === 0 ? ['--user=root'] : []
  const run = async (command: readonly string[], input?: Bun.BunFile): Promise<void> => {
    const child = Bun.spawn([...command], { stdin: input ?? 'ignore', stdout: 'pipe', stderr: 'pipe' })
    const said = (await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])).join('')
    if ((await child.exited) !== 0) throw new Error(`${command[0]} failed:\n${said}`)
  }
  await run([
    ...[installFile ?? '', '--no-defaults', ...who, `--datadir=${data}`],
    ...['--auth-root-authentication-method=normal', '--skip-test-db'],
  ])
  const probe = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { port } = probe
  await probe.stop(true)
  const child = Bun.spawn(
    [
      ...[serverFile ?? '', '--no-defaults', ...who, `--datadir=${data}`, `--socket=${path.join(folder, 's')}`],
      ...[
        `--pid-file=${path.join(folder, 'pid')}`,
        `--port=${port}`,
        '--bind-address=127.0.0.1',
        '--skip-networking=0',
      ],
      ...['--skip-name-resolve', '--performance-schema=off', '--innodb-flush-log-at-trx-commit=0'],
      ...['--innodb-buffer-pool-size=32M', '--character-set-server=latin1', '--default-time-zone=+05:30'],
    ],
    { stdin: 'ignore', stdout: 'ignore', stderr: 'ignore' },
  )
  const addressOf = (database: string): string => `mysql://root@127.0.0.1:${port}/${database}`
  const query: MysqlServer['query'] = async (text, database = 'mysql') => {
    const sql = new SQL(addressOf(database), { max: 1 })
    try {
      return (await sql.unsafe(text)) as unknown as readonly Record<string, unknown>[]
    } finally {
      await sql.close({ timeout: 0 })
    }
  }
  for (let turn = 0; ; turn++) {
    const isUp = await query('select 1').then(
      () => true,
      () => false,
    )
    if (isUp) break
    if (turn > 400 || child.exitCode !== null) throw new Error('mariadbd did not start')
    await Bun.sleep(50)
  }
  return {
    addressOf,
    query,
    load: async (database, file) => {
      await query(`create database if not exists \`${database}\` character set utf8mb4`)
      const place = ['--no-defaults', '-h127.0.0.1', `-P${port}`, '-uroot', '--default-character-set=utf8mb4', database]
      await run([clientFile ?? '', ...place], Bun.file(file))
    },
    stop: async () => {
      child.kill('SIGKILL')
      await child.exited
      await rm(folder, { recursive: true, force: true })
    },
  }
}
