// What a server holds after an hour of everything, beside what it held after five minutes: the built executable against our
// simulator. Prints memory over time and the ratio; ends with 1 when it grew more than `--limit`, or when an answer was wrong.
//
// bun run test:soak [-- --minutes 60 --limit 1.1 --clients 16]; also SOAK_MINUTES, SOAK_LIMIT, SOAK_CLIENTS
import { existsSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { workAt, workOf } from './traffic.ts'
import { type Sample, verdictOf, warmUpMs } from './verdict.ts'

const { values } = parseArgs({
  options: { minutes: { type: 'string' }, limit: { type: 'string' }, clients: { type: 'string' } },
})
const numberOf = (name: keyof typeof values, fallback: number): number => {
  const text = values[name] ?? process.env[`SOAK_${name.toUpperCase()}`]
  const value = text === undefined || text === '' ? fallback : Number(text)
  if (!(value > 0)) throw new Error(`--${name}: ${text} is not a number above 0`)
  return value
}
const minutes = numberOf('minutes', 60)
// A short run ends before what is remembered has reached its limits.
const limit = numberOf('limit', minutes >= 30 ? 1.1 : 1.3)
const clients = numberOf('clients', 16)
const durationMs = minutes * 60_000

const platform = process.platform === 'win32' ? 'windows' : process.platform
const name = process.platform === 'win32' ? 'claude-server.exe' : 'claude-server'
process.env.GATEWAY_BINARY ??= path.join(import.meta.dir, '../..', 'dist', `${platform}-${process.arch}`, name)
if (!existsSync(process.env.GATEWAY_BINARY)) throw new Error(`${process.env.GATEWAY_BINARY} is missing; bun run build`)

const gateway = await startGateway({
  accounts: Array.from({ length: 6 }, () => ({ plan: 'power' as const })),
  simulator: { paceMs: 3, firstDelayMs: 20, keepRequests: 16 },
  env: { LOG_LEVEL: 'info' },
  // What may fill for an hour by design is kept small: then whatever still grows is a leak.
  config: 'responses:\n  kept_bytes: 4194304\n',
})
const mb = (bytes: number): string => (bytes / 1e6).toFixed(1).padStart(8)
const startedAt = performance.now()
const passed = (): number => performance.now() - startedAt
let turns = 0
const done = new Map<string, number>()
const faults: string[] = []

async function client(): Promise<void> {
  const works = workOf(gateway)
  while (passed() < durationMs && faults.length < 100) {
    const turn = turns++
    const work = workAt(works, turn)
    try {
      await work.run(turn)
      done.set(work.name, (done.get(work.name) ?? 0) + 1)
    } catch (thrown) {
      faults.push(`${work.name}: ${thrown instanceof Error ? thrown.message : String(thrown)}`)
    }
    // A pause to think: what is looked for is memory, not how much one machine can do.
    await Bun.sleep(20 + ((turn * 37) % 100))
  }
}

async function sampleOf({ url }: Gateway): Promise<Sample> {
  const text = await (await fetch(`${url}/metrics`)).text()
  const read = (metric: string): number => {
    const found = new RegExp(`^claude_server_${metric} (\\S+)$`, 'm').exec(text)?.[1]
    if (found === undefined) throw new Error(`no ${metric} among the metrics`)
    return Number(found)
  }
  return { atMs: passed(), residentBytes: read('resident_memory_bytes'), heapBytes: read('heap_bytes') }
}

const samples: Sample[] = []
async function watch(): Promise<void> {
  const everyMs = Math.min(2_000, durationMs / 100)
  const rowMs = durationMs / 24
  let rowAt = 0
  console.log(' minute    RSS MB  heap MB  pieces of work')
  while (passed() < durationMs) {
    const sample = await sampleOf(gateway)
    samples.push(sample)
    if (sample.atMs >= rowAt) {
      rowAt += rowMs
      const minute = (sample.atMs / 60_000).toFixed(1).padStart(7)
      console.log(`${minute} ${mb(sample.residentBytes)} ${mb(sample.heapBytes)} ${String(turns).padStart(15)}`)
    }
    await Bun.sleep(everyMs)
  }
}

console.log(`${minutes} minutes, ${clients} clients, ${process.env.GATEWAY_BINARY}`)
let code = 1
try {
  await Promise.all([watch(), ...Array.from({ length: clients }, client)])
  const { earlyBytes, lateBytes, ratio, held } = verdictOf(samples, durationMs, limit)
  console.log(`\n${[...done].map(([work, count]) => `${work} ${count}`).join(', ')}`)
  for (const fault of new Set(faults)) console.log(`WRONG ${fault}`)
  const warm = (warmUpMs(durationMs) / 60_000).toFixed(1)
  console.log(
    `\n${held ? 'ok  ' : 'FAIL'} after ${warm} min ${mb(earlyBytes).trim()} MB, after ${minutes} min ${mb(lateBytes).trim()} MB: ` +
      `${ratio.toFixed(2)}, at most ${limit}`,
  )
  console.log(`${faults.length === 0 ? 'ok  ' : 'FAIL'} ${faults.length} wrong answers of ${turns}`)
  if (held && faults.length === 0) code = 0
} finally {
  await gateway.stop()
}
process.exit(code)
