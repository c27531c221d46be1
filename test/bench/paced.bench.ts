// What one delta costs when each arrives by itself, as in real life: the bare baseline and the gateway in alternating rounds.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { makeCertificate } from './certificate.ts'
import { type PacedDialect, routes } from './paced-request.ts'
import {
  type Cpu,
  cpu,
  type Gateway,
  type Running,
  residentMib,
  runLoad,
  startGateway,
  startScript,
} from './process.ts'

export type Say = (name: string, value: string) => void

const streams = 64
const deltas = 100
const pauseMs = 2
const dialects = ['anthropic', 'openai-chat', 'openai-responses'] as const

type Sample = {
  /** Microseconds of CPU per delta. */
  readonly process: number
  readonly user: number
  readonly system: number
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
}

const fixed = (value: number, digits = 1): string => value.toFixed(digits)
const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
const middle = (samples: readonly Sample[], name: keyof Sample): number => median(samples.map((sample) => sample[name]))

/** One round: all CPU the process used while `waves` waves of streams were read, by the deltas that came out of it. */
async function round(running: Running, key: string, dialect: PacedDialect, waves: number): Promise<Sample> {
  const before = cpu(running.pid)
  const url = running.url + routes[dialect]
  const read = await runLoad('paced-load.ts', url, key, dialect, String(streams), String(waves))
  const after = cpu(running.pid)
  const expected = streams * waves * deltas
  if (read.failed !== 0 || read.deltas !== expected)
    throw new Error(`${dialect}: ${read.failed} streams failed, ${read.deltas} of ${expected} deltas came`)
  const per = (name: keyof Cpu): number => ((after[name] - before[name]) * 1_000) / expected
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
    const rounds = quick ? 3 : 5
    const targets: readonly (readonly [PacedDialect, Running, string])[] = [
      ['bare', bare, 'none'],
      ...dialects.map((dialect) => [dialect, gateway, gateway.key] as const),
    ]
    const samples = new Map<PacedDialect, Sample[]>(targets.map(([dialect]) => [dialect, []]))
    for (const [dialect, running, key] of targets) await round(running, key, dialect, quick ? 2 : 8)
    for (let at = 0; at < rounds; at++) {
      for (const [dialect, running, key] of targets)
        samples.get(dialect)?.push(await round(running, key, dialect, waves))
    }
    const least = samples.get('bare') ?? []
    const where = tls ? 'over TLS' : 'over plain HTTP'
    say(`a delta ${where}: bare baseline`, priceOf(least))
    for (const dialect of dialects) {
      const ours = samples.get(dialect) ?? []
      say(`a delta ${where}: ${dialect}`, priceOf(ours))
      const ratio = (name: keyof Sample): string => fixed(middle(ours, name) / middle(least, name), 2)
      say('  CPU ÷ bare (goal: at most 1.10)', ratio('process'))
      say('  user time of the main thread ÷ bare (goal: at most 1.3)', ratio('user'))
    }
    await gateway.stop()
    await bare.stop()
    await upstream.stop()
  }
  rmSync(folder, { recursive: true, force: true })
}

const priceOf = (samples: readonly Sample[]): string =>
  `${fixed(middle(samples, 'process'))} µs CPU (main thread ${fixed(middle(samples, 'user'))} user, ${fixed(middle(samples, 'system'))} system), ` +
  `${fixed(middle(samples, 'perSecond'), 0)} streams/s, delay p50 ${fixed(middle(samples, 'p50'), 2)} p99 ${fixed(middle(samples, 'p99'), 2)} ms`

/** 500 live streams with 20 deltas a second each: CPU, memory, and how much later a delta arrives than through the baseline. */
export async function runLive(say: Say): Promise<void> {
  const open = 500
  const seconds = 30
  const upstream = await startScript('test/bench/paced-upstream.ts')
  const base = `${upstream.url}/paced/100000/50`
  const bare = await startScript('test/bench/baseline.ts', { UPSTREAM_Q_URL: base })
  const gateway: Gateway = await startGateway(base)
  const delays: Record<string, { readonly p50: number; readonly p99: number }> = {}
  for (const [dialect, running, key] of [
    ['bare', bare, 'none'],
    ['anthropic', gateway, gateway.key],
  ] as const) {
    const startMib = residentMib(running.pid)
    const before = cpu(running.pid)
    const url = running.url + routes[dialect]
    const read = await runLoad('paced-load.ts', url, key, dialect, String(open), '1', String(seconds * 1_000))
    const used = cpu(running.pid).totalMs - before.totalMs
    const { delayP50Ms: p50 = 0, delayP99Ms: p99 = 0, deltas: read_ = 1, ended = 0 } = read
    if (ended > 0) throw new Error(`${ended} live streams ended early`)
    delays[dialect] = { p50, p99 }
    say(
      `${open} live streams for ${seconds} s: ${dialect}`,
      `${fixed((used * 1_000) / read_)} µs CPU a delta, ${fixed(used / seconds / 10)} % of a core, RSS ${fixed(startMib, 0)} → ${fixed(residentMib(running.pid), 0)} MiB, delay p50 ${fixed(p50, 2)} p99 ${fixed(p99, 2)} ms`,
    )
  }
  const added = (name: 'p50' | 'p99'): string =>
    `${fixed((delays.anthropic?.[name] ?? 0) - (delays.bare?.[name] ?? 0), 2)} ms`
  say('  added delay p50 (goal: at most 0.5 ms)', added('p50'))
  say('  added delay p99 (goal: at most 5 ms)', added('p99'))
  await gateway.stop()
  await bare.stop()
  await upstream.stop()
}
