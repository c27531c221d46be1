// What `bun run build all` has made, held against what it should be: `bun run verify-release`. Formats are read by parsers of our
// own, checked by test/release; what can be started here is started. `--rebuild`: once more, in another folder, to the same bytes.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { readStamp } from '../../server/release/stamp.ts'
import { nameOf, type Target, targets } from '../../server/release/targets.ts'
import { type Boot, bootFault } from './verify/boot.ts'
import {
  contentFaults,
  type Faults,
  linuxFaults,
  macAppFaults,
  macFaults,
  type Stamped,
  stampFaults,
  sumsFaults,
  windowsFaults,
} from './verify/checks.ts'
import { arm64Boot, muslBoot, type NotRun, nativeBoot, oldProcessorBoot, wineFault } from './verify/emulators.ts'
import { type Packed, readTarGz, readZip } from './verify/read-archive.ts'
import { rebuildFaults } from './verify/rebuild.ts'
import { sbomFaults } from './verify/sbom.ts'

const root = path.join(import.meta.dir, '../..')
const server = path.join(root, 'dist/server')
const desktop = path.join(root, 'dist/desktop')
const folder = mkdtempSync(path.join(tmpdir(), 'verify-release-'))
let [passed, failed, notRun] = [0, 0, 0]

function report(what: string, faults: Faults): void {
  if (faults.length === 0) passed++
  else failed++
  console.log(`${faults.length === 0 ? 'ok  ' : 'FAIL'} ${what}${faults.map((fault) => `\n       ${fault}`).join('')}`)
}

/** In CI what has a package to install must run. */
function leave(what: string, { notRun: why, install }: NotRun): void {
  if (install !== undefined && process.env.CI !== undefined) {
    report(what, [`${why} (apt-get install ${install})`])
    return
  }
  notRun++
  console.log(`--   ${what}: not run here, ${why}${install === undefined ? '' : ` (apt-get install ${install})`}`)
}

async function start(what: string, boot: Boot | NotRun, version: string): Promise<void> {
  if ('notRun' in boot) return leave(what, boot)
  const fault = await bootFault(boot, version)
  report(what, fault === undefined ? [] : [fault])
}

const documents = ['LICENSE', 'README.md', 'README.zh-CN.md', 'config.example.yaml']
const listed = ({ os }: Target): readonly string[] => [
  ...documents,
  ...(os === 'linux' ? ['claude-server.service'] : []),
  'THIRD-PARTY-LICENSES.txt',
]

function filesOf(file: string): readonly Packed[] {
  const bytes = readFileSync(file)
  const read = file.endsWith('.zip') ? readZip(bytes) : readTarGz(bytes)
  if (!read.ok) throw new Error(read.error)
  return read.value
}

/** One archive of dist/server; gives the executable in it. */
function checkArchive(target: Target, stamped: Stamped): Packed | undefined {
  const name = `claude-server-${nameOf(target)}`
  const executable = target.os === 'windows' ? `${name}.exe` : name
  const archive = `${name}.${target.os === 'windows' ? 'zip' : 'tar.gz'}`
  try {
    const files = filesOf(path.join(server, archive))
    report(
      `${archive}: contents, run bits, dates`,
      contentFaults(files, [executable, ...listed(target)], [executable], stamped.date),
    )
    const program = files.find((file) => file.name === executable)
    if (program === undefined) return undefined
    const { bytes } = program
    const wanted = { product: 'claude-server', subsystem: 'console', version: stamped.version }
    const format = {
      linux: linuxFaults,
      darwin: () => macFaults(bytes, target.arch),
      windows: () => windowsFaults(bytes, target.arch, wanted),
    }
    const what = {
      linux: 'loader, libraries, oldest system',
      darwin: 'signature and every page',
      windows: 'icon, version resource, subsystem',
    }
    report(`${archive}: ${target.arch}, ${what[target.os]}`, format[target.os](bytes, target))
    report(`${archive}: version, commit and date`, stampFaults(bytes, stamped))
    return program
  } catch (error) {
    report(archive, [error instanceof Error ? error.message : String(error)])
    return undefined
  }
}

function unpacked(program: Packed): string {
  const file = path.join(folder, program.name)
  writeFileSync(file, program.bytes, { mode: program.mode })
  return file
}

