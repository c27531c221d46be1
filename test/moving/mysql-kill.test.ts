import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import path from 'node:path'
import { gatewayCommand } from '../support/command.ts'
import { makeLarger } from './make.ts'
import { hasServer, type MysqlServer, startServer } from './mysql-server.ts'
import { newFolder, removeFolder } from './serving.ts'

const kills = Math.max(5, Math.round(Number(process.env.CRASH_KILLS ?? 20) / 4))
const folder = newFolder()
let server: MysqlServer
beforeAll(async () => {
  if (hasServer) server = await startServer()
}, 240_000)
afterAll(async () => {
  await server?.stop()
  removeFolder(folder)
})

const tables = [
  'accounts',
  'credentials',
  'users',
  'api_keys',
  'proxies',
  'ip_blocks',
  'ip_configs',
  'requests',
  'visitors',
]
const contentOf = async (database: string): Promise<unknown> => {
  const one = async (text: string) => [...(await server.query(text, database))].map((row) => [...row].map(String))
  return [
    ...(await Promise.all(tables.map((table) => one(`SELECT '${table}', count(*) FROM claude_server_${table}`)))),
    await one(
      'SELECT kind, sum(requests), sum(input_tokens) FROM claude_server_request_rollups GROUP BY kind ORDER BY kind',
    ),
    await one('SELECT period, sum(requests) FROM claude_server_usage_counters GROUP BY period ORDER BY period'),
    await one(`SELECT name FROM claude_server_settings ORDER BY name`),
  ]
}

// Where the system has MariaDB, as it has in continuous integration.
describe.if(hasServer)('an import into a database on a server', () => {
  test(`that is killed ${kills} times ends as one that was not`, async () => {
    const source = path.join(folder, 'source.sqlite3')
    makeLarger(source, 400)
    const start = async (database: string) => {
      const dataDir = path.join(folder, database)
      await server.query(`CREATE DATABASE IF NOT EXISTS ${database}`)
      const { hostname, port } = new URL(server.addressOf(database))
      await Bun.write(
        path.join(dataDir, 'config.yaml'),
        `database:\n  type: mysql\n  mysql:\n    host: ${hostname}\n    port: ${port}\n    user: root\n    database: ${database}\n`,
      )
      return Bun.spawn([...gatewayCommand(), 'import', source, '--data-dir', dataDir], {
        env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NO_BROWSER: '1' },
        stdin: 'ignore',
        stdout: 'ignore',
        stderr: 'pipe',
      })
    }
    const begunAt = performance.now()
    const whole = await start('whole')
    expect([await whole.exited, await new Response(whole.stderr).text()]).toEqual([0, expect.any(String)])
    const tookMs = performance.now() - begunAt
    const expected = await contentOf('whole')

    let cutShort = 0
    for (let kill = 0; kill < kills; kill++) {
      const running = await start('killed')
      await Bun.sleep((0.2 + Math.random() * 0.7) * tookMs)
      running.kill('SIGKILL')
      if ((await running.exited) !== 0) cutShort++
      else await server.query('DROP DATABASE killed')
    }
    const last = await start('killed')
    expect([await last.exited, await new Response(last.stderr).text()]).toEqual([0, expect.any(String)])
    expect(await contentOf('killed')).toEqual(expected)
    expect(cutShort).toBeGreaterThan(0)
  }, 600_000)
})
