// All benchmarks; figures are ratios against a baseline measured in the same run, rounds of the two alternating.
import { run as runCodec } from './codec.bench.ts'
import { run as runDialects } from './dialect.bench.ts'
import { run as runEncode } from './encode.bench.ts'
import { runFirstToken } from './first-token.bench.ts'
import { runMemory } from './memory.bench.ts'
import { runLive, runPaced } from './paced.bench.ts'
import { run as runPool } from './pool.bench.ts'
import { cpuMs, load, startGateway, startScript } from './process.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 1 : 5
const total = quick ? 400 : 3_000

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const say = (name: string, value: string): void => console.log(`${name.padEnd(58)} ${value}`)
const fixed = (value: number, digits = 2): string => value.toFixed(digits)

for (const { name, value, unit } of [
  ...(await runCodec()),
  ...(await runEncode()),
  ...(await runDialects()),
  ...(await runPool()),
])
  say(name, `${fixed(value)} ${unit}`)

const upstream = await startScript('test/bench/upstream.ts')
const baseline = await startScript('test/bench/baseline.ts', { UPSTREAM_Q_URL: upstream.url })
const gateway = await startGateway(upstream.url)
const route = `${gateway.url}/v1/messages`

// A process has to compile what it runs: the first streams of a fresh one stand apart from what it does all day.
const targets = [
  ['baseline', baseline.url, 'none', baseline.pid],
  ['gateway', route, gateway.key, gateway.pid],
] as const
type Figures = Record<'baseline' | 'gateway', { readonly perSecond: number[]; readonly cpuMs: number[] }>
let failed = 0
async function measure(times: number): Promise<Figures> {
  const figures: Figures = { baseline: { perSecond: [], cpuMs: [] }, gateway: { perSecond: [], cpuMs: [] } }
  for (let round = 0; round < times; round++) {
    for (const [name, url, key, pid] of targets) {
      const before = cpuMs(pid)
      const result = await load(url, key, 32, total)
      figures[name].cpuMs.push((cpuMs(pid) - before) / total)
      figures[name].perSecond.push(result.streamsPerSecond ?? 0)
      failed += result.failed ?? 0
    }
  }
  return figures
}
const ratioOf = ({ baseline: least, gateway: ours }: Figures): string =>
  fixed(median(ours.perSecond) / median(least.perSecond))

for (const [, url, key] of targets) await load(url, key, 32, 200)
const fresh = await measure(1)
for (const [, url, key] of targets) await load(url, key, 32, quick ? 400 : 6_000)
const warm = await measure(rounds)
say('whole path, 32 at a time: bare baseline', `${fixed(median(warm.baseline.perSecond), 0)} streams/s`)
say('whole path, 32 at a time: gateway', `${fixed(median(warm.gateway.perSecond), 0)} streams/s`)
say('  ratio (goal: at least 0.75)', ratioOf(warm))
say('  ratio of the first streams of fresh processes', ratioOf(fresh))
say(
  '  CPU per stream of 200 deltas, baseline / gateway',
  `${fixed(median(warm.baseline.cpuMs))} / ${fixed(median(warm.gateway.cpuMs))} ms`,
)
say('  failed streams', String(failed))
await gateway.stop()
await baseline.stop()

await upstream.stop()

await runPaced(say, quick)
// A glance is half a minute: what takes its time is measured in a whole run.
if (!quick) {
  await runFirstToken(say)
  await runLive(say)
  await runMemory(say)
}
