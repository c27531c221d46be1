import { describe, expect, test } from 'bun:test'
import { parseArguments } from '../../server/config/arguments.ts'
import { commands, usage } from '../../server/config/command.ts'

const parsed = (argv: readonly string[]): unknown => {
  const result = parseArguments(argv)
  if (!result.ok) return result.error
  const options = Object.fromEntries([...result.value.options].map(([name, { value }]) => [name, value]))
  return { ...result.value.command, global: options }
}
const serve = (global: object): unknown => ({ name: 'serve', operands: [], options: {}, global })

const spellings: readonly (readonly [argv: readonly string[], expected: unknown])[] = [
  [[], serve({})],
  [['-port', '1'], serve({ port: '1' })],
  [['-port=1'], serve({ port: '1' })],
  [['--port=1'], serve({ port: '1' })],
  [['--port', '1'], serve({ port: '1' })],
  [['-p', '1'], serve({ port: '1' })],
  [['-p=1'], serve({ port: '1' })],
  [['-port', '1', '-p', '2'], serve({ port: '2' })],
  [['-port', '-5'], serve({ port: '-5' })],
  [['-no-browser'], serve({ 'no-browser': true })],
  [['-no-browser=false'], serve({ 'no-browser': false })],
  [['--no-browser=F'], serve({ 'no-browser': false })],
  [['-no-browser=1', '-demo'], serve({ 'no-browser': true, demo: true })],
  [['-data-dir=x'], serve({ 'data-dir': 'x' })],
  [['-data-dir', 'x y'], serve({ 'data-dir': 'x y' })],
  [['-data-dir=a=b'], serve({ 'data-dir': 'a=b' })],
  [['serve', '--host', '::'], serve({ host: '::' })],
  [['-h'], { name: 'help', operands: [], options: {}, global: { help: true } }],
  [['-help'], { name: 'help', operands: [], options: {}, global: { help: true } }],
  [['account', '--help'], { name: 'help', operands: ['account'], options: {}, global: { help: true } }],
  [['help', 'key', 'list'], { name: 'help', operands: ['key', 'list'], options: {}, global: {} }],
  [['--version'], { name: 'version', operands: [], options: {}, global: { version: true } }],
  [
    ['-data-dir', 'd', 'account', 'add', '--label', 'a b', '-json', '-start-url=https://x.awsapps.com/start'],
    {
      name: 'account add',
      operands: [],
      options: { label: 'a b', json: true, 'start-url': 'https://x.awsapps.com/start' },
      global: { 'data-dir': 'd' },
    },
  ],
  [
    ['account', 'add', '-stdin'],
    { name: 'account add', operands: [], options: { 'refresh-token-stdin': true }, global: {} },
  ],
  [
    ['key', '--json', 'create', 'laptop'],
    { name: 'key create', operands: ['laptop'], options: { json: true }, global: {} },
  ],
  [['key', 'create', '--', '-odd'], { name: 'key create', operands: ['-odd'], options: {}, global: {} }],
]

test.each(spellings)('%j is understood', (argv, expected) => {
  expect(parsed(argv)).toEqual(expected)
})

const refusals: readonly (readonly [argv: readonly string[], message: string])[] = [
  [['-prot', '1'], 'unknown option: -prot (did you mean --port?)'],
  [['--nobrowser'], 'unknown option: --nobrowser (did you mean --no-browser?)'],
  [['-zzzzzzzz'], 'unknown option: -zzzzzzzz'],
  [['-port'], '-port needs a value: -port PORT'],
  [['-no-browser=maybe'], '-no-browser must be true or false, not "maybe"'],
  [['--=x'], 'bad option: --=x'],
  [['acount', 'list'], 'unknown command: acount (did you mean account list?)'],
  [['account'], 'account needs one of: add, list, check, remove'],
  [['key', 'frob'], 'key needs one of: create, list, change, revoke'],
  [['key', 'create'], 'key create needs NAME'],
  [['key', 'create', 'a', 'b'], 'key create does not take "b"'],
  [['serve', 'now'], 'serve does not take "now"'],
  [['key', 'list', '--label', 'x'], '--label does not belong to the command key list'],
  [['--label', 'x'], '--label does not belong to the command serve'],
]

test.each(refusals)('%j is refused', (argv, message) => {
  expect(parsed(argv)).toBe(message)
})

describe('usage', () => {
  test('names every command and every global option', () => {
    for (const { name } of commands) expect(usage()).toContain(name)
    expect(usage()).toContain('-p, --port PORT')
  })
  test('of one command lists its own options', () => {
    expect(usage('account add')).toContain('--start-url URL')
    expect(usage('account add')).not.toContain('key create')
    expect(usage('account')).toContain('account remove ID')
    expect(usage('nothing')).toBe(usage())
  })
})
