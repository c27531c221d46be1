import { selftest } from '../cli/selftest.ts'
import type { Resolved } from '../config/resolve.ts'
import { realEffects } from '../lib/effects.ts'
import { createLogger } from '../observe/log.ts'
import { version } from './version.ts'

/** Runs a subcommand on this terminal; resolves to the exit code. */
export async function runOnTerminal(resolved: Resolved): Promise<number> {
  if (resolved.command.name === 'selftest') return runSelftest(resolved)
  process.stderr.write(`${resolved.command.name} is not built yet\n`)
  return 1
}

async function runSelftest({ config, command }: Resolved): Promise<number> {
  const log = createLogger({
    level: 'error',
    format: 'text',
    write: (line) => void process.stderr.write(line),
    now: realEffects.now,
  })
  const results = await selftest(config, realEffects, log, version)
  const passed = results.filter(({ ok }) => ok).length
  if (command.options.json === true)
    process.stdout.write(`${JSON.stringify({ passed, failed: results.length - passed, results })}\n`)
  else {
    for (const { name, ok, detail } of results)
      process.stdout.write(`${ok ? 'ok  ' : 'FAIL'}  ${name}${ok ? '' : `: ${detail}`}\n`)
    process.stdout.write(`\n${passed} passed, ${results.length - passed} failed\n`)
  }
  return passed === results.length ? 0 : 1
}
