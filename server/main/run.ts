import { helpText, versionText } from '../cli/help.ts'
import { build } from '../config/build.ts'
import { loadConfig } from '../config/load.ts'
import { serve } from './serve.ts'

/** Runs one command line (without program and script) to its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const resolved = loadConfig(argv, process.env, process.cwd())
  if (!resolved.ok) {
    process.stderr.write(`${resolved.error.message}\n`)
    return resolved.error.exitCode
  }
  const { command } = resolved.value
  if (command.name === 'version') {
    process.stdout.write(versionText(build, command.options.json === true))
    return 0
  }
  if (command.name === 'help') {
    process.stdout.write(helpText(command.operands))
    return 0
  }
  if (command.name === 'serve') return serve(resolved.value)
  const { runOnTerminal } = await import('./subcommand.ts')
  return runOnTerminal(resolved.value)
}
