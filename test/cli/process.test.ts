import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import path from 'node:path'
import { gatewayCommand, runGateway } from '../support/command.ts'
import { openWorld } from './cli.ts'

test('an answer longer than a pipe’s buffer arrives whole', async () => {
  const world = await openWorld('without a server')
  await world.run(['key', 'create', 'x'])
  const database = new Database(path.join(world.folder, 'data.sqlite3'))
  const columns = Object.keys(database.query('SELECT * FROM api_keys').get() as object)
  const other: Readonly<Record<string, string>> = { id: 'id || value', hash: "printf('%064x', value)" }
  const fresh = columns.map((column) => other[column] ?? column)
  database.run(
    `WITH RECURSIVE n(value) AS (VALUES (1) UNION ALL SELECT value + 1 FROM n WHERE value < 2000)
     INSERT INTO api_keys (${columns.join()}) SELECT ${fresh.join()} FROM api_keys, n`,
  )
  database.close()
  const { out, code } = await runGateway(['key', 'list', '--json'], { ...world.env })
  expect(code).toBe(0)
  expect(out.length).toBeGreaterThan(200_000)
  expect(JSON.parse(out)).toHaveLength(2_001)
  await world.stop()
})

test('Ctrl+C while waiting for the browser cancels the sign-in and exits with 1', async () => {
  const world = await openWorld('without a server')
  const child = Bun.spawn([...gatewayCommand(), 'account', 'add'], {
    env: { PATH: process.env.PATH ?? '', NO_BROWSER: '1', ...world.env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  let said = ''
  let asked = false
  for await (const chunk of child.stderr) {
    said += new TextDecoder().decode(chunk)
    if (!asked && said.includes('Code   ')) {
      asked = true
      child.kill('SIGINT')
    }
  }
  expect(await child.exited).toBe(1)
  expect(said).toEndWith('claude-server: The sign-in was cancelled.\n')
  expect(await new Response(child.stdout).text()).toBe('')
  expect((await world.run(['account', 'list', '--json'])).json).toEqual([])
  await world.stop()
})

test('wrong options exit with 2 and say so on standard error alone', async () => {
  const ran = await runGateway(['account', 'add', '--import', 'a', '--api-key-stdin'], { DATA_DIR: '/nowhere' })
  expect(ran).toEqual({
    code: 2,
    out: '',
    err: 'claude-server: --import and --api-key-stdin exclude each other.\n',
  })
})
