// What it costs that every call is counted, limited and recorded: two gateways side by side, one that holds a user and its key to
// limits on every axis, addresses too, and writes the request log; one that does none of it. Rounds of the two alternate.
// bun run test/bench/limits.bench.ts [--quick]
import { fixed, judged, median, say as print, type Say } from './figures.ts'
import { bareTarget, cpu, type Gateway, load, startGateway, startScript, type Target, targetOf } from './process.ts'
import { dialects } from './requests.ts'

const together = 32
/** On every axis, and never reached. */
const limits = {
  rate_limit_rpm: 1_000_000,
  request_quota: 100_000_000,
  daily_quota: 100_000_000_000,
  monthly_quota: 1_000_000_000_000,
  monthly_spend_micro_usd: 1_000_000_000_000,
  monthly_credits: 100_000_000,
  concurrency: 10_000,
}

/** A key of a user, both with all limits, from an address with limits of its own; the request log is on. */
async function held(gateway: Gateway): Promise<Gateway> {
  const user = await gateway.admin('POST', '/v2/users', { name: 'bench', ...limits })
  const { key } = await gateway.admin('POST', '/v2/keys', { name: 'held', user_id: user.id, ...limits })
  await gateway.admin('PUT', '/v2/ips/config/127.0.0.1', {
    rate_limit_rpm: 1_000_000,
    daily_request_limit: 100_000_000,
  })
  await gateway.admin('PATCH', '/v2/settings', {
    enableRequestLog: true,
    enableIPRateLimit: true,
    ipRateLimitMax: 1_000_000,
  })
  return { ...gateway, key: String(key) }
}

async function free(gateway: Gateway): Promise<Gateway> {
  await gateway.admin('PATCH', '/v2/settings', { enableRequestLog: false })
  return gateway
}

type Figures = { readonly perSecond: number[]; readonly cpuMs: number[]; readonly firstP99Ms: number[] }

export async function runLimits(say: Say, quick: boolean): Promise<void> {
  const rounds = quick ? 3 : 7
  const total = quick ? 200 : 1_000
  const upstream = await startScript('test/bench/upstream.ts')
  const bare = await startScript('test/bench/baseline.ts', { UPSTREAM_Q_URL: upstream.url })
  const without = await free(await startGateway(upstream.url))
  const withAll = await held(await startGateway(upstream.url, { LOG_LEVEL: 'info' }))
  const targets: readonly Target[] = [
    bareTarget(bare),
    ...dialects.flatMap((dialect) => [targetOf(without, dialect), targetOf(withAll, dialect)]),
  ]
  const figures = targets.map((): Figures => ({ perSecond: [], cpuMs: [], firstP99Ms: [] }))
  let failed = 0
  for (const target of targets) await load(target, together, quick ? 300 : 2_000)
  for (let round = 0; round < rounds; round++) {
    for (const [at, target] of targets.entries()) {
      const before = cpu(target.running.pid).totalMs
      const { streamsPerSecond = 0, firstP99Ms = 0, failed: lost = 0 } = await load(target, together, total)
      figures[at]?.cpuMs.push((cpu(target.running.pid).totalMs - before) / total)
      figures[at]?.perSecond.push(streamsPerSecond)
      figures[at]?.firstP99Ms.push(firstP99Ms)
      failed += lost
    }
  }
  const of = (at: number, what: keyof Figures): number => median(figures[at]?.[what] ?? [])
  for (const [index, dialect] of dialects.entries()) {
    const [plain, limited] = [index * 2 + 1, index * 2 + 2]
    say(
      `all limits and the request log, ${together} at a time: ${dialect}`,
      `${fixed(of(limited, 'cpuMs'))} ms CPU for each stream, ${fixed(of(plain, 'cpuMs'))} without; first byte p99 ${fixed(of(limited, 'firstP99Ms'), 1)} ms, ${fixed(of(plain, 'firstP99Ms'), 1)} without`,
    )
    say('  CPU ÷ without', judged(of(limited, 'cpuMs') / of(plain, 'cpuMs'), { most: 1.2 }))
    say('  streams/s ÷ without', judged(of(limited, 'perSecond') / of(plain, 'perSecond'), { least: 0.85 }))
    say('  streams/s ÷ baseline', judged(of(limited, 'perSecond') / of(0, 'perSecond'), { least: 0.75 }))
  }
  say('  failed streams', String(failed))
  await without.stop()
  await withAll.stop()
  await bare.stop()
  await upstream.stop()
}

if (import.meta.main) await runLimits(print, process.argv.includes('--quick'))
