import { expect, test } from 'bun:test'
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { adminPassword, eventually, saidBy, startGateway } from '../support/gateway.ts'
import { hasMariaDb, startMariaDb } from '../support/mariadb.ts'
import { ask, openStreams } from '../support/open-streams.ts'

test('a machine that must test MariaDB has it', () => expect(hasMariaDb || process.env.CI === undefined).toBe(true))

if (hasMariaDb) {
  test('started anew on MariaDB: the old process lets its streams finish, then the new one serves, and the command waits for that', async () => {
    const server = await startMariaDb()
    const place = await server.createDatabase('claude-api')
    const config = `database:\n  type: mysql\n  mysql: {host: 127.0.0.1, port: ${place.port}, user: root, start_wait_seconds: 60}\n`
    const gateway = await startGateway({ config })
    try {
      const streams = openStreams(
        `${gateway.url}/v1/messages`,
        gateway.key,
        20,
        ask('[[sim:pace=200]][[sim:repeat=4]] hello'),
      )
      expect(await eventually(() => gateway.simulator.counters().openStreams === 20, 60_000)).toBeNumber()
      const { pid, before } = await gateway.handOn()
      expect(pid).not.toBe(before)
      const answer = await fetch(`${gateway.url}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': gateway.key, 'content-type': 'application/json' },
        body: JSON.stringify({ ...ask('hello')(), stream: false }),
      })
      expect([answer.status, (await answer.json()).stop_reason]).toEqual([200, 'end_turn'])
      await streams.done
      expect(streams.ends.filter((end) => end?.status === 200 && end.whole)).toHaveLength(20)
      expect(streams.texts.filter((text) => text.includes('event: message_stop'))).toHaveLength(20)
      await saidBy(gateway.logs, 'succession.one-after-the-other')
      expect(existsSync(path.join(gateway.dataDir, 'unwritten.jsonl'))).toBe(false)
      let rows = 0
      for (const until = Date.now() + 60_000; Date.now() < until && rows < 21; await Bun.sleep(100)) {
        rows = Number((await gateway.admin('GET', '/v2/logs?pageSize=1')).total)
      }
      expect(rows).toBe(21)
    } finally {
      await gateway.stop()
      await server.stop()
    }
  }, 120_000)

  test('the database goes and comes back: chats go on, nothing is lost, also when it stops, is killed or hears nothing', async () => {
    const server = await startMariaDb()
    const place = await server.createDatabase('claude-api')
    const config = `database:\n  type: mysql\n  mysql: {host: 127.0.0.1, port: ${place.port}, user: root, start_wait_seconds: 60}\n`
    const gateway = await startGateway({ config })
    const chat = async (): Promise<number> => {
      const answer = await fetch(`${gateway.url}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': gateway.key, 'content-type': 'application/json' },
        body: JSON.stringify({
          model: 'claude-sonnet-4-5',
          max_tokens: 50,
          messages: [{ role: 'user', content: 'hello' }],
        }),
      })
      await answer.text()
      return answer.status
    }
    const kept = async (): Promise<readonly number[]> => {
      const one = async (sql: string): Promise<number> => Number((await server.query(sql, place.database))[0]?.[0] ?? 0)
      return [
        await one('SELECT count(*) FROM claude_server_requests'),
        await one(`SELECT requests FROM claude_server_usage_counters WHERE period = 'all' AND subject LIKE 'key%'`),
        await one('SELECT count(*) FROM claude_server_open_calls'),
      ]
    }
    const keptOnce = async (wanted: readonly number[]): Promise<readonly number[]> => {
      let found: readonly number[] = []
      for (const until = Date.now() + 60_000; Date.now() < until; await Bun.sleep(100)) {
        found = await kept().catch(() => [])
        if (found.join() === wanted.join()) break
      }
      return found
    }
    try {
      expect([await chat(), await chat()]).toEqual([200, 200])
      expect(await keptOnce([2, 2, 0])).toEqual([2, 2, 0])

      await server.signal('SIGKILL')
      expect([await chat(), await chat(), await chat()]).toEqual([200, 200, 200])
      await Bun.sleep(2_500)
      const refused = await fetch(`${gateway.url}/v2/keys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${adminPassword}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'more' }),
      })
      expect([refused.status, ((await refused.json()) as { code: string }).code]).toEqual([503, 'DATABASE_UNAVAILABLE'])
      expect(refused.headers.get('retry-after')).toBe('5')
      await server.start()
      expect(await keptOnce([5, 5, 0])).toEqual([5, 5, 0])
      expect(await gateway.admin('POST', '/v2/keys', { name: 'more' })).toMatchObject({ name: 'more' })
      expect(await chat()).toBe(200) // a change of the keys has made it forget them
      expect(await keptOnce([6, 6, 0])).toEqual([6, 6, 0])

      // Killed while the database is away: what had waited for a second is there at the next start.
      await server.signal('SIGKILL')
      expect([await chat(), await chat()]).toEqual([200, 200])
      const keptFile = path.join(gateway.dataDir, 'unwritten.jsonl')
      const isKept = (): boolean =>
        existsSync(keptFile) && readFileSync(keptFile, 'utf8').split('"request",').length === 3
      for (const until = Date.now() + 30_000; Date.now() < until && !isKept(); ) await Bun.sleep(50)
      expect(isKept()).toBe(true)
      const metrics = await (await fetch(`${gateway.url}/metrics`)).text()
      expect(metrics).toMatch(/^claude_server_database_up 0$/m)
      expect(metrics).toMatch(/^claude_server_unwritten_bytes [1-9]\d*$/m)
      const restarted = gateway.restart('SIGKILL')
      await Bun.sleep(1_000)
      await server.start()
      await restarted
      expect(await keptOnce([8, 8, 0])).toEqual([8, 8, 0])
      expect(existsSync(keptFile)).toBe(false)
      expect(await chat()).toBe(200)
      expect(await keptOnce([9, 9, 0])).toEqual([9, 9, 0])

      await server.signal('SIGKILL')
      expect([await chat(), await chat()]).toEqual([200, 200])
      const stopped = gateway.restart('SIGTERM')
      for (let turn = 0; turn < 1_200 && !existsSync(keptFile); turn++) await Bun.sleep(50)
      await server.start()
      await stopped
      expect(await keptOnce([11, 11, 0])).toEqual([11, 11, 0])
      expect(existsSync(keptFile)).toBe(false)
      expect(await chat()).toBe(200)

      // A server that accepts and says nothing: chats of known keys go on at once, and a stop does not wait for it.
      expect(await keptOnce([12, 12, 0])).toEqual([12, 12, 0])
      await server.signal('SIGSTOP')
      try {
        const begun = performance.now()
        for (let turn = 0; turn < 35; turn++) {
          const asked = performance.now()
          expect(await chat()).toBe(200)
          expect(performance.now() - asked).toBeLessThan(10_000)
          await Bun.sleep(Math.max(0, begun + turn * 1_000 - performance.now()))
        }
      } finally {
        await server.signal('SIGCONT')
      }
      expect(await keptOnce([47, 47, 0])).toEqual([47, 47, 0])
      await server.signal('SIGSTOP')
      expect([await chat(), await chat()]).toEqual([200, 200])
      const ended = performance.now()
      const again = gateway.restart('SIGTERM')
      for (let turn = 0; turn < 600 && !existsSync(keptFile); turn++) await Bun.sleep(50)
      expect(performance.now() - ended).toBeLessThan(25_000)
      await server.signal('SIGCONT')
      await again
      expect(await keptOnce([49, 49, 0])).toEqual([49, 49, 0])
    } finally {
      await gateway.stop()
      await server.stop()
    }
  }, 420_000)
}
