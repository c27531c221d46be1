// Runs the tests in two parts and sums them up: `unit` (*.test.ts) and `e2e` (*.e2e.ts, against the built executable).
import { readdirSync } from 'node:fs'
import path from 'node:path'

const root = path.join(import.meta.dir, '..')
const only = process.argv[2]

type Counts = { passed: number; failed: number }

async function run(name: string, files: readonly string[], env: Record<string, string>): Promise<Counts> {
  if (files.length === 0) return { passed: 0, failed: 1 }
  console.log(`\n== ${name}: ${files.length} files`)
  const child = Bun.spawn([process.execPath, 'test', '--timeout', '60000', ...files], {
    cwd: root,
    env: { ...process.env, ...env },
    stdout: 'inherit',
    stderr: 'pipe',
  })
  let text = ''
  for await (const chunk of child.stderr as unknown as AsyncIterable<Uint8Array>) {
    process.stderr.write(chunk)
    text = (text + new TextDecoder().decode(chunk)).slice(-4_000)
  }
  const code = await child.exited
  const count = (word: string): number => Number(new RegExp(`^\\s*(\\d+) ${word}$`, 'm').exec(text)?.[1] ?? 0)
  const counts = { passed: count('pass'), failed: count('fail') }
  if (counts.passed === 0) counts.failed ||= 1
  if (code !== 0) counts.failed ||= 1
  return counts
}

const all = readdirSync(path.join(root, 'test'), { recursive: true, encoding: 'utf8' }).sort()
const ending = (suffix: string): readonly string[] =>
  all.filter((file) => file.endsWith(suffix) && !file.includes('node_modules')).map((file) => `./test/${file}`)
const binary = path.join(
  root,
  'dist',
  `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`,
  process.platform === 'win32' ? 'claude-server.exe' : 'claude-server',
)

const parts: Counts[] = []
if (only !== 'e2e') parts.push(await run('unit', ending('.test.ts'), {}))
if (only !== 'unit') parts.push(await run('e2e', ending('.e2e.ts'), { GATEWAY_BINARY: binary }))
const passed = parts.reduce((sum, part) => sum + part.passed, 0)
const failed = parts.reduce((sum, part) => sum + part.failed, 0)
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
