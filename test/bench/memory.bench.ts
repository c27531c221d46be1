// What a server costs that does nothing, that has done something, and that holds many slow streams; and how soon it answers.

import type { Say } from './paced.bench.ts'
import { load, residentMib, startGateway, startScript } from './process.ts'

const fixed = (value: number): string => value.toFixed(0)
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

export async function runMemory(say: Say): Promise<void> {
  const upstream = await startScript('test/bench/upstream.ts')
  const starts: number[] = []
  for (let at = 0; at < 7; at++) {
    const started = await startGateway(upstream.url)
    starts.push(started.firstAnswerMs)
    await started.stop()
  }
  say('start to the first 200 (goal: executable at most 120 ms)', `${fixed(median(starts))} ms`)

  const gateway = await startGateway(upstream.url, {}, 0)
  await Bun.sleep(5_000)
  say('memory 5 s after the start, nothing done (goal: at most 75 MB)', megabytes(residentMib(gateway.pid)))
  await gateway.stop()

  const busy = await startGateway(upstream.url)
  const requests = 10_000
  await load(`${busy.url}/v1/messages`, busy.key, 32, requests)
  await Bun.sleep(10_000)
  say(`memory after ${requests} requests and a pause`, megabytes(residentMib(busy.pid)))
  await busy.stop()

  for (const count of [500, 2_000]) {
    const held = await startGateway(`${upstream.url}/slow/10000/1000`)
    const result = load(`${held.url}/v1/messages`, held.key, count, count, 12_000)
    await Bun.sleep(10_000)
    const resident = residentMib(held.pid)
    const { open } = await result
    say(`memory with ${open} open slow streams (goal: at most 200 MB with 2,000)`, megabytes(resident))
    await held.stop()
  }
  await upstream.stop()
}

const megabytes = (mib: number): string => `${fixed(mib * 1.048576)} MB`
