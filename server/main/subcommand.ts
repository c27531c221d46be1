import { readFile } from 'node:fs/promises'
import { runCommand } from '../cli/run.ts'
import { selftest } from '../cli/selftest.ts'
import { build } from '../config/build.ts'
import type { Resolved } from '../config/resolve.ts'
import { realEffects } from '../lib/effects.ts'
import { homeFolder } from '../lib/home.ts'
import { createLogger, type Logger } from '../observe/log.ts'
import { isDesktop, openBrowser } from './browser.ts'
import { readInput } from './read-input.ts'

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
  const interrupt = (): void => controller.abort()
  // Once: a second interrupt ends the process at once.
  process.once('SIGINT', interrupt)
  process.once('SIGTERM', interrupt)
  const { config } = resolved
  const terminal = process.stderr.isTTY === true
  const mayOpen = !config.noBrowser && isDesktop(process.env, process.platform, terminal)
  const written: Promise<void>[] = []
  // A pipe takes 64 KiB at a time; the process must not end before the rest has gone.
  const writeTo =
    (stream: NodeJS.WriteStream) =>
    (text: string): void =>
      void written.push(new Promise((resolve) => void stream.write(text, () => resolve())))
  const code = await runCommand(
    resolved,
    { effects: realEffects, log, version: build.version },
    {
      out: writeTo(process.stdout),
      err: writeTo(process.stderr),
      stdin: (what) => readInput(what, interrupt),
      readFile: (file) => readFile(file, 'utf8'),
      home: {
        directory: homeFolder(),
        platform: process.platform,
        ...(process.env.LOCALAPPDATA === undefined ? {} : { localAppData: process.env.LOCALAPPDATA }),
      },
      isTerminal: terminal,
      columns: process.stderr.columns || 80,
      interrupted: controller.signal,
      ...(mayOpen ? { openUrl: (url) => void openBrowser(url, process.platform) } : {}),
    },
  )
  await Promise.all(written)
  return code
}

async function runSelftest({ config, command }: Resolved, log: Logger): Promise<number> {
  const results = await selftest(config, realEffects, log, build.version)
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
