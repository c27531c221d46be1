import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { News } from '../../server/admin/succession.ts'
import { createSuccessor, mostNews } from '../../server/app/successor.ts'
import type { Listening } from '../../server/http/server.ts'
import { createLogger } from '../../server/observe/log.ts'
import { writeControl } from '../../server/store/control.ts'
import { createTestEffects } from '../support/effects.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'successor-'))
afterAll(() => rmSync(folder, { recursive: true }))

const settled = (id: number): News => ({ type: 'settled', id: `call_${id}` })

/** The old one's half in a folder whose new owner, at `port`, has begun to serve; `tell` as the rest of the server has it. */
async function replacedBy(port: number) {
  const dataDir = mkdtempSync(path.join(folder, 'data-'))
  const effects = createTestEffects()
  const lines: string[] = []
  let tell: (news: News) => void = () => {}
  const successor = createSuccessor({
    ...{ effects, dataDir, controlToken: 'old', isUp: () => true, isAlive: () => true },
    log: createLogger({ level: 'info', format: 'json', write: (line) => lines.push(line), now: effects.now }),
    lock: { giveUp: () => {}, takeBack: () => true },
    isPortShared: () => false,
    listening: () => ({ port, lastAnswers: () => {}, lastArrivalAt: () => undefined }) as unknown as Listening,
    share: () => ({ open: () => true, steer: () => true, close: () => {} }),
    stopJobs: async () => {},
    startJobs: () => {},
    settle: async () => {},
    elders: () => [],
    handOver: async (given) => {
      tell = given
    },
  })
  expect((await successor.begin(1)).ok).toBe(true)
  writeControl(dataDir, { pid: process.pid, host: '127.0.0.1', port, token: 'n'.repeat(43), startedAt: 1 })
  await effects.advance(100)
  expect(successor.isReplaced()).toBe(true)
  return { effects, successor, lines, tell: (news: News) => tell(news) }
}

test('news is told in order and nothing of it stays', async () => {
  const heard: unknown[] = []
  const server = Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1' },
    fetch: async (request) => {
      heard.push(...((await request.json()) as { news: unknown[] }).news)
      return Response.json({ success: true })
    },
  })
  const { successor, tell } = await replacedBy(server.port ?? 0)
  for (let id = 0; id < 5; id++) tell(settled(id))
  await successor.told()
  expect(heard).toEqual([0, 1, 2, 3, 4].map(settled))
  expect(successor.stats()).toEqual({ waiting: 0, lost: 0 })
  await server.stop(true)
})

test('a successor that hangs is told no more than so much, is not waited for without end, and what is lost is counted', async () => {
  const asked = Promise.withResolvers<void>()
  const server = Bun.serve({
    ...{ port: 0, hostname: '127.0.0.1' },
    fetch: () => {
      asked.resolve()
      return new Promise<Response>(() => {})
    },
  })
  const { effects, successor, lines, tell } = await replacedBy(server.port ?? 0)
  for (let id = 0; id < mostNews + 10; id++) tell(settled(id))
  expect(successor.stats()).toEqual({ waiting: mostNews, lost: 10 })
  await asked.promise
  let isTold = false
  const told = successor.told().then(() => {
    isTold = true
  })
  while (!isTold) {
    await effects.advance(90_000)
    await Bun.sleep(1) // the fetch that is given up is a real one
  }
  await told
  expect(successor.stats()).toEqual({ waiting: 0, lost: mostNews + 10 })
  expect(lines.filter((line) => line.includes('succession.news-lost')).length).toBeGreaterThan(1)
  await server.stop(true)
})
