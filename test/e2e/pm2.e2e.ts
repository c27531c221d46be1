import { expect, setDefaultTimeout, test } from 'bun:test'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startSimulator } from '../../server/simulator/simulator.ts'
import { adminPassword, eventually } from '../support/gateway.ts'
import { heldReplies } from '../support/held-replies.ts'
import { leftOut } from '../support/left-out.ts'
import { ask, openStreams } from '../support/open-streams.ts'

setDefaultTimeout(240_000)

const pm2 = process.env.GATEWAY_BINARY && Bun.which('pm2')
if (!pm2) leftOut('PM2 (npm install -g pm2), with a built executable,')
else {
  test('PM2, by the example: started, reloaded and stopped without a broken stream or a refused request', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'pm2-'))
    const app = path.join(folder, 'app')
    cpSync(path.join(import.meta.dir, '../../docs/examples/pm2'), app, { recursive: true })
    const replies = heldReplies()
    const simulator = await startSimulator(replies.simulator)
    const account = simulator.accounts.add({ plan: 'power' })
    const probe = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
    const { port } = probe
    await probe.stop(true)
    const url = `http://127.0.0.1:${port}`
    const env = {
      ...{ PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', PM2_HOME: path.join(folder, 'home') },
      ...{ CLAUDE_SERVER: process.env.GATEWAY_BINARY ?? '', HOST: '127.0.0.1', PORT: String(port) },
      ...{ ADMIN_PASSWORD: adminPassword, UPSTREAM_Q_URL: simulator.url, UPSTREAM_OIDC_URL: simulator.url },
    }
    const run = async (...args: string[]): Promise<number> => {
      const child = Bun.spawn([pm2, ...args], { cwd: app, env, stdout: 'ignore', stderr: 'inherit' })
      return child.exited
    }
    const admin = async (method: string, route: string, body?: object): Promise<Record<string, unknown>> => {
      const headers = { authorization: `Bearer ${adminPassword}`, 'content-type': 'application/json' }
      const answer = await fetch(url + route, { method, headers, ...(body && { body: JSON.stringify(body) }) })
      return (await answer.json()) as Record<string, unknown>
    }
    const pid = (): number => JSON.parse(readFileSync(path.join(app, 'data/control.json'), 'utf8')).pid
    try {
      expect(await run('start', 'ecosystem.config.cjs')).toBe(0)
      await admin('POST', '/v2/accounts', { label: 'one', ...account.secrets() })
      const { key } = await admin('POST', '/v2/keys', { name: 'test' })
      const first = pid()
      const body = ask('[[sim:pace=200]][[sim:repeat=8]][[sim:text=one two three four five six seven]]')
      const streams = openStreams(`${url}/v1/messages`, String(key), 20, body)
      let isReloaded = false
      const failed: unknown[] = []
      const looking = (async () => {
        for (; !isReloaded; await Bun.sleep(20)) {
          const answer = await fetch(`${url}/readyz`, { headers: { connection: 'close' } }).catch((error) => error)
          if (answer.status !== 200) failed.push(answer)
        }
      })()
      expect(await run('reload', 'claude-server')).toBe(0)
      isReloaded = true
      await Promise.all([looking, streams.done])
      expect(pid()).not.toBe(first)
      expect(failed).toEqual([])
      expect(streams.ends.filter((end) => end?.status === 200 && end.whole)).toHaveLength(20)
      expect(streams.texts.filter((text) => text.includes('event: message_stop'))).toHaveLength(20)

      const held = replies.hold()
      const last = openStreams(`${url}/v1/messages`, String(key), 20, ask(`${held.directive} hello`))
      expect(await eventually(() => simulator.counters().openStreams === 20, 30_000)).toBeNumber()
      const stopped = run('stop', 'claude-server')
      // It has begun to stop when it takes nobody any more.
      while (
        await fetch(`${url}/readyz`, { headers: { connection: 'close' } }).then(
          ({ ok }) => ok,
          () => false,
        )
      )
        await Bun.sleep(20)
      held.release()
      expect(await stopped).toBe(0)
      await last.done
      expect(last.ends.filter((end) => end?.status === 200 && end.whole)).toHaveLength(20)
      expect(fetch(`${url}/healthz`)).rejects.toThrow()
    } finally {
      await run('kill')
      await simulator.stop()
      rmSync(folder, { recursive: true, force: true })
    }
  })
}
