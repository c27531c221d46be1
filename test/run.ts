// Runs the tests in three parts and sums them up: `unit` (*.test.ts), `e2e` (*.e2e.ts, against the built executable), and `mariadb`:
// those of what is stored once more, on a database server started for them, while the browser is still at work. A fourth, `console`,
// is run by name only: what each page of the console can do takes longer than all the rest (`npm run test:console`); `e2e` walks
// through all of them and has a part of it.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { hasMariaDb, startMariaDb } from './support/mariadb.ts'
import { canWatch, readWatched, watchVariable } from './support/outbound-watch.ts'

const root = path.join(import.meta.dir, '..')
const only = process.argv[2]

/** Of one test, where it sets none itself: a slow machine is no fault of it. */
const timeoutMs = 180_000

/** What bun prints of a failed expectation: the code about it, the values, where. */
const linesBeforeFailure = 30

type Outcome = {
  readonly passed: number
  readonly failed: number
  /** Each failed test by its own name, with what was said before it; told once more at the end, where a long output is still kept. */
  readonly said: readonly string[]
  /** Those with a failed test. */
  readonly files: readonly string[]
}

/** What failed beside others and passed when it was run once more by itself: told at the end as well. */
const unsteady: string[] = []

/** `beside`: another one that runs at the same time; what this one says is shown when that has ended. */
async function run(
  name: string,
  files: readonly string[],
  env: Record<string, string>,
  beside?: Promise<unknown>,
): Promise<Outcome> {
  if (files.length === 0) return { passed: 0, failed: 1, said: [`== ${name} has no files`], files }
  const title = `\n== ${name}: ${files.length} files`
  let held: (string | Uint8Array)[] | undefined = beside && [`${title}\n`]
  const say = (piece: Uint8Array): void => {
    if (held) held.push(piece)
    else process.stderr.write(piece)
  }
  const shown = beside?.then(() => {
    for (const piece of held ?? []) process.stderr.write(piece)
    held = undefined
  })
  if (!held) console.log(title)
  const child = Bun.spawn([process.execPath, 'test', '--timeout', String(timeoutMs), ...files], {
    cwd: root,
    env: { ...process.env, ...env },
    stdout: held ? 'ignore' : 'inherit',
    stderr: 'pipe',
  })
  let text = ''
  let file = ''
  const failedIn = new Set<string>()
  const said: string[] = []
  let told: string[] = []
  // Bun names them once more at the end.
  let summing = false
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of child.stderr as unknown as AsyncIterable<Uint8Array>) {
    say(chunk)
    const piece = decoder.decode(chunk, { stream: true })
    text = (text + piece).slice(-4_000)
    const lines = (rest + piece).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (/^\S+\.ts:$/.test(line)) file = line
      if (/^\d+ tests? failed:$/.test(line)) summing = true
      if (line.startsWith('(fail)') && !summing) {
        failedIn.add(`./${file.slice(0, -1)}`)
        said.push(`== ${name}, ${file}`, ...told, line)
      }
      told = /^\((pass|fail|skip)\)/.test(line) ? [] : [...told.slice(1 - linesBeforeFailure), line]
    }
  }
  const code = await child.exited
  await shown
  const count = (word: string): number => Number(new RegExp(`^\\s*(\\d+) ${word}$`, 'm').exec(text)?.[1] ?? 0)
  const counts = { passed: count('pass'), failed: count('fail') }
  if (counts.passed === 0) counts.failed ||= 1
  if (code !== 0 && counts.failed === 0) {
    counts.failed = 1
    said.push(`== ${name} ended with ${code ?? child.signalCode} and no failed test`, ...told)
  }
  return { ...counts, said, files: [...failedIn] }
}

/** More than these are no chance. */
const mostAgain = 2

/**
 * A part that drives real processes and a browser beside another one, on two cores. Files of it that failed are run once more, whole
 * and alone; what passes then counts as passed and is told as unsteady, with all that was said of it. What fails again has failed.
 */
async function steadily(name: string, env: Record<string, string>, first: Outcome): Promise<Outcome> {
  const { files, said } = first
  if (files.length === 0 || files.length > mostAgain) return first
  const again = await run(`${name}, once more`, files, env)
  if (again.failed > 0) return { ...first, said: [...said, ...again.said] }
  unsteady.push(...said)
  return { passed: first.passed + first.failed, failed: 0, said: [], files: [] }
}

