import { describe, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { loadConfig } from '../../server/config/load.ts'
import { type Resolved, resolveConfig } from '../../server/config/resolve.ts'
import { configRows } from '../../server/config/rows.ts'
import { leaves } from '../../server/config/schema.ts'
import { err, ok } from '../../server/lib/result.ts'
import { strategies } from '../../server/pool/select.ts'

type Files = Readonly<Record<string, string>>
type Given = { readonly argv?: readonly string[]; readonly env?: Record<string, string>; readonly files?: Files }

const cwd = path.resolve('/srv/here')
const resolve = ({ argv = [], env = {}, files = {} }: Given) =>
  resolveConfig(argv, env, (file) => ok(files[path.relative(cwd, file).replaceAll(path.sep, '/')]), cwd)

function resolved(given: Given): Resolved {
  const result = resolve(given)
  if (!result.ok) throw new Error(result.error.message)
  return result.value
}
function refused(given: Given): { message: string; exitCode: number } {
  const result = resolve(given)
  if (result.ok) throw new Error('was not refused')
  return result.error
}

describe('precedence', () => {
  const yaml = { 'config.yaml': 'server:\n  port: 3\n  host: ::1\nlog: {level: warn}\n' }
  const rows: readonly (readonly [name: string, given: Given, port: number, origin: object])[] = [
    ['default', {}, 62311, { from: 'default' }],
    ['file over default', { files: yaml }, 3, { from: 'file', where: 'config.yaml:2' }],
    ['environment over file', { files: yaml, env: { PORT: '2' } }, 2, { from: 'env', where: 'PORT' }],
    ['flag over environment', { files: yaml, env: { PORT: '2' }, argv: ['-p', '1'] }, 1, { from: 'flag', where: '-p' }],
    ['flag 0 is not given', { files: yaml, argv: ['-port', '0'] }, 3, { from: 'file', where: 'config.yaml:2' }],
    ['empty variable is not set', { files: yaml, env: { PORT: '' } }, 3, { from: 'file', where: 'config.yaml:2' }],
    ['PORT=0 asks for a free port', { files: yaml, env: { PORT: '0' } }, 0, { from: 'env', where: 'PORT' }],
    ['0 in the file keeps the default', { files: { 'config.yml': 'server: {port: 0}' } }, 62311, { from: 'default' }],
    [
      'config.yaml before config.yml before config.json',
      { files: { ...yaml, 'config.yml': 'server: {port: 4}', 'config.json': '{"port":5}' } },
      3,
      { from: 'file', where: 'config.yaml:2' },
    ],
    [
      'config.yml before config.json',
      { files: { 'config.yml': 'server: {port: 4}', 'config.json': '{"port":5}' } },
      4,
      { from: 'file', where: 'config.yml:1' },
    ],
    [
      'legacy flat JSON',
      { files: { 'config.json': '{\n\t"port": 5\n}' } },
      5,
      { from: 'file', where: 'config.json:2' },
    ],
    [
      'a file of the data folder',
      { files: { 'data/config.yaml': 'server: {port: 6}', ...yaml }, argv: ['-data-dir=data'] },
      6,
      { from: 'file', where: 'config.yaml:1' },
    ],
    [
      'a file by name',
      { files: { 'other.yaml': 'server: {port: 7}', ...yaml }, argv: ['--config', 'other.yaml'] },
      7,
      { from: 'file', where: 'other.yaml:1' },
    ],
  ]
  test.each(rows)('%s', (_, given, port, origin) => {
    const { config, origins } = resolved(given)
    expect(config.server.port).toBe(port)
    expect(origins['server.port']).toEqual(origin as never)
  })

  const others: readonly (readonly [
    name: string,
    given: Given,
    read: (config: Resolved['config']) => unknown,
    expected: unknown,
  ])[] = [
    ['HOST', { env: { HOST: '127.0.0.1' } }, (c) => c.server.host, '127.0.0.1'],
    ['--host', { env: { HOST: '127.0.0.1' }, argv: ['--host=::'] }, (c) => c.server.host, '::'],
    ['DATA_DIR', { env: { DATA_DIR: 'd' } }, (c) => c.databasePath, path.join(cwd, 'd', 'data.sqlite3')],
    ['-data-dir', { env: { DATA_DIR: 'd' }, argv: ['-data-dir=e'] }, (c) => c.dataDir, path.join(cwd, 'e')],
    ['NO_BROWSER', { env: { NO_BROWSER: '1' } }, (c) => c.noBrowser, true],
    ['NO_BROWSER=0', { env: { NO_BROWSER: '0' } }, (c) => c.noBrowser, false],
    ['-no-browser=false', { env: { NO_BROWSER: '1' }, argv: ['-no-browser=false'] }, (c) => c.noBrowser, false],
    ['LOG_LEVEL', { env: { LOG_LEVEL: 'error' } }, (c) => c.log.level, 'error'],
    ['debug', { files: { 'config.yaml': 'debug: true\nlog: {level: info}' } }, (c) => c.log.level, 'debug'],
    [
      'LOG_LEVEL over debug',
      { files: { 'config.yaml': 'debug: true' }, env: { LOG_LEVEL: 'warn' } },
      (c) => c.log.level,
      'warn',
    ],
    ['UPSTREAM_Q_URL', { env: { UPSTREAM_Q_URL: 'http://q:1/a' } }, (c) => c.upstream.qUrl, 'http://q:1/a'],
    [
      'UPSTREAM_OIDC_URL',
      { env: { UPSTREAM_OIDC_URL: 'https://o.{region}.x' } },
      (c) => c.upstream.oidcUrl,
      'https://o.{region}.x',
    ],
    [
      'UPSTREAM_KIRO_AUTH_URL',
      { env: { UPSTREAM_KIRO_AUTH_URL: 'http://k' } },
      (c) => c.upstream.kiroAuthUrl,
      'http://k',
    ],
    ['ADMIN_PASSWORD', { env: { ADMIN_PASSWORD: 'correct horse' } }, (c) => c.adminPassword, 'correct horse'],
    ['MASTER_KEY', { env: { MASTER_KEY: 'x'.repeat(20) } }, (c) => c.vault.masterKey, 'x'.repeat(20)],
    [
      'MASTER_KEY_FILE starts where the program was started',
      { env: { MASTER_KEY_FILE: 'k', DATA_DIR: 'd' } },
      (c) => c.vault.masterKeyFile,
      path.join(cwd, 'k'),
    ],
    [
      'vault.master_key_file starts at the data folder',
      { env: { DATA_DIR: 'd' }, files: { 'd/config.yaml': 'vault: {master_key_file: k}' } },
      (c) => c.vault.masterKeyFile,
      path.join(cwd, 'd', 'k'),
    ],
    [
      'an empty text is absent',
      { files: { 'config.yaml': "upstream: {q_url: ''}" } },
      (c) => 'qUrl' in c.upstream,
      false,
    ],
    ['no zone is absent', {}, (c) => c.timezone, undefined],
    ['timezone', { files: { 'config.yaml': 'timezone: Asia/Shanghai' } }, (c) => c.timezone, 'Asia/Shanghai'],
    [
      'trusted proxies',
      { files: { 'config.yaml': 'server:\n  trusted_proxies: [127.0.0.1, fd00::/8]' } },
      (c) => c.server.trustedProxies,
      ['127.0.0.1', 'fd00::/8'],
    ],
    ['--demo', { argv: ['--demo'] }, (c) => c.demo, true],
    ['anchors', { files: { 'config.yaml': 'a: &p 9\nserver: {port: *p}' } }, (c) => c.server.port, 9],
    ['an empty file', { files: { 'config.yaml': '# nothing\n' } }, (c) => c.server.port, 62311],
  ]
  test.each(others)('%s', (_, given, read, expected) => {
    expect(read(resolved(given).config)).toEqual(expected as never)
  })
})

describe('what stops the start', () => {
  const file = (text: string, name = 'config.yaml'): Given => ({ files: { [name]: text } })
  const rows: readonly (readonly [name: string, given: Given, message: string])[] = [
    ['PORT=abc', { env: { PORT: 'abc' } }, 'PORT: must be a whole number from 0 to 65535, not "abc"'],
    ['PORT=70000', { env: { PORT: '70000' } }, 'PORT: must be a whole number from 0 to 65535, not 70000'],
    ['-port 1.5', { argv: ['-port', '1.5'] }, '-port: must be a whole number from 0 to 65535, not "1.5"'],
    ['LOG_LEVEL', { env: { LOG_LEVEL: 'loud' } }, 'LOG_LEVEL: must be one of debug, info, warn, error, not "loud"'],
    ['NO_BROWSER', { env: { NO_BROWSER: 'please' } }, 'NO_BROWSER: must be true or false, not "please"'],
    [
      'UPSTREAM_Q_URL',
      { env: { UPSTREAM_Q_URL: 'localhost:1' } },
      'UPSTREAM_Q_URL: must be an http:// or https:// URL, not "localhost:1"',
    ],
    ['ADMIN_PASSWORD', { env: { ADMIN_PASSWORD: 'admin' } }, 'ADMIN_PASSWORD: must have at least 8 characters'],
    [
      'two variables',
      { env: { PORT: 'x', LOG_LEVEL: 'y' } },
      'PORT: must be a whole number from 0 to 65535, not "x"\nLOG_LEVEL: must be one of debug, info, warn, error, not "y"',
    ],
    [
      'wrong type',
      file('server:\n  host: h\n  port: abc\n'),
      'config.yaml:3: server.port: must be a whole number from 0 to 65535, not "abc"',
    ],
    [
      'number in quotes',
      file('server:\n  port: "80"\n'),
      'config.yaml:2: server.port: must be a whole number from 0 to 65535, not "80" (leave out the quotes)',
    ],
    ['section expected', file('\nserver: 5\n'), 'config.yaml:2: server: must be a section of keys, not a value'],
    [
      'value expected',
      file('server:\n  port:\n    a: 1\n'),
      'config.yaml:2: server.port: must be a whole number from 0 to 65535, not a section',
    ],
    ['a list as a file', file('- a\n'), 'config.yaml:1: the file: must be a section of keys, not a list'],
    ['text for a switch', file('debug: ja\n'), 'config.yaml:1: debug: must be true or false, not "ja"'],
    [
      'every fault of a file',
      file('debug: ja\nlog:\n  level: loud\n'),
      'config.yaml:1: debug: must be true or false, not "ja"\nconfig.yaml:3: log.level: must be one of debug, info, warn, error, not "loud"',
    ],
    [
      'bad range',
      file('server:\n  trusted_proxies:\n    - 10.0.0.0/33\n'),
      'config.yaml:2: server.trusted_proxies: item 1 must be an IP address or a range such as 10.0.0.0/8, not "10.0.0.0/33"',
    ],
    [
      'bad zone',
      file('timezone: Mars/Base'),
      'config.yaml:1: timezone: must be an IANA time zone such as Europe/Berlin, not "Mars/Base"',
    ],
    [
      'legacy JSON',
      file('{\n  "port": "x"\n}', 'config.json'),
      'config.json:2: port: must be a whole number from 0 to 65535, not "x"',
    ],
    [
      'missing named file',
      { argv: ['-config=no.yaml'] },
      `${path.join(cwd, 'no.yaml')}: there is no such configuration file`,
    ],
    [
      'an unknown storage engine',
      file('database:\n  type: postgres\n'),
      'config.yaml:2: database.type: must be one of sqlite, mysql, not "postgres"',
    ],
  ]
  test.each(rows)('%s', (_, given, message) => {
    expect(refused(given)).toEqual({ message, exitCode: 2 })
  })

  const syntax: readonly (readonly [name: string, text: string, file: string, place: string])[] = [
    ['indentation', 'server:\n  port: 1\n   host: x\n', 'config.yaml', 'config.yaml:2: '],
    ['open quote', 'a: 1\nb: "x\n', 'config.yml', 'config.yml:'],
    ['duplicate key', 'debug: true\nlog: {}\ndebug: false\n', 'config.yaml', 'config.yaml:3: '],
    [
      'SQL after the mapping, as in the original’s example',
      'debug: true\n\nCREATE DATABASE x;\n',
      'config.yaml',
      'config.yaml:3: ',
    ],
    ['two documents', 'debug: true\n---\ndebug: false\n', 'config.yaml', 'config.yaml:2: '],
    ['JSON without its end', '{\n "port": 1\n', 'config.json', 'config.json:'],
  ]
  test.each(syntax)('broken syntax: %s', (_, text, name, place) => {
    const fault = refused(file(text, name))
    expect(fault.exitCode).toBe(2)
    expect(fault.message).toStartWith(place)
  })

  test('aliases that multiply', () => {
    const lines = ['a: &a [x, x, x, x, x, x, x, x, x, x]']
    for (const [from, to] of ['ab', 'bc', 'cd', 'de', 'ef', 'fg'].map((pair) => [...pair])) {
      lines.push(`${to}: &${to} [${Array(10).fill(`*${from}`).join(', ')}]`)
    }
    expect(refused(file(`${lines.join('\n')}\nserver: {trusted_proxies: *g}\n`)).message).toContain(
      'server.trusted_proxies',
    )
  })

  test('an unreadable file', () => {
    const result = resolveConfig([], {}, () => err('permission denied'), cwd)
    expect(!result.ok && result.error.message).toContain('config.yaml: cannot be read: permission denied')
  })

  test('an unknown option, with the usage text', () => {
    const fault = refused({ argv: ['-prot', '1'] })
    expect(fault.exitCode).toBe(2)
    expect(fault.message).toStartWith('claude-server: unknown option: -prot')
    expect(fault.message).toContain('Usage: claude-server')
  })
})

describe('warnings', () => {
  const rows: readonly (readonly [text: string, warning: string])[] = [
    ['sever: {}', 'config.yaml:1: unknown key sever, did you mean server?'],
    ['server:\n  prot: 1', 'config.yaml:2: unknown key server.prot, did you mean server.port?'],
    [
      'server:\n  max-body-bytes: 1',
      'config.yaml:2: unknown key server.max-body-bytes, did you mean server.max_body_bytes?',
    ],
    ['port: 1', 'config.yaml:1: unknown key port, did you mean server.port?'],
    ['colours: {a: 1}', 'config.yaml:1: unknown key colours'],
    ['constructor: 1', 'config.yaml:1: unknown key constructor'],
    ['compression_enabled: true', 'config.yaml:1: compression_enabled has no effect here: it is set in the console'],
  ]
  test.each(rows)('%j', (text, warning) => {
    expect(resolved({ files: { 'config.yaml': text } }).warnings).toEqual([warning])
  })
  test('the original’s own keys give none', () => {
    const text =
      'database:\n  type: mysql\n  sqlite: {path: d.db}\n  mysql: {host: h, port: 1, user: u, password: 0050, database: d, charset: utf8}\n'
    const { config, warnings } = resolved({ files: { 'config.yaml': text } })
    expect(warnings).toEqual([])
    expect(config.databasePath).toBe(path.join(cwd, 'd.db'))
    const mysql = { host: 'h', port: 1, user: 'u', password: '0050', database: 'd' }
    expect(config.database).toMatchObject({ type: 'mysql', mysql })
  })
  test('a password of the database comes from the environment first, and is shown nowhere', () => {
    const file = 'database:\n  type: mysql\n  mysql:\n    password: from-the-file\n    port: 0\n'
    const found = resolved({ files: { 'config.yaml': file }, env: { DATABASE_PASSWORD: 'from-outside' } })
    expect(found.config.database.mysql).toMatchObject({ host: 'localhost', port: 3306, password: 'from-outside' })
    const text = JSON.stringify(configRows(found))
    expect(text).not.toMatch(/from-(the-file|outside)/)
    expect(text).toContain('"value":"(set)"')
  })
})

describe('the result', () => {
  test('is frozen all through', () => {
    const { config } = resolved({})
    expect(Object.isFrozen(config) && Object.isFrozen(config.server) && Object.isFrozen(config.database.sqlite)).toBe(
      true,
    )
    expect(Object.isFrozen(config.server.trustedProxies)).toBe(true)
  })
  test('help and version do not look at file or environment', () => {
    const broken = { files: { 'config.yaml': '][' }, env: { PORT: 'abc' } }
    expect(resolved({ ...broken, argv: ['-h'] }).command.name).toBe('help')
    expect(resolved({ ...broken, argv: ['version', '--json'] }).command.options).toEqual({ json: true })
  })
  test('is listed for doctor without secrets', () => {
    const env = {
      ADMIN_PASSWORD: 'correct horse',
      MASTER_KEY: 'battery staple battery',
      TEST_PASSWORD: 'battery of tests',
      UPSTREAM_Q_URL: 'http://me:pw@q/',
    }
    const rows = configRows(resolved({ env }))
    expect(JSON.stringify(rows)).not.toMatch(/correct horse|battery|:pw@/)
    expect(rows).toContainEqual({ key: 'master_key', value: '(set)', from: 'env', where: 'MASTER_KEY' })
    expect(rows.length).toBe(leaves.length - 1 + 8)
  })
  test.each(['config.yaml', 'config.json'])('test mode is turned on by %s, its password by the environment', (name) => {
    const files = { [name]: name.endsWith('json') ? '{"test": true}' : 'test: true' }
    const { config, warnings } = resolved({ files, env: { TEST_PASSWORD: 'only on this demo' } })
    expect([config.test, config.testPassword, warnings]).toEqual([true, 'only on this demo', []])
    expect(resolved({ files }).config.testPassword).toBeUndefined()
    expect(resolved({}).config.test).toBe(false)
  })
  test('the strategies are those of the pool', () => {
    const schema = leaves.find(({ key }) => key === 'pool.strategy')?.schema
    expect([...((schema?.enum ?? []) as string[])].toSorted()).toEqual([...strategies].toSorted())
  })
})

describe('docs/config.example.yaml', () => {
  const text = readFileSync(path.join(import.meta.dir, '../../docs/config.example.yaml'), 'utf8')
  test('gives exactly the defaults, without warnings', () => {
    const { config, warnings } = resolved({ files: { 'config.yaml': text } })
    const { configFile: _, ...values } = config
    expect(warnings).toEqual([])
    expect(values).toEqual(resolved({}).config)
  })
  test('names every setting', () => {
    for (const { key } of leaves) expect(text).toMatch(new RegExp(`^ *${key.split('.').at(-1)}:`, 'm'))
  })
})

test('the real disk: a file is found, a folder and other encodings are refused', () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'config-'))
  try {
    expect(loadConfig([], {}, dir).ok).toBe(true)
    writeFileSync(path.join(dir, 'config.yaml'), '\uFEFFserver: {port: 9}\r\n')
    const found = loadConfig([], {}, dir)
    expect(found.ok && found.value.config.server.port).toBe(9)
    writeFileSync(path.join(dir, 'config.yaml'), new Uint8Array([0x61, 0xff, 0xfe]))
    const bad = loadConfig([], {}, dir)
    expect(!bad.ok && bad.error.message).toContain('it is not UTF-8 text')
    const folder = loadConfig(['--config', dir], {}, dir)
    expect(!folder.ok && folder.error.message).toContain('cannot be read')
  } finally {
    rmSync(dir, { recursive: true })
  }
})