function checkDesktop(stamped: Stamped): void {
  const check = (name: string, look: (files: readonly Packed[]) => void): void => {
    try {
      look(filesOf(path.join(desktop, name)))
    } catch (error) {
      report(name, [error instanceof Error ? error.message : String(error)])
    }
  }
  const inside = [...documents, 'THIRD-PARTY-LICENSES.txt']
  check('Claude-API-Server-macOS.zip', (files) => {
    const contents = 'Claude API Server.app/Contents'
    const executable = `${contents}/MacOS/claude-server`
    const names = [
      `${contents}/Info.plist`,
      executable,
      `${contents}/PkgInfo`,
      ...['AppIcon.icns', ...inside].map((name) => `${contents}/Resources/${name}`),
      `${contents}/_CodeSignature/CodeResources`,
    ]
    report('macOS.zip: contents, run bits, dates', contentFaults(files, names, [executable], stamped.date))
    report('macOS.zip: both processors, Info.plist, icon, seal, signatures', macAppFaults(files, stamped))
    report(
      'macOS.zip: version, commit and date',
      stampFaults(files.find(({ name }) => name === executable)?.bytes ?? new Uint8Array(), stamped),
    )
  })
  check('Claude-API-Server-Windows.zip', (files) => {
    const executable = 'Claude API Server.exe'
    const bytes = files.find(({ name }) => name === executable)?.bytes ?? new Uint8Array()
    const wanted = { product: 'Claude API Server', subsystem: 'windows', version: stamped.version }
    report(
      'Windows.zip: contents, run bits, dates',
      contentFaults(files, [executable, ...inside], [executable], stamped.date),
    )
    report('Windows.zip: icon, version resource, no console window', windowsFaults(bytes, 'amd64', wanted))
    report('Windows.zip: version, commit and date', stampFaults(bytes, stamped))
  })
}

function checkSums(place: string): void {
  try {
    const names = readdirSync(place).filter((name) => name !== 'SHA256SUMS')
    const files = new Map(names.map((name) => [name, readFileSync(path.join(place, name))] as const))
    report(
      `${path.basename(place)}/SHA256SUMS`,
      sumsFaults(readFileSync(path.join(place, 'SHA256SUMS'), 'utf8'), files),
    )
  } catch (error) {
    report(`${path.basename(place)}/SHA256SUMS`, [error instanceof Error ? error.message : String(error)])
  }
}

/** The version is what the list of packages says it is: a release may have been built with `-v`. */
async function readStamped(): Promise<Stamped> {
  const list = Bun.file(path.join(server, 'claude-server.cdx.json'))
  if (!(await list.exists())) throw new Error('nothing is built: bun run build all')
  const { metadata } = (await list.json()) as {
    readonly metadata: { readonly component: { readonly version: string } }
  }
  const stamp = await readStamp(root, metadata.component.version, process.env)
  return { version: stamp.version, commit: stamp.commit, date: new Date(stamp.committedAt).toISOString() }
}

try {
  const stamped = await readStamped()
  const { version } = stamped
  console.log(`release ${version}, commit ${stamped.commit} of ${stamped.date}`)
  const programs = new Map(targets.map((target) => [nameOf(target), checkArchive(target, stamped)] as const))
  checkDesktop(stamped)
  const licences = filesOf(path.join(server, 'claude-server-linux-amd64.tar.gz')).find(({ name }) =>
    name.startsWith('THIRD'),
  )
  const list = readFileSync(path.join(server, 'claude-server.cdx.json'), 'utf8')
  report('claude-server.cdx.json', await sbomFaults(list, stamped, Buffer.from(licences?.bytes ?? []).toString('utf8')))
  for (const place of [server, desktop]) checkSums(place)

  const program = (name: string): string | undefined => {
    const found = programs.get(name)
    return found === undefined ? undefined : unpacked(found)
  }
  const [amd64, arm64, musl, windows] = ['linux-amd64', 'linux-arm64', 'linux-amd64-musl', 'windows-amd64'].map(program)
  if (amd64 !== undefined) await start('linux-amd64 runs and streams a chat', nativeBoot(amd64), version)
  if (amd64 !== undefined)
    await start('linux-amd64 does so on a processor of 2008 (qemu, Nehalem)', oldProcessorBoot(amd64), version)
  if (arm64 !== undefined) await start('linux-arm64 does so (qemu)', arm64Boot(arm64), version)
  if (musl !== undefined) await start('linux-amd64-musl does so', muslBoot(musl), version)
  if (windows !== undefined) {
    const fault = await wineFault(windows, version)
    const what = 'windows-amd64 does so under Wine'
    if (typeof fault === 'object') leave(what, fault)
    // Wine is not Windows: what it makes of the program is told, and fails nothing.
    else if (fault !== undefined) leave(what, { notRun: `it did not get far: ${fault}` })
    else report(what, [])
  }
  if (process.argv.includes('--rebuild'))
    report('built again in another folder: the same bytes', rebuildFaults(root, version))
} catch (error) {
  report('the release', [error instanceof Error ? error.message : String(error)])
} finally {
  rmSync(folder, { recursive: true, force: true })
}
console.log(`\n${passed} passed, ${failed} failed, ${notRun} not run here`)
process.exit(failed === 0 ? 0 : 1)
