import { expect, test } from 'bun:test'
import { dependencies, devDependencies } from '../../package.json'
import { parseBuild } from '../../server/release/command.ts'
import { bunNameOf, bunVersion, nameOf, parseTarget, runtimeOf, targets } from '../../server/release/targets.ts'

const plain = { noCache: false, verbose: false }

test.each([
  ['nothing: the executable of this machine', [], {}, { verb: 'executable', ...plain }],
  ['the archives of all platforms', ['server'], {}, { verb: 'server', ...plain }],
  [
    'of one platform',
    ['server', '-p', 'linux/arm64'],
    {},
    { verb: 'server', ...plain, target: { os: 'linux', arch: 'arm64' } },
  ],
  [
    'of Alpine',
    ['--platform=linux/amd64-musl'],
    {},
    { verb: 'executable', ...plain, target: { os: 'linux', arch: 'amd64', libc: 'musl' } },
  ],
  ['options before the verb', ['--no-cache', '--verbose', 'all'], {}, { verb: 'all', noCache: true, verbose: true }],
  ['a version as a tag names it', ['-v', 'v1.2.3', 'all'], {}, { verb: 'all', ...plain, version: '1.2.3' }],
  ['a version of the environment', ['all'], { BUILD_VERSION: '1.2.3-rc.1' }, { verb: 'all', version: '1.2.3-rc.1' }],
  ['the option over the environment', ['-v', '2.0.0'], { BUILD_VERSION: '1.2.3' }, { version: '2.0.0' }],
  ['the desktop application of a Mac', ['desktop', '-p', 'macos/arm64'], {}, { verb: 'desktop' }],
  ['help, whatever else', ['all', '-h'], {}, { verb: 'help' }],
] as const)('a build is asked for: %s', (_, argv, env, wanted) => {
  const parsed = parseBuild(argv, env)
  expect(parsed.ok && parsed.value).toMatchObject(wanted)
})

test.each([
  ['an unknown word', ['sever'], 'unknown argument sever'],
  ['an unknown option', ['--fast'], 'unknown argument --fast'],
  ['a switch with a value', ['--verbose=yes'], 'unknown argument --verbose=yes'],
  ['two verbs', ['server', 'desktop'], 'one of server and desktop, not both'],
  ['a platform nobody builds for', ['-p', 'plan9/amd64'], 'names no platform'],
  ['a platform that is not given', ['-p'], 'names no platform'],
  ['musl where there is none', ['-p', 'darwin/arm64-musl'], 'names no platform'],
  ['a version that is none', ['-v', 'latest'], 'wants a version like 1.2.3'],
  ['a version with a path in it', ['-v', '1.2.3-../x'], 'wants a version like 1.2.3'],
  ['a platform beside all', ['all', '-p', 'linux/amd64'], 'does not go with all'],
  ['a desktop application of Linux', ['desktop', '-p', 'linux/amd64'], 'no desktop application for linux-amd64'],
] as const)('a build is refused: %s', (_, argv, reason) => {
  const parsed = parseBuild(argv, {})
  expect(parsed.ok ? '' : parsed.error).toContain(reason)
})

test('the entry answers an unknown word with the usage and exit code 1, and help with 0', async () => {
  const entry = `${import.meta.dir}/../../build.ts`
  const refused = Bun.spawn([process.execPath, entry, 'sever'], { stdout: 'pipe', stderr: 'pipe' })
  expect(await new Response(refused.stderr).text()).toContain('Usage: bun run build')
  expect(await refused.exited).toBe(1)
  const helped = Bun.spawn([process.execPath, entry, '--help'], { stdout: 'pipe', stderr: 'pipe' })
  expect(await new Response(helped.stdout).text()).toContain('--no-cache')
  expect(await helped.exited).toBe(0)
})

test('every platform has a name of its own, is found by it, and is built on the version of Bun that is installed', () => {
  expect(new Set(targets.map(nameOf)).size).toBe(8)
  expect(targets.map(nameOf).map((name) => parseTarget(name.replace('-', '/')))).toEqual([...targets])
  expect(targets.map(bunNameOf)).toContain('linux-x64-musl')
  expect(new Set(targets.map((target) => runtimeOf(target).sha256)).size).toBe(8)
  expect(devDependencies.bun).toBe(bunVersion)
  expect(Object.keys(dependencies)).not.toContain('bun')
})
