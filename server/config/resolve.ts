import path from 'node:path'
import { err, ok, type Result } from '../lib/result.ts'
import { type Arguments, parseArguments } from './arguments.ts'
import { parseSwitch, parseValue, show } from './check.ts'
import { type Command, usage } from './command.ts'
import { type FileSettings, parseFile } from './file.ts'
import { type Config, camel, leaves } from './schema.ts'

/** Why the program cannot start; `message` may have several lines and goes to standard error. */
export type ConfigFault = { readonly message: string; readonly exitCode: 1 | 2 }

/** Where a value came from; `where` is the option, the variable, or `file:line`. */
export type Origin = { readonly from: 'flag' | 'env' | 'file' | 'default'; readonly where?: string }

export type Resolved = {
  readonly config: Config
  /** By dotted file key, plus `data_dir`, `config`, `no_browser`, `demo`, `new_master_key`, `admin_password`, `master_key`. */
  readonly origins: Readonly<Record<string, Origin>>
  readonly warnings: readonly string[]
  readonly command: Command
}

/** Text of a file, undefined when it does not exist, an error when it cannot be read. */
export type ReadFile = (file: string) => Result<string | undefined, string>

const envByKey: Readonly<Record<string, string>> = {
  'server.port': 'PORT',
  'server.host': 'HOST',
  'log.level': 'LOG_LEVEL',
  'upstream.q_url': 'UPSTREAM_Q_URL',
  'upstream.oidc_url': 'UPSTREAM_OIDC_URL',
  'upstream.kiro_auth_url': 'UPSTREAM_KIRO_AUTH_URL',
  'update.feed_url': 'UPDATE_FEED_URL',
  'vault.master_key_file': 'MASTER_KEY_FILE',
  'database.mysql.password': 'DATABASE_PASSWORD',
}
const flagByKey: Readonly<Record<string, string>> = { 'server.port': 'port', 'server.host': 'host' }
const fileNames = ['config.yaml', 'config.yml', 'config.json'] as const

type Env = Readonly<Record<string, string | undefined>>
type Chosen = { readonly value: unknown; readonly origin: Origin }

/**
 * Command line over environment over file over defaults, into one frozen `Config`. Pure: `cwd` is the folder relative
 * paths on the command line and in the environment start at. `help` and `version` never look at the file.
 */
export function resolveConfig(
  argv: readonly string[],
  env: Env,
  readFile: ReadFile,
  cwd: string,
): Result<Resolved, ConfigFault> {
  const parsed = parseArguments(argv)
  if (!parsed.ok) return err({ message: `claude-server: ${parsed.error}\n\n${usage()}`, exitCode: 2 })
  const { command, options } = parsed.value
  const bare = command.name === 'help' || command.name === 'version'
  const vars: Env = bare ? {} : env

  const faults: string[] = []
  const started = startValues(options, vars, cwd, faults)
  const found = bare ? ok(undefined) : findFile(started, readFile)
  if (!found.ok) return err({ message: found.error, exitCode: 2 })
  const file = found.value === undefined ? ok(undefined) : parseFile(found.value.text, found.value.name)
  if (!file.ok) return err({ message: file.error, exitCode: 2 })

  const chosen = new Map<string, Chosen>()
  for (const { key, schema } of leaves) {
    const value = choose(key, schema, bare ? new Map() : options, vars, file.value, found.value?.name ?? '', faults)
    chosen.set(key, value)
  }
  if (faults.length > 0) return err({ message: faults.join('\n'), exitCode: 2 })

  const origins: Record<string, Origin> = { ...started.origins }
  for (const [key, { origin }] of chosen) origins[key] = origin
  if (found.value !== undefined && origins.config === undefined) {
    origins.config = { from: 'default', where: found.value.name }
  }
  return ok({
    config: build(chosen, started, found.value?.path, cwd),
    origins: Object.freeze(origins),
    warnings: file.value?.warnings ?? [],
    command,
  })
}

type Started = {
  readonly dataDir: string
  readonly configFile?: string
  readonly noBrowser: boolean
  readonly demo: boolean
  readonly newMasterKey: boolean
  readonly adminPassword?: string
  readonly masterKey?: string
  readonly testPassword?: string
  readonly origins: Readonly<Record<string, Origin>>
}

