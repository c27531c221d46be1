// All benchmarks; figures are ratios against a baseline measured in the same run, rounds of the two alternating.
import { run as runCodec } from './codec.bench.ts'
import { run as runDialects } from './dialect.bench.ts'
import { run as runEncode } from './encode.bench.ts'
import { fixed, say } from './figures.ts'
import { runFirstToken } from './first-token.bench.ts'
import { runLimits } from './limits.bench.ts'
import { runMemory } from './memory.bench.ts'
import { runLive, runPaced } from './paced.bench.ts'
import { run as runPool } from './pool.bench.ts'
import { runWhole } from './whole.bench.ts'

const quick = process.argv.includes('--quick')

for (const { name, value, unit } of [
  ...(await runCodec()),
  ...(await runEncode()),
  ...(await runDialects()),
  ...(await runPool()),
])
  say(name, `${fixed(value)} ${unit}`)

await runWhole(say, quick)
await runLimits(say, quick)
await runPaced(say, quick)
// A glance is half a minute: what takes its time is measured in a whole run.
if (!quick) {
  await runFirstToken(say)
  await runLive(say)
  await runMemory(say)
}
