// What a server costs that does nothing, that has done something, and that holds many slow streams; and how soon it answers.
import { fixed, judged, median, megabytes, type Say } from './figures.ts'
import { load, residentMib, startEmpty, startGateway, startScript, targetOf } from './process.ts'

const starts = 7
const password = { ADMIN_PASSWORD: 'bench-password' }

export async function runMemory(say: Say): Promise<void> {
  const upstream = await startScript('test/bench/upstream.ts')
  await runStarts(say, upstream.url)

  const idle = await startEmpty(upstream.url)
  await Bun.sleep(5_000)
  say('memory 5 s after the start, nothing done', judged(megabytes(residentMib(idle.pid)), { most: 75 }, ' MB'))
  await idle.stop()

  const busy = await startGateway(upstream.url)
  const requests = 10_000
  await load(targetOf(busy, 'anthropic'), 32, requests)
  await Bun.sleep(10_000)
  say(`memory after ${requests} requests and a pause`, `${fixed(megabytes(residentMib(busy.pid)), 0)} MB`)
  await busy.stop()

  for (const count of [500, 2_000]) {
    const held = await startGateway(`${upstream.url}/slow/10000/1000`)
    const result = load(targetOf(held, 'anthropic'), count, count, 12_000)
    await Bun.sleep(10_000)
    const resident = megabytes(residentMib(held.pid))
    const { open } = await result
    say(
      `memory with ${open} open slow streams`,
      count === 2_000 ? judged(resident, { most: 200 }, ' MB') : `${fixed(resident, 0)} MB`,
    )
    await held.stop()
  }
  await upstream.stop()
}

/** A first start hashes ADMIN_PASSWORD when there is one, which is slow on purpose: both ways, in turn. */
async function runStarts(say: Say, upstreamUrl: string): Promise<void> {
  const ways = [
    ['', {}],
    [', ADMIN_PASSWORD set', password],
  ] as const
  const wallMs: number[][] = ways.map(() => [])
  const usedMs: number[][] = ways.map(() => [])
  for (let round = 0; round < starts; round++) {
    for (const [at, [, env]] of ways.entries()) {
      const started = await startEmpty(upstreamUrl, env)
      wallMs[at]?.push(started.firstAnswerMs)
      usedMs[at]?.push(started.firstAnswerCpuMs)
      await started.stop()
    }
  }
  const subject = process.env.GATEWAY_BINARY === undefined ? 'from source' : 'executable'
  for (const [at, [name]] of ways.entries()) {
    const ms = median(wallMs[at] ?? [])
    const isGoal = at === 0 && process.env.GATEWAY_BINARY !== undefined
    say(
      `start to the first 200, ${subject}${name}`,
      `${isGoal ? judged(ms, { most: 120 }, ' ms') : `${fixed(ms, 0)} ms`} (CPU ${fixed(median(usedMs[at] ?? []), 0)} ms)`,
    )
  }
}
