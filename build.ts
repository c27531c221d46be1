import { chmod, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { type BuildCommand, parseBuild, usage } from './server/release/command.ts'
import { buildUi, consoleFolder } from './server/release/console.ts'
import type { Say } from './server/release/files.ts'
import type { Stamp } from './server/release/stamp.ts'

// bun run build.ts                  the console and the executable for this machine, dist/<os>-<arch>/claude-server
// bun run build.ts server | desktop | all | clean    a release; `--help` says more
// bun run build.ts --ui             the console alone, for a start from source; does nothing when it is up to date
// bun run build.ts --start          the console, then this process becomes the server; what follows is the server's

const root = import.meta.dirname

/** What `--verbose` adds to the lines that tell how far it is. */
const detailOf = ({ verbose }: BuildCommand): Say => (verbose ? (line) => console.log(`  ${line}`) : () => {})

async function run(command: BuildCommand): Promise<void> {
  const detail = detailOf(command)
  if (command.verb === 'help') return console.log(usage)
  if (command.verb === 'clean') return clean()
  if (!(await buildUi({ noCache: command.noCache, detail }))) throw new Error('the console was not built')
  // Loaded only now: a start from source needs none of it.
  const { readStamp } = await import('./server/release/stamp.ts')
  const stamp = await readStamp(root, command.version, process.env)
  if (command.verb === 'executable') return executable(command, stamp, detail)
  const { buildDesktop, buildServerArchives, inWorkshop } = await import('./server/release/release.ts')
  const { targets } = await import('./server/release/targets.ts')
  console.log(`release   ${stamp.version}, commit ${stamp.commit} of ${new Date(stamp.committedAt).toISOString()}`)
  const chosen = command.target === undefined ? targets : [command.target]
  await inWorkshop({ root, stamp, noCache: command.noCache, say: console.log, detail }, async (shop) => {
    if (command.verb !== 'desktop') await buildServerArchives(shop, chosen)
    if (command.verb !== 'server') await buildDesktop(shop, command.target)
  })
}

/** Where tests, smoke and CI look for it. Without `-p` it is built on the runtime that builds: nothing is fetched. */
async function executable({ target, noCache }: BuildCommand, stamp: Stamp, detail: Say): Promise<void> {
  const { buildExecutable } = await import('./server/release/executable.ts')
  const { bunNameOf, thisMachine } = await import('./server/release/targets.ts')
  const { mib } = await import('./server/release/files.ts')
  const startedAt = performance.now()
  const chosen = target ?? thisMachine(process.platform, process.arch)
  const folder = path.join(root, 'dist', bunNameOf(chosen))
  let file = ''
  if (target === undefined) {
    file = (await buildExecutable({ root, target: chosen, stamp, folder, detail })).file
  } else {
    const { inWorkshop, makeExecutable } = await import('./server/release/release.ts')
    const made = await inWorkshop({ root, stamp, noCache, say: console.log, detail }, (shop) =>
      makeExecutable(shop, chosen),
    )
    file = path.join(folder, chosen.os === 'windows' ? 'claude-server.exe' : 'claude-server')
    await Bun.write(file, made.bytes)
    await chmod(file, 0o755)
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`binary    ${path.relative(root, file)}, ${mib((await stat(file)).size)}, in ${seconds} s`)
}

async function clean(): Promise<void> {
  const folders = ['dist', 'ui/dist', path.relative(root, consoleFolder), 'node_modules/.cache/runtimes']
  for (const folder of folders) await rm(path.join(root, folder), { recursive: true, force: true })
  console.log(`clean     ${folders.join(', ')}`)
}

/** The server in place of this process, so that a signal sent to `npm start` reaches it. */
async function startServer(args: readonly string[]): Promise<number> {
  const command = [process.execPath, path.join(root, 'server/main.ts'), ...args]
  const { execve } = process
  if (process.platform !== 'win32' && execve !== undefined) execve.call(process, process.execPath, command, process.env)
  const child = Bun.spawn(command, { stdio: ['inherit', 'inherit', 'inherit'] })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return child.exited
}

const [option, ...rest] = process.argv.slice(2)
if (option === '--start') process.exit((await buildUi()) ? await startServer(rest) : 1)
if (option === '--ui' && rest.length === 0) process.exit((await buildUi()) ? 0 : 1)
const command = parseBuild(process.argv.slice(2), process.env)
if (!command.ok) {
  console.error(`build     ${command.error}\n\n${usage}`)
  process.exit(1)
}
try {
  await run(command.value)
} catch (error) {
  const text = error instanceof Error ? (command.value.verbose ? error.stack : error.message) : String(error)
  console.error(`build     failed: ${text}`)
  process.exit(1)
}
