// All benchmarks; figures are ratios against a baseline measured in the same run, rounds of the two alternating.
import { run as runCodec } from './codec.bench.ts'
import { run as runEncode } from './encode.bench.ts'
import { cpuMs, load, residentMib, startGateway, startScript } from './process.ts'

const quick = process.argv.includes('--quick')
const rounds = quick ? 1 : 5
const total = quick ? 400 : 3_000

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const say = (name: string, value: string): void => console.log(`${name.padEnd(58)} ${value}`)
const fixed = (value: number, digits = 2): string => value.toFixed(digits)

for (const { name, value, unit } of [...(await runCodec()), ...(await runEncode())])
  say(name, `${fixed(value)} ${unit}`)

const upstream = await startScript('test/bench/upstream.ts')
const baseline = await startScript('test/bench/baseline.ts', { UPSTREAM_Q_URL: upstream.url })
const gateway = await startGateway(upstream.url)
const route = `${gateway.url}/v1/messages`

const throughput: { gateway: number[]; baseline: number[] } = { gateway: [], baseline: [] }
const cpu: { gateway: number[]; baseline: number[] } = { gateway: [], baseline: [] }
await load(baseline.url, 'none', 32, 200)
await load(route, gateway.key, 32, 200)
let failed = 0
for (let round = 0; round < rounds; round++) {
  for (const [name, url, key, pid] of [
    ['baseline', baseline.url, 'none', baseline.pid],
    ['gateway', route, gateway.key, gateway.pid],
  ] as const) {
    const before = cpuMs(pid)
    const result = await load(url, key, 32, total)
    cpu[name].push((cpuMs(pid) - before) / total)
    throughput[name].push(result.streamsPerSecond ?? 0)
    failed += result.failed ?? 0
  }
}
say('whole path, 32 at a time: bare baseline', `${fixed(median(throughput.baseline), 0)} streams/s`)
say('whole path, 32 at a time: gateway', `${fixed(median(throughput.gateway), 0)} streams/s`)
say('  ratio (goal: at least 0.70)', fixed(median(throughput.gateway) / median(throughput.baseline)))
say(
  '  CPU per stream of 200 deltas, baseline / gateway',
  `${fixed(median(cpu.baseline))} / ${fixed(median(cpu.gateway))} ms`,
)
say('  failed streams', String(failed))
await gateway.stop()
await baseline.stop()

const paced = `${upstream.url}/slow/40/50`
const pacedBaseline = await startScript('test/bench/baseline.ts', { UPSTREAM_Q_URL: paced })
const pacedGateway = await startGateway(paced)
const streams = quick ? 400 : 1_000
await load(pacedGateway.url.concat('/v1/messages'), pacedGateway.key, 50, 50)
const bare = await load(pacedBaseline.url, 'none', 200, streams)
const ours = await load(`${pacedGateway.url}/v1/messages`, pacedGateway.key, 200, streams)
const added = (name: string): number => (ours[name] ?? 0) - (bare[name] ?? 0)
say(
  'first token, 200 live streams: baseline p50 / p99',
  `${fixed(bare.firstP50Ms ?? 0)} / ${fixed(bare.firstP99Ms ?? 0)} ms`,
)
say(
  'first token, 200 live streams: gateway p50 / p99',
  `${fixed(ours.firstP50Ms ?? 0)} / ${fixed(ours.firstP99Ms ?? 0)} ms`,
)
say('  added p50 (goal: at most 2 ms)', `${fixed(added('firstP50Ms'))} ms`)
say('  added p99 (goal: at most 10 ms)', `${fixed(added('firstP99Ms'))} ms`)
await pacedGateway.stop()
await pacedBaseline.stop()

for (const count of [500, 2_000]) {
  const held = await startGateway(`${upstream.url}/slow/10000/1000`)
  const idle = residentMib(held.pid)
  const result = load(`${held.url}/v1/messages`, held.key, count, count, 12_000)
  await Bun.sleep(10_000)
  const rss = residentMib(held.pid)
  const { open } = await result
  say(`memory with ${open} open slow streams (idle ${fixed(idle, 0)} MiB)`, `${fixed(rss, 0)} MiB`)
  await held.stop()
}
await upstream.stop()
