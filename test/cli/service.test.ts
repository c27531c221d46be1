import { afterAll, expect, test } from 'bun:test'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { SaxesParser } from 'saxes'
import { unitText } from '../../server/cli/service-systemd.ts'
import type { ServiceWorld } from '../../server/cli/service-world.ts'
import { err, ok } from '../../server/lib/result.ts'
import { leftOut } from '../support/left-out.ts'
import { expectSaid, runCli } from './cli.ts'

type Answer = { readonly code: number; readonly out?: string; readonly err?: string }
const folder = mkdtempSync(path.join(tmpdir(), 'gateway-service-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A machine whose files are a map and whose commands answer what they are told to. */
function machine(given: Partial<ServiceWorld> = {}, answer: (line: string) => Answer = () => ({ code: 0 })) {
  const files = new Map<string, string>()
  const ran: string[] = []
  const folders: string[] = []
  const world: ServiceWorld = {
    platform: 'linux',
    home: '/home/me',
    uid: 0,
    program: '/usr/local/bin/claude-server',
    hasSystemd: true,
    read: (file) => ok(files.get(file)),
    write: (file, text) => {
      files.set(file, text)
      return ok(undefined)
    },
    makeFolder: (one) => {
      folders.push(one)
      return ok(undefined)
    },
    remove: (file) => {
      files.delete(file)
      return ok(undefined)
    },
    run: async (words) => {
      ran.push(words.join(' '))
      return { out: '', err: '', ...answer(words.join(' ')) }
    },
    ...given,
  }
  const run = (...words: string[]) => runCli(['service', ...words], { serviceWorld: world })
  return { files, ran, folders, run }
}
const unitFile = '/etc/systemd/system/claude-server.service'
const mac = { platform: 'darwin', home: '/Users/me', uid: 501, program: '/opt/a & b/claude-server' }
const windows = { platform: 'win32', home: 'C:\\Users\\me', program: 'C:\\Program Files\\claude-server.exe' }

test('the unit is the documented one', () => {
  const example = readFileSync(path.join(import.meta.dir, '../../docs/examples/systemd/claude-server.service'), 'utf8')
  const text = unitText({
    ...{ name: 'claude-server', program: '/usr/local/bin/claude-server', dataDir: '/var/lib/claude-server' },
    ...{ user: false, home: '/root', options: [] },
  })
  expect(text).toBe(example.slice(example.indexOf('[Unit]')))
})

test('systemd: installs, tells how it stands, and removes what it wrote', async () => {
  let active = 'active'
  const { files, ran, folders, run } = machine({}, (line) =>
    line.includes('is-active')
      ? { code: active === 'active' ? 0 : 3, out: `${active}\n` }
      : { code: 0, out: line.includes('is-enabled') ? 'enabled\n' : '' },
  )
  expectSaid(await run('status', '--json'), 4, { json: { installed: false, running: false } })
  expectSaid(await run('install'), 0, { err: '', out: `Installed and started: ${unitFile}` })
  expect(ran).toEqual(['systemctl daemon-reload', 'systemctl enable --now claude-server.service'])
  expect(folders).toEqual([]) // systemd makes it
  expect(files.get(unitFile)).toContain('\nStateDirectory=claude-server\n')
  expectSaid(await run('status'), 0, { out: ', running, enabled' })
  active = 'failed'
  expectSaid(await run('status', '--json'), 3, { json: { installed: true, running: false, enabled: true, own: true } })
  ran.length = 0
  expectSaid(await run('install', '--port', '7000'), 0, { err: '', out: 'Installed and started' })
  const again = ['systemctl daemon-reload', 'systemctl enable claude-server.service']
  expect(ran).toEqual([...again, 'systemctl restart claude-server.service']) // what runs has the port from before
  ran.length = 0
  expectSaid(await run('uninstall'), 0, { out: 'The data folder stays.' })
  expect(ran[0]).toBe('systemctl disable --now claude-server.service')
  expect(ran.at(-1)).toBe('systemctl daemon-reload')
  expect(files.size).toBe(0)
  expectSaid(await run('uninstall'), 4, { out: 'Not installed' })
})

test('systemd: --user, a name, a port and a folder of one’s own', async () => {
  const { files, ran, folders, run } = machine({ uid: 1000, program: '/home/me/my 100% tools/claude-server' })
  const data = '/home/me/a "b" $c \\d 50%'
  expectSaid(await run('install', '--user', '--name', 'mine', '--data-dir', data, '--port', '7000'), 0, { err: '' })
  const text = files.get('/home/me/.config/systemd/user/mine.service') ?? ''
  expect(text).toContain(
    String.raw`ExecStart="/home/me/my 100%% tools/claude-server" serve --data-dir "/home/me/a \"b\" $$c \\d 50%%" --no-browser --port 7000`,
  )
  expect(text).toContain(String.raw`WorkingDirectory=/home/me/a "b" $c \d 50%%`)
  expect(text).not.toContain('DynamicUser')
  expect(folders).toEqual([data])
  expect(ran).toEqual(['systemctl --user daemon-reload', 'systemctl --user enable --now mine.service'])
})

test.each([
  ['linux', {}, 'systemctl enable --now'],
  ['macOS', mac, 'launchctl bootstrap gui/501'],
  ['Windows', windows, 'schtasks /Create'],
])('%s: --dry-run prints file and commands and changes nothing', async (_, given, words) => {
  const { files, ran, folders, run } = machine(given)
  expectSaid(await run('install', '--dry-run'), 0, { err: '', out: 'Written by claude-server service install.' })
  expect((await run('install', '--dry-run')).out).toContain(words)
  expect([files.size, ran, folders]).toEqual([0, [], []])
})

test.each([
  ['linux', {}, unitFile],
  ['macOS', mac, '/Users/me/Library/LaunchAgents/claude-server.plist'],
  ['Windows', windows, 'C:\\ProgramData\\claude-server.task.xml'],
])('%s: a file of somebody else is neither overwritten nor removed', async (_, given, file) => {
  const { files, ran, run } = machine(given)
  files.set(file, 'mine')
  for (const word of ['install', 'uninstall'])
    expectSaid(await run(word), 1, { out: '', err: 'was not written by this' })
  expect([files.get(file), ran]).toEqual(['mine', []])
})

test('launchd: an agent for a person, a daemon for root', async () => {
  const { files, ran, run } = machine(mac, (line) => ({
    code: 0,
    out: line.includes('print-disabled')
      ? '\t"claude-server" => enabled\n\t"other" => disabled\n'
      : line.includes('print')
        ? '\tstate = running\n'
        : '',
  }))
  expectSaid(await run('install'), 0, { err: '' })
  const file = '/Users/me/Library/LaunchAgents/claude-server.plist'
  expect(files.get(file)).toContain('<string>/opt/a &amp; b/claude-server</string>')
  expect(ran).toEqual(['launchctl enable gui/501/claude-server', `launchctl bootstrap gui/501 ${file}`])
  expectSaid(await run('status', '--json'), 0, { json: { running: true, enabled: true } })
  const root = machine({ ...mac, uid: 0 })
  expectSaid(await root.run('install'), 0, { err: '' })
  expect([...root.files.keys()]).toEqual(['/Library/LaunchDaemons/claude-server.plist'])
  expect(root.ran[1]).toStartWith('launchctl bootstrap system ')
  expectSaid(await root.run('install', '--user'), 1, { err: 'not for root' })
})

test('launchd: installed anew, the old one goes first', async () => {
  const { ran, run } = machine(mac)
  await run('install')
  ran.length = 0
  expectSaid(await run('install'), 0, { err: '' })
  expect(ran[0]).toBe('launchctl bootout gui/501/claude-server')
})

test('Windows: a task, its folder kept to the service', async () => {
  let state = 'Running True\n'
  const { files, ran, run } = machine(windows, (line) => ({ code: 0, out: line.startsWith('powershell') ? state : '' }))
  expectSaid(await run('install'), 0, { err: '' })
  const text = files.get('C:\\ProgramData\\claude-server.task.xml')
  expect(text).toContain('<Command>&quot;C:\\Program Files\\claude-server.exe&quot;</Command>')
  expect(text).toContain('<Arguments>serve --data-dir C:\\ProgramData\\claude-server --no-browser</Arguments>')
  expect(ran.map((line) => line.split(' ', 2).join(' '))).toEqual([
    'icacls C:\\ProgramData\\claude-server',
    'schtasks /Create',
    'schtasks /Run',
  ])
  expectSaid(await run('status'), 0, { out: 'running, enabled' })
  state = 'Ready False\n'
  expectSaid(await run('status'), 3, { out: 'not running, not enabled' })
  expectSaid(await run('uninstall'), 0, { err: '' })
  expect(files.size).toBe(0)
})

/** An element: its name, the elements inside, its text. Throws where the text is not XML. */
type Element = { readonly name: string; readonly inside: Element[]; text: string }
function elementsOf(xml: string): Element {
  const root: Element = { name: '', inside: [], text: '' }
  const open = [root]
  const parser = new SaxesParser()
  parser.on('opentag', ({ name }) => {
    const element = { name, inside: [], text: '' }
    open.at(-1)?.inside.push(element)
    open.push(element)
  })
  parser.on('text', (text) => {
    const last = open.at(-1)
    if (last !== undefined) last.text += text
  })
  parser.on('closetag', () => void open.pop())
  parser.on('error', (error) => {
    throw error
  })
  parser.write(xml).close()
  return root.inside[0] ?? root
}
const find = (element: Element | undefined, ...names: string[]): Element | undefined =>
  names.reduce((at, name) => at?.inside.find((one) => one.name === name), element)

test('launchd: the property list, read by a parser, starts the program with its words', async () => {
  const { files, run } = machine(mac)
  const data = '/Users/me/<a> & "b" 日本'
  expectSaid(await run('install', '--data-dir', data), 0, { err: '' })
  const dict = find(elementsOf([...files.values()][0] ?? ''), 'dict')?.inside ?? []
  const entry = (key: string) => dict[dict.findIndex(({ name, text }) => name === 'key' && text === key) + 1]
  expect(dict.filter((_, index) => index % 2 === 0).every(({ name }) => name === 'key')).toBe(true)
  expect(entry('Label')).toMatchObject({ name: 'string', text: 'claude-server' })
  expect(entry('ProgramArguments')?.name).toBe('array')
  expect(entry('ProgramArguments')?.inside.map(({ text }) => text)).toEqual([
    ...['/opt/a & b/claude-server', 'serve', '--data-dir', data, '--no-browser'],
  ])
  expect([entry('RunAtLoad')?.name, entry('WorkingDirectory')?.text]).toEqual(['true', data])
  expect(Number(entry('ExitTimeOut')?.text)).toBeGreaterThan(30)
  expect(entry('KeepAlive')?.inside.map(({ name, text }) => name + text)).toEqual(['keySuccessfulExit', 'false'])
})

test('Windows: the task, read by a parser, starts the program with its words and is never ended by the clock', async () => {
  const { files, run } = machine(windows)
  const data = '/Data & <more>\\' // absolute where the tests run
  expectSaid(await run('install', '--user', '--data-dir', data), 0, { err: '' })
  const task = elementsOf([...files.values()][0] ?? '')
  expect(task.name).toBe('Task')
  const exec = find(task, 'Actions', 'Exec')
  expect(exec?.inside.map(({ name, text }) => [name, text])).toEqual([
    ['Command', '"C:\\Program Files\\claude-server.exe"'],
    // A backslash before the closing quote would take it along.
    ['Arguments', 'serve --data-dir "/Data & <more>\\\\" --no-browser'],
    ['WorkingDirectory', data],
  ])
  expect(find(task, 'Settings', 'ExecutionTimeLimit')?.text).toBe('PT0S')
  expect(find(task, 'Triggers')?.inside.map(({ name }) => name)).toEqual(['LogonTrigger'])
})

test.each([
  ['from source', { program: undefined }, ['install'], 'runs from source'],
  ['without systemd', { hasSystemd: false }, ['install'], 'systemd does not run here'],
  ['on a system that is not known', { platform: 'freebsd' }, ['status'], 'freebsd are not known'],
  [
    'with a program in a home folder',
    { program: '/home/me/claude-server' },
    ['install'],
    'must not depend on a home folder',
  ],
  ['with a folder outside of /var/lib', {}, ['install', '--data-dir', '/srv/x'], '/var/lib'],
  ['with a line end', { uid: 1 }, ['install', '--user', '--data-dir', '/home/me/a\nUser=root'], 'line end'],
  ['with a line end on macOS', mac, ['install', '--data-dir', '/a\nb'], 'line end'],
  ['with a variable on Windows', { ...windows, program: 'C:\\%x%\\a.exe' }, ['install'], 'does not take %'],
] as const)('refuses clearly %s', async (_, given, words, said) => {
  const { files, ran, run } = machine(given as Partial<ServiceWorld>)
  expectSaid(await run(...words), 1, { out: '', err: said })
  expect([files.size, ran]).toEqual([0, []])
})

test('a bad name is asked wrongly', async () => {
  expectSaid(await machine().run('install', '--name', '../x'), 2, { out: '', err: '--name' })
})

test('without rights it says what to run instead', async () => {
  const unwritable = machine({ write: () => err('EACCES') })
  expectSaid(await unwritable.run('install'), 1, { err: /EACCES.*sudo.*--user/ })
  const refused = machine({}, () => ({ code: 1, err: 'Access denied\n' }))
  expectSaid(await refused.run('install'), 1, { err: /Access denied.*sudo.*service uninstall removes it/ })
  expectSaid(await refused.run('uninstall'), 1, { err: /Access denied.*sudo/ })
  expect(refused.files.size).toBe(1)
})

const analyze = Bun.which('systemd-analyze')
if (analyze === null) leftOut('systemd-analyze')
else {
  test.each([
    ['of the system', [], {}],
    ['of a person', ['--user', '--data-dir', '/home/me/a "b" 50% $c'], { uid: 1000 }],
  ] as const)('systemd takes the unit %s without a word', async (_, words, given) => {
    const { files, run } = machine({ ...given, program: '/bin/true' })
    expectSaid(await run('install', ...words), 0, { err: '' })
    const file = path.join(folder, 'claude-server.service')
    writeFileSync(file, [...files.values()][0] ?? '')
    const verified = Bun.spawnSync([analyze, ...(words.length > 0 ? ['--user'] : []), 'verify', file], {
      env: { PATH: process.env.PATH ?? '', XDG_RUNTIME_DIR: folder, HOME: folder },
    })
    expect([verified.exitCode, verified.stderr.toString()]).toEqual([0, ''])
  })
}
