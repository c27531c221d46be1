// Runs real clients against the built executable and the provider's simulator. What it needs is installed here, apart from
// the root, so that `npm test` stays light. `bun run test/clients/run.ts codex` runs those whose file name has the word.
import { readdirSync } from 'node:fs'
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

async function run(
  command: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const child = Bun.spawn([...command], { cwd, env: { ...process.env, ...env }, stdout: 'inherit', stderr: 'pipe' })
  let text = ''
  for await (const chunk of child.stderr as unknown as AsyncIterable<Uint8Array>) {
    process.stderr.write(chunk)
    text = (text + new TextDecoder().decode(chunk)).slice(-4_000)
  }
  if ((await child.exited) !== 0 && !/^\s*\d+ fail$/m.test(text)) {
    console.error(`${command.join(' ')} failed`)
    process.exit(1)
  }
  return text
}

/** A network of its own with nothing but loopback in it, where this machine lets us have one. */
async function alone(): Promise<readonly string[]> {
  const wrapped = ['unshare', '--map-root-user', '--net', '--', 'sh', '-c', 'ip link set lo up && exec "$@"', 'sh']
  if (process.platform !== 'linux' || Bun.which('unshare') === null || Bun.which('ip') === null) return []
  const probe = Bun.spawn([...wrapped, 'true'], { stdout: 'ignore', stderr: 'ignore' })
  return (await probe.exited) === 0 ? wrapped : []
}

await run([process.execPath, 'install', '--frozen-lockfile'], here)
await run([path.join(root, 'node_modules/.bin/tsc'), '-p', 'test/clients'], root)

const fence = await alone()
console.log(
  fence.length > 0 ? 'network   loopback alone' : 'network   not fenced in here; the watch of each sandbox stands',
)
const files = readdirSync(here).filter((file) => file.endsWith('.clients.ts') && file.includes(process.argv[2] ?? ''))
const text = await run(
  [...fence, process.execPath, 'test', '--timeout', '120000', ...files.map((file) => `./test/clients/${file}`)],
  root,
  { GATEWAY_BINARY: binary },
)
const count = (word: string): number => Number(new RegExp(`^\\s*(\\d+) ${word}$`, 'm').exec(text)?.[1] ?? 0)
const passed = count('pass')
const failed = count('fail') || (passed === 0 ? 1 : 0)
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
