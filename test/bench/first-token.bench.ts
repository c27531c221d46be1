// How much later a stream's first token comes than through the bare baseline, while 200 others speak every 50 ms.
import type { Say } from './paced.bench.ts'
import { load, startGateway, startScript } from './process.ts'

const live = 200
const probes = 400
/** How the probes are opened, for load.ts: one after the other, or a hundred a second whatever becomes of them. */
const paces = [
  ['one after the other', -1, 30],
  ['100 new requests a second', -2, 12],
] as const
const fixed = (value: number): string => value.toFixed(2)

export async function runFirstToken(say: Say): Promise<void> {
  const upstream = await startScript('test/bench/upstream.ts')
  const shape = `${upstream.url}/slow/100000/50`
  const bare = await startScript('test/bench/baseline.ts', { UPSTREAM_Q_URL: shape })
  const gateway = await startGateway(shape)
  for (const [pace, mode, eachMs] of paces) {
    const first: { readonly p50: number; readonly p99: number }[] = []
    for (const [name, url, key] of [
      ['baseline', bare.url, 'none'],
      ['gateway', `${gateway.url}/v1/messages`, gateway.key],
    ] as const) {
      const held = load(url, key, live, live, probes * eachMs + 6_000)
      await Bun.sleep(4_000)
      const { firstP50Ms: p50 = 0, firstP99Ms: p99 = 0 } = await load(url, key, mode, probes)
      first.push({ p50, p99 })
      say(`first token beside ${live} live streams, ${pace}: ${name}`, `p50 ${fixed(p50)} p99 ${fixed(p99)} ms`)
      await held
    }
    const [least, ours] = first
    const added = (name: 'p50' | 'p99'): string => `${fixed((ours?.[name] ?? 0) - (least?.[name] ?? 0))} ms`
    say('  added p50 / p99 (goal: p99 at most 5 ms)', `${added('p50')} / ${added('p99')}`)
  }
  await gateway.stop()
  await bare.stop()
  await upstream.stop()
}
