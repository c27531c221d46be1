// Runs real clients against the built executable and the provider's simulator. What it needs is installed here, apart from
// the root, so that `npm test` stays light. `bun run test/clients/run.ts codex` runs those whose file name has the word.
import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import path from 'node:path'

const here = import.meta.dir
const root = path.join(here, '../..')
const os = process.platform === 'win32' ? 'windows' : process.platform
const binary = path.join(
  root,
  'dist',
  `${os}-${process.arch}`,
  os === 'windows' ? 'claude-server.exe' : 'claude-server',
)
/** Takes most of the time: begun first, so that the others run beside it. */
const slowest = 'opencode.clients.ts'

async function must(command: readonly string[], cwd: string): Promise<void> {
  const child = Bun.spawn([...command], { cwd, stdout: 'inherit', stderr: 'inherit' })
  if ((await child.exited) === 0) return
  console.error(`${command.join(' ')} failed`)
  process.exit(1)
}

/** A network of its own with nothing but loopback in it, where this machine lets us have one. */
async function aloneOnLoopback(): Promise<readonly string[]> {
  const wrapped = ['unshare', '--map-root-user', '--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
  if (process.platform !== 'linux' || Bun.which('unshare') === null || Bun.which('ip') === null) return []
  const probe = Bun.spawn([...wrapped, 'true'], { stdout: 'ignore', stderr: 'ignore' })
  return (await probe.exited) === 0 ? wrapped : []
}

type Counts = { readonly passed: number; readonly failed: number }

async function runFile(file: string, fence: readonly string[]): Promise<Counts> {
  const child = Bun.spawn([...fence, process.execPath, 'test', '--timeout', '250000', `./test/clients/${file}`], {
    cwd: root,
    env: { ...process.env, GATEWAY_BINARY: binary },
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const [text, code] = await Promise.all([new Response(child.stderr).text(), child.exited])
  console.log(`\n== ${file}\n${text.trim()}`)
  const count = (word: string): number => Number(new RegExp(`^\\s*(\\d+) ${word}$`, 'm').exec(text)?.[1] ?? 0)
  const passed = count('pass')
  return { passed, failed: count('fail') || (passed === 0 || code !== 0 ? 1 : 0) }
}

await must([process.execPath, 'install', '--frozen-lockfile'], here)
// Python's clients, in a place of their own.
const venv = path.join(here, '.venv')
await must(['python3', '-m', 'venv', venv], here)
await must([path.join(venv, 'bin/pip'), 'install', '--quiet', '--requirement', 'requirements.txt'], here)
await must([path.join(root, 'node_modules/.bin/tsc'), '-p', 'test/clients'], root)
const fence = await aloneOnLoopback()
console.log(fence.length > 0 ? 'network   loopback alone' : 'network   not fenced in; the watch of each sandbox stands')

const files = readdirSync(here)
  .filter((file) => file.endsWith('.clients.ts') && file.includes(process.argv[2] ?? ''))
  .toSorted((a, b) => Number(b === slowest) - Number(a === slowest) || a.localeCompare(b))
const counts: Counts[] = []
const work = async (): Promise<void> => {
  for (let file = files.shift(); file !== undefined; file = files.shift()) counts.push(await runFile(file, fence))
}
await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, work))
const passed = counts.reduce((sum, one) => sum + one.passed, 0)
const failed = counts.reduce((sum, one) => sum + one.failed, 0) || (passed === 0 ? 1 : 0)
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
