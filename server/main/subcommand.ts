import { readFile } from 'node:fs/promises'
import { runCommand } from '../cli/run.ts'
import { selftest } from '../cli/selftest.ts'
import type { Resolved } from '../config/resolve.ts'
import { realEffects } from '../lib/effects.ts'
import { createLogger, type Logger } from '../observe/log.ts'
import { version } from './version.ts'

/** Runs a subcommand on this terminal; resolves to the exit code. Standard output holds the answer and nothing else. */
export async function runOnTerminal(resolved: Resolved): Promise<number> {
  const log = createLogger({
    level: resolved.config.log.level === 'debug' ? 'debug' : 'error',
    format: 'text',
    write: (line) => void process.stderr.write(line),
    now: realEffects.now,
  })
  if (resolved.command.name === 'selftest') return runSelftest(resolved, log)
  const controller = new AbortController()
  process.once('SIGINT', () => controller.abort())
  return runCommand(
    resolved,
    { effects: realEffects, log, version },
    {
      out: (text) => void process.stdout.write(text),
      err: (text) => void process.stderr.write(text),
      stdin: () => Bun.stdin.text(),
      readFile: (file) => readFile(file, 'utf8'),
      isTerminal: process.stderr.isTTY === true,
      interrupted: controller.signal,
    },
  )
}

async function runSelftest({ config, command }: Resolved, log: Logger): Promise<number> {
  const results = await selftest(config, realEffects, log, version)
  const passed = results.filter(({ ok }) => ok).length
  const failed = results.length - passed
  if (command.options.json === true) process.stdout.write(`${JSON.stringify({ passed, failed, results })}\n`)
  else {
    for (const { name, ok, detail } of results) {
      process.stdout.write(`${ok ? 'ok  ' : 'FAIL'}  ${name}${ok ? '' : `: ${detail}`}\n`)
    }
    process.stdout.write(`\n${passed} passed, ${failed} failed\n`)
  }
  return failed === 0 ? 0 : 1
}