/** All gateways of the run spoke to this machine alone, which is all they were configured with; one more test. */
function watchedRun(folder: string): Outcome {
  // Said where the run is left out, which fails in CI: `outbound.e2e.ts`.
  if (!canWatch()) return { passed: 0, failed: 0, said: [], files: [] }
  const { traces, local, strangers } = readWatched(folder)
  console.log(`\n== sockets: ${traces} processes, ${local} connections on this machine, ${strangers.length} elsewhere`)
  const said = strangers.map((stranger) => `(fail) the gateway spoke to ${stranger}, which no test configured`)
  if (traces < 20 || local < 100) said.push('(fail) the watch saw next to nothing')
  return said.length > 0 ? { passed: 0, failed: 1, said, files: [] } : { passed: 1, failed: 0, said, files: [] }
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

/**
 * What reads and writes the database, whichever it is. Not here: what never touches it or hardly does (`validation`, `answers`, `routes`,
 * `devtools`, `openapi`, `events` … pass there too), what has a server of its own in the first part (`store/mysql`, `moving/mysql`,
 * `moving/mysql-kill`, `backup/mariadb`, `e2e/mysql`), and what is about a database in a file (`store/engine`, `store/lock`, the other
 * ones of `moving` and `backup`).
 */
const unitOnServer = [
  ...[
    ...['audit', 'deleted', 'hand-overs', 'model-mappings', 'operators', 'proxies', 'requests', 'rollups', 'store'],
    ...['unwritten', 'usage', 'whole'],
  ].map((name) => `./test/store/${name}.test.ts`),
  ...[
    ...[
      'account-story',
      'accounts',
      'audit',
      'bulk',
      'confirmation',
      'console-key',
      'control',
      'deleted',
      'hand-overs',
    ],
    ...['idempotency', 'imports', 'key-rotation', 'list-page', 'logs', 'meta', 'model-mappings', 'more-pages'],
    ...['original-contract', 'people', 'preconditions', 'proxies', 'reads', 'secrets', 'server', 'session', 'settings'],
    ...['settings-fields', 'sign-in', 'spelling', 'stats', 'stats-groups', 'stream-guard', 'streams', 'users'],
  ].map((name) => `./test/admin/${name}.test.ts`),
  './test/backup/server.test.ts',
]
/** The rest is the client's side or the console's, or never looks at what is stored. */
const e2eOnServer = ['admin', 'cli', 'history', 'limits', 'logs', 'restart', 'secrets'].map(
  (name) => `./test/e2e/${name}.e2e.ts`,
)

const parts: Outcome[] = []
if (only === undefined || only === 'unit') parts.push(await run('unit', ending('.test.ts'), {}))
const browsed = ending('.e2e.ts').filter((file) => file.includes('/console'))
// As many rows of `acceptance.test.ts` as there is time for: what takes long for what it finds is left out.
const inEveryRun = [
  ...['accounts', 'care', 'guards', 'health', 'import', 'keyboard', 'lists', 'many', 'models', 'overview', 'pace'],
  ...['phone', 'proxies', 'setup', 'shell'],
].map((name) => `./test/e2e/console-${name}.e2e.ts`)
/** These measure times: with another one beside them they would measure that too. */
const byTheClock = ['many', 'pace'].map((name) => `./test/e2e/console-${name}.e2e.ts`)
const pages = browsed.filter((file) => !inEveryRun.includes(file) && file !== './test/e2e/console.e2e.ts')
if (only === 'console') parts.push(await run('pages of the console', pages, { GATEWAY_BINARY: binary }))
/** All that is stored, on a server of its own. */
async function onMariaDb(): Promise<readonly Outcome[]> {
  const server = await startMariaDb()
  const env = { TEST_MYSQL_PORT: String(server.port) }
  const name = 'e2e on MariaDB'
  try {
    const unit = await run('unit on MariaDB', unitOnServer, env)
    const driven = { ...env, GATEWAY_BINARY: binary }
    return [unit, await steadily(name, driven, await run(name, e2eOnServer, driven))]
  } finally {
    await server.stop()
  }
}

const withMariaDb = only === undefined && (hasMariaDb || process.env.CI !== undefined)
if (only === undefined || only === 'e2e') {
  const folder = mkdtempSync(path.join(tmpdir(), 'sockets-'))
  const env = { GATEWAY_BINARY: binary, [watchVariable]: folder }
  const files = ending('.e2e.ts').filter((file) => !browsed.includes(file))
  // Side by side: one waits for clocks, peers and the database most of the time, the other for a browser.
  const unseen = run('e2e', files, env).then(async (api) => ({ api, onServer: withMariaDb ? await onMariaDb() : [] }))
  const inBrowser = browsed.filter((file) => !pages.includes(file) && !byTheClock.includes(file))
  const [{ api, onServer }, seen] = await Promise.all([unseen, run('e2e in a browser', inBrowser, env, unseen)])
  for (const part of [api, seen]) parts.push(await steadily('e2e', env, part))
  parts.push(...onServer)
  const alone = { GATEWAY_BINARY: binary }
  parts.push(await steadily('e2e', alone, await run('e2e in a browser, by the clock', byTheClock, alone)))
  parts.push(watchedRun(folder))
  rmSync(folder, { recursive: true })
}
if (only === 'mariadb') parts.push(...(await onMariaDb()))
if (only === undefined && !withMariaDb)
  console.log('\nno mariadbd on this machine: nothing was tested on MariaDB (apt install mariadb-server)')
const passed = parts.reduce((sum, part) => sum + part.passed, 0)
const failed = parts.reduce((sum, part) => sum + part.failed, 0)
const failures = parts.flatMap(({ said }) => said)
if (unsteady.length > 0) console.log(`\nfailed at first, passed when run again alone:\n${unsteady.join('\n')}`)
if (failures.length > 0) console.log(`\nwhat failed:\n${failures.join('\n')}`)
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
