// How much later a stream's first token comes than through the bare baseline, while 200 others speak every 50 ms.
import { fixed, judged, median, type Say } from './figures.ts'
import { bareTarget, load, startGateway, startScript, targetOf } from './process.ts'

const live = 200
const probes = 400
const rounds = 2
/** How the probes are opened, for load.ts: one after the other, or a hundred a second whatever becomes of them. */
const paces = [
  ['one after the other', -1, 30],
  ['100 new requests a second', -2, 12],
] as const

export async function runFirstToken(say: Say): Promise<void> {
  const upstream = await startScript('test/bench/upstream.ts')
  const shape = `${upstream.url}/slow/100000/50`
  const bare = await startScript('test/bench/baseline.ts', { UPSTREAM_Q_URL: shape })
  const gateway = await startGateway(shape)
  const targets = [bareTarget(bare), targetOf(gateway, 'anthropic')]
  for (const target of targets) await load(target, -1, 50)
  for (const [pace, mode, eachMs] of paces) {
    const p50: number[][] = targets.map(() => [])
    const p99: number[][] = targets.map(() => [])
    for (let round = 0; round < rounds; round++) {
      for (const [at, target] of targets.entries()) {
        const held = load(target, live, live, probes * eachMs + 6_000)
        await Bun.sleep(4_000)
        const { firstP50Ms = 0, firstP99Ms = 0 } = await load(target, mode, probes)
        p50[at]?.push(firstP50Ms)
        p99[at]?.push(firstP99Ms)
        await held
      }
    }
    const [leastP50 = 0, oursP50 = 0] = p50.map(median)
    const [leastP99 = 0, oursP99 = 0] = p99.map(median)
    const where = `first token beside ${live} live streams, ${pace}`
    say(`${where}: baseline`, `p50 ${fixed(leastP50)} p99 ${fixed(leastP99)} ms`)
    say(`${where}: anthropic`, `p50 ${fixed(oursP50)} p99 ${fixed(oursP99)} ms`)
    say('  added p50', `${fixed(oursP50 - leastP50)} ms`)
    say('  added p99', judged(oursP99 - leastP99, { most: 5 }, ' ms'))
  }
  await gateway.stop()
  await bare.stop()
  await upstream.stop()
}