/** What no file can set: where the file is, switches of this start, secrets of the environment. */
function startValues(options: Arguments['options'], env: Env, cwd: string, faults: string[]): Started {
  const origins: Record<string, Origin> = {}
  const text = (key: string, option: string | undefined, variable: string | undefined): string | undefined => {
    const flag = option === undefined ? undefined : options.get(option)
    if (typeof flag?.value === 'string' && flag.value !== '') {
      origins[key] = { from: 'flag', where: flag.spelling }
      return flag.value
    }
    const value = variable === undefined ? undefined : env[variable]
    if (value === undefined || value === '') return undefined
    origins[key] = { from: 'env', ...(variable !== undefined && { where: variable }) }
    return value
  }
  const toggle = (key: string, option: string, variable?: string): boolean => {
    const flag = options.get(option)
    if (flag !== undefined) {
      origins[key] = { from: 'flag', where: flag.spelling }
      return flag.value === true
    }
    const value = text(key, undefined, variable)
    if (value === undefined) {
      origins[key] = { from: 'default' }
      return false
    }
    const parsed = parseSwitch(value)
    if (parsed === undefined) faults.push(`${variable}: must be true or false, not ${show(value)}`)
    return parsed ?? false
  }

  const dataDir = text('data_dir', 'data-dir', 'DATA_DIR')
  origins.data_dir ??= { from: 'default' }
  const configFile = text('config', 'config', undefined)
  const adminPassword = text('admin_password', undefined, 'ADMIN_PASSWORD')
  if (adminPassword !== undefined && (adminPassword.length < 8 || adminPassword === 'admin')) {
    faults.push('ADMIN_PASSWORD: must have at least 8 characters')
  }
  const masterKey = text('master_key', undefined, 'MASTER_KEY')
  const testPassword = text('test_password', undefined, 'TEST_PASSWORD')
  return {
    dataDir: path.resolve(cwd, dataDir ?? '.'),
    ...(configFile !== undefined && { configFile: path.resolve(cwd, configFile) }),
    noBrowser: toggle('no_browser', 'no-browser', 'NO_BROWSER'),
    demo: toggle('demo', 'demo'),
    newMasterKey: toggle('new_master_key', 'new-master-key'),
    ...(adminPassword !== undefined && { adminPassword }),
    ...(masterKey !== undefined && { masterKey }),
    ...(testPassword !== undefined && { testPassword }),
    origins,
  }
}

type Found = { readonly path: string; readonly name: string; readonly text: string }

function findFile(started: Started, readFile: ReadFile): Result<Found | undefined, string> {
  const given = started.configFile
  const candidates = given !== undefined ? [given] : fileNames.map((name) => path.join(started.dataDir, name))
  for (const candidate of candidates) {
    const read = readFile(candidate)
    if (!read.ok) return err(`${candidate}: cannot be read: ${read.error}`)
    if (read.value !== undefined) return ok({ path: candidate, name: path.basename(candidate), text: read.value })
  }
  return given === undefined ? ok(undefined) : err(`${given}: there is no such configuration file`)
}

function choose(
  key: string,
  schema: (typeof leaves)[number]['schema'],
  options: Arguments['options'],
  env: Env,
  file: FileSettings | undefined,
  fileName: string,
  faults: string[],
): Chosen {
  const flag = options.get(flagByKey[key] ?? '')
  // As in the original, -port 0 and an empty value mean "not given".
  if (typeof flag?.value === 'string' && flag.value !== '' && !(key === 'server.port' && flag.value === '0')) {
    const parsed = parseValue(schema, flag.value)
    if (!parsed.ok) faults.push(`${flag.spelling}: ${parsed.error}`)
    else return { value: parsed.value, origin: { from: 'flag', where: flag.spelling } }
  }
  const variable = envByKey[key]
  const text = variable === undefined ? undefined : env[variable]
  if (variable !== undefined && text !== undefined && text.trim() !== '') {
    const parsed = parseValue(schema, text.trim())
    if (!parsed.ok) faults.push(`${variable}: ${parsed.error}`)
    else return { value: parsed.value, origin: { from: 'env', where: variable } }
  }
  const debug = file?.values.get('debug')
  if (key === 'log.level' && debug?.value === true) {
    return { value: 'debug', origin: { from: 'file', where: `${fileName}:${debug.line}` } }
  }
  const set = file?.values.get(key)
  if (set !== undefined) return { value: set.value, origin: { from: 'file', where: `${fileName}:${set.line}` } }
  return { value: schema.default, origin: { from: 'default' } }
}

function build(
  chosen: ReadonlyMap<string, Chosen>,
  started: Started,
  configFile: string | undefined,
  cwd: string,
): Config {
  const tree: Record<string, unknown> = {}
  for (const [key, { value, origin }] of chosen) {
    if (key === 'debug' || value === '') continue // an empty text is an absent member
    const parts = key.split('.').map(camel)
    const last = parts.pop() ?? ''
    let section = tree
    for (const part of parts) {
      section[part] ??= {}
      section = section[part] as Record<string, unknown>
    }
    const base = origin.from === 'env' ? cwd : started.dataDir
    const isFile = key === 'vault.master_key_file' || key === 'database.mysql.ca_file'
    section[last] = isFile ? path.resolve(base, String(value)) : value
  }
  const { origins: _, configFile: __, masterKey, ...start } = started
  const sqlite = (tree.database as { readonly sqlite: { readonly path: string } }).sqlite
  return freeze({
    ...(tree as Omit<Config, 'dataDir'>), // built from the schema, leaf by leaf, above
    ...start,
    vault: { ...(tree.vault as Config['vault'] | undefined), ...(masterKey !== undefined && { masterKey }) },
    databasePath: path.resolve(started.dataDir, sqlite.path),
    ...(configFile !== undefined && { configFile }),
  })
}

function freeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) if (typeof member === 'object' && member !== null) freeze(member)
  return Object.freeze(value)
}
