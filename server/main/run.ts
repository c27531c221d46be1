import { helpText, versionText } from '../cli/help.ts'
import { build, isDesktopBuild } from '../config/build.ts'
import { loadConfig } from '../config/load.ts'
import { desktopFolder } from '../desktop/places.ts'
import { serve } from './serve.ts'

/** Runs one command line (without program and script) to its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const resolved = loadFor(argv)
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
  if (command.name === 'desktop' || (isDesktopBuild && command.name === 'serve' && !argv.includes('serve'))) {
    const { runDesktop } = await import('./desktop.ts')
    return runDesktop(resolved.value, argv)
  }
  if (command.name === 'serve') return serve(resolved.value)
  const { runOnTerminal } = await import('./subcommand.ts')
  return runOnTerminal(resolved.value)
}

/** The desktop application has a data folder of its own, for whichever command it runs; the current folder is nobody's choice there. */
function loadFor(argv: readonly string[]): ReturnType<typeof loadConfig> {
  const load = (words: readonly string[]) => loadConfig(words, process.env, process.cwd())
  const resolved = load(argv)
  if (!resolved.ok || !(isDesktopBuild || resolved.value.command.name === 'desktop')) return resolved
  const isUnsaid = resolved.value.origins.data_dir?.from === 'default' && !resolved.value.config.demo
  return isUnsaid ? load([...argv, '--data-dir', desktopFolder(process.env, process.platform)]) : resolved
}
