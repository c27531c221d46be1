// What one delta costs when each arrives by itself, as in real life: the bare baseline and the gateway in alternating rounds.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { makeCertificate } from './certificate.ts'
import { fixed, judged, median, megabytes, type Say } from './figures.ts'
import {
  bareTarget,
  type Cpu,
  cpu,
  load,
  residentMib,
  runLoad,
  startGateway,
  startScript,
  type Target,
  targetOf,
} from './process.ts'
import { dialects } from './requests.ts'

const streams = 64
const deltas = 100
const pauseMs = 2
type Sample = {
  /** Microseconds of CPU per delta. */
  readonly process: number
  readonly user: number
  readonly system: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

const middle = (samples: readonly Sample[], name: keyof Sample): number => median(samples.map((sample) => sample[name]))

/** One round: all CPU the process used while `waves` waves of streams were read, by the deltas that came out of it. */
async function round(target: Target, waves: number): Promise<Sample> {
  const { running, name } = target
  const before = cpu(running.pid)
  const read = await runLoad('paced-load.ts', target, streams, waves)
  const after = cpu(running.pid)
  const expected = streams * waves * deltas
  if (read.failed !== 0 || read.deltas !== expected)
    throw new Error(`${name}: ${read.failed} streams failed, ${read.deltas} of ${expected} deltas came`)
  const per = (part: keyof Cpu): number => ((after[part] - before[part]) * 1_000) / expected
  return {
    process: per('totalMs'),
    user: per('userMs'),
    system: per('systemMs'),
    perSecond: (streams * waves) / (read.seconds ?? 1),
    p50: read.delayP50Ms ?? 0,
    p99: read.delayP99Ms ?? 0,
  }
}

/** The price of a delta over plain HTTP and over TLS, each client API beside the bare baseline. */
export async function runPaced(say: Say, quick: boolean): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-bench-tls-'))
  const { caFile, certFile, keyFile } = await makeCertificate(folder)
  for (const scheme of quick ? (['http'] as const) : (['http', 'https'] as const)) {
    const tls = scheme === 'https'
    const upstream = await startScript('test/bench/paced-upstream.ts', {
      ...(tls ? { TLS_CERT: certFile, TLS_KEY: keyFile } : {}),
    })
    const base = `${tls ? upstream.url.replace('http:', 'https:') : upstream.url}/paced/${deltas}/${pauseMs}`
    const trust = { NODE_EXTRA_CA_CERTS: caFile }
    const bare = await startScript('test/bench/baseline.ts', { UPSTREAM_Q_URL: base, ...trust })
    const gateway = await startGateway(base, trust)
    const waves = quick ? 2 : 4
    const rounds = quick ? 3 : 7
    const targets = [bareTarget(bare), ...dialects.map((dialect) => targetOf(gateway, dialect))]
    const samples = targets.map((): Sample[] => [])
    // The compilers are to be done before it is measured: streams without pauses get them there soonest.
    for (const target of targets) {
      await load(target, 32, quick ? 300 : 6_000)
      await round(target, 2)
    }
    for (let at = 0; at < rounds; at++) {
      for (const [index, target] of targets.entries()) samples[index]?.push(await round(target, waves))
    }
    const [least = [], ...ours] = samples
    const where = tls ? 'over TLS' : 'over plain HTTP'
    say(`a delta ${where}: baseline`, priceOf(least))
    for (const [index, dialect] of dialects.entries()) {
      const mine = ours[index] ?? []
      say(`a delta ${where}: ${dialect}`, priceOf(mine))
      const ratio = (name: keyof Sample): number => middle(mine, name) / middle(least, name)
      const added = (name: keyof Sample): string => fixed(middle(mine, name) - middle(least, name))
      say('  CPU ÷ baseline', judged(ratio('process'), { most: 1.1 }))
      say('  user time of the main thread ÷ baseline', judged(ratio('user'), { most: 1.3 }))
      say(`  added delay with ${streams} streams, p50 / p99`, `${added('p50')} / ${added('p99')} ms`)
    }
    await gateway.stop()
    await bare.stop()
    await upstream.stop()
  }
  rmSync(folder, { recursive: true, force: true })
}

const priceOf = (samples: readonly Sample[]): string =>
  `${fixed(middle(samples, 'process'), 1)} µs CPU (main thread ${fixed(middle(samples, 'user'), 1)} user, ${fixed(middle(samples, 'system'), 1)} system), ` +
  `${fixed(middle(samples, 'perSecond'), 0)} streams/s, delay p50 ${fixed(middle(samples, 'p50'))} p99 ${fixed(middle(samples, 'p99'))} ms`

/** 500 live streams with 20 deltas a second each: CPU, memory, and how much later a delta arrives than through the baseline. */
export async function runLive(say: Say): Promise<void> {
  const open = 500
  const seconds = 30
  const upstream = await startScript('test/bench/paced-upstream.ts')
  const base = `${upstream.url}/paced/100000/50`
  const bare = await startScript('test/bench/baseline.ts', { UPSTREAM_Q_URL: base })
  const gateway = await startGateway(base)
  const delays = new Map<string, { readonly p50: number; readonly p99: number }[]>()
  for (const target of [bareTarget(bare), targetOf(gateway, 'anthropic')]) await load(target, 32, 2_000)
  // The baseline before and after: what else the machine does meanwhile is then in both.
  for (const target of [bareTarget(bare), targetOf(gateway, 'anthropic'), bareTarget(bare)]) {
    const { running, name } = target
    const startMib = residentMib(running.pid)
    const before = cpu(running.pid)
    const read = await runLoad('paced-load.ts', target, open, 1, seconds * 1_000)
    const usedMs = cpu(running.pid).totalMs - before.totalMs
    const { delayP50Ms: p50 = 0, delayP99Ms: p99 = 0, deltas: came = 1, ended = 0 } = read
    if (ended > 0) throw new Error(`${ended} live streams ended early`)
    delays.set(name, [...(delays.get(name) ?? []), { p50, p99 }])
    const memory = [startMib, residentMib(running.pid)].map((mib) => fixed(megabytes(mib), 0)).join(' → ')
    say(
      `${open} live streams for ${seconds} s: ${name}`,
      `${fixed((usedMs * 1_000) / came, 1)} µs CPU a delta, ${fixed(usedMs / seconds / 10, 1)} % of a core, RSS ${memory} MB, delay p50 ${fixed(p50)} p99 ${fixed(p99)} ms`,
    )
  }
  const mean = (name: string, part: 'p50' | 'p99'): number => {
    const of = delays.get(name) ?? []
    return of.reduce((sum, delay) => sum + delay[part], 0) / of.length
  }
  const added = (part: 'p50' | 'p99'): number => mean('anthropic', part) - mean('baseline', part)
  say('  added delay p50', judged(added('p50'), { most: 0.5 }, ' ms'))
  say('  added delay p99', judged(added('p99'), { most: 5 }, ' ms'))
  await gateway.stop()
  await bare.stop()
  await upstream.stop()
}
