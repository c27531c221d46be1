import { checkSignature } from '../../../server/release/code-signature.ts'
import { imagesOf, parseImage } from '../../../server/release/macho.ts'
import type { Target } from '../../../server/release/targets.ts'
import { compareVersions, glibcOf, parseElf } from './elf.ts'
import { parsePe } from './pe.ts'
import type { Packed } from './read-archive.ts'

/** What was stamped into everything of one release. */
export type Stamped = { readonly version: string; readonly commit: string; readonly date: string }

// Each check gives what is wrong; nothing is good.
export type Faults = readonly string[]

/** The newest glibc that a system of 2020 has: Debian 11, Ubuntu 20.04. */
const oldestGlibc = '2.31'

export function linuxFaults(bytes: Uint8Array, { arch, libc }: Target): Faults {
  const parsed = parseElf(bytes)
  if (!parsed.ok) return [parsed.error]
  const elf = parsed.value
  const loader =
    libc === 'musl' ? /^\/lib\/ld-musl-(x86_64|aarch64)\.so\.1$/ : /^\/lib(64)?\/ld-linux-(x86-64|aarch64)\.so\.\d$/
  const known =
    libc === 'musl'
      ? /^(libc\.musl-\w+\.so\.1|libstdc\+\+\.so\.6|libgcc_s\.so\.1)$/
      : /^(libc|libpthread|libdl|libm|librt)\.so\.\d$|^ld-linux-/
  const glibc = glibcOf(elf)
  return [
    ...(elf.arch === arch ? [] : [`for ${elf.arch}`]),
    ...(loader.test(elf.interpreter) ? [] : [`its loader is ${elf.interpreter}`]),
    ...elf.needed.filter((name) => !known.test(name)).map((name) => `it needs ${name}`),
    ...(glibc !== undefined && compareVersions(glibc, oldestGlibc) > 0 ? [`it needs glibc ${glibc}`] : []),
    ...(libc === 'musl' || glibc !== undefined ? [] : ['it names no version of glibc']),
  ]
}

export function macFaults(
  bytes: Uint8Array,
  arch: Target['arch'],
  bundle?: Parameters<typeof checkSignature>[1],
): Faults {
  const parsed = parseImage(bytes)
  if (!parsed.ok) return [parsed.error]
  const signed = checkSignature(bytes, bundle)
  return [
    ...(parsed.value.arch === arch ? [] : [`for ${parsed.value.arch}`]),
    ...(parsed.value.isExecutable ? [] : ['no executable']),
    ...(parsed.value.minimumSystem === undefined ? ['it names no oldest macOS'] : []),
    ...(signed.ok ? (signed.value.isAdHoc ? [] : ['not signed ad hoc']) : [signed.error]),
  ]
}

export function windowsFaults(
  bytes: Uint8Array,
  arch: Target['arch'],
  wanted: { readonly product: string; readonly subsystem: string; readonly version: string },
): Faults {
  const parsed = parsePe(bytes)
  if (!parsed.ok) return [parsed.error]
  const pe = parsed.value
  const said = (name: string): string => pe.strings.get(name) ?? 'nothing'
  return [
    ...(pe.arch === arch ? [] : [`for ${pe.arch}`]),
    ...(pe.subsystem === wanted.subsystem ? [] : [`its subsystem is ${pe.subsystem}`]),
    ...(pe.iconSizes.includes(16) && pe.iconSizes.includes(256)
      ? []
      : [`its icon has ${pe.iconSizes.join(', ') || 'nothing'}`]),
    ...(said('ProductName') === wanted.product ? [] : [`its product is ${said('ProductName')}`]),
    ...(said('ProductVersion') === wanted.version ? [] : [`its version is ${said('ProductVersion')}`]),
  ]
}

/** The stamp stands in the program's own text. */
export function stampFaults(bytes: Uint8Array, { version, commit, date }: Stamped): Faults {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return [`"${version}"`, `"${commit}"`, `"${date}"`]
    .filter((text) => !file.includes(text))
    .map((text) => `it does not hold ${text}`)
}

/** Names in the order they are to stand, the run bit on those of `executables` alone, and one date. */
export function contentFaults(
  files: readonly Packed[],
  names: readonly string[],
  executables: readonly string[],
  date: string,
): Faults {
  const listed = files.map(({ name }) => name)
  const at = Date.parse(date)
  return [
    ...(listed.join('\n') === names.join('\n') ? [] : [`it holds ${listed.join(', ')}`]),
    ...files
      .filter(({ name, mode }) => mode !== (executables.includes(name) ? 0o755 : 0o644))
      .map(({ name, mode }) => `${name} has mode ${mode.toString(8)}`),
    // A zip counts in steps of two seconds.
    ...files
      .filter(({ modifiedAt }) => Math.abs(modifiedAt - at) > 2_000)
      .map(({ name }) => `${name} has another date`),
    ...files.filter(({ bytes }) => bytes.length === 0).map(({ name }) => `${name} is empty`),
  ]
}

export function sumsFaults(text: string, files: ReadonlyMap<string, Uint8Array>): Faults {
  const lines = text.split('\n').filter((line) => line !== '')
  const summed = new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)] as const))
  const wrong = [...files].flatMap(([name, bytes]) => {
    const hash = new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
    const said = summed.get(name)
    return said === hash ? [] : [said === undefined ? `${name} is not in it` : `${name} is another file`]
  })
  return [
    ...wrong,
    ...[...summed.keys()].filter((name) => !files.has(name)).map((name) => `${name} is not there`),
    ...lines.filter((line) => !/^[0-9a-f]{64} {2}[\w.-]+$/.test(line)).map((line) => `"${line}" is no line of sums`),
  ]
}

/** A universal application: what its list says, both processors, one seal over everything. */
export function macAppFaults(files: readonly Packed[], { version }: Stamped): Faults {
  const inside = new Map(files.map(({ name, bytes }) => [name.replace(/^[^/]+\.app\/Contents\//, ''), bytes] as const))
  const [infoPlist, codeResources] = [inside.get('Info.plist'), inside.get('_CodeSignature/CodeResources')]
  if (infoPlist === undefined || codeResources === undefined) return ['no Info.plist or no CodeResources']
  const info = Buffer.from(infoPlist).toString('utf8')
  const said = (key: string): string =>
    new RegExp(`<key>${key}</key>\\s*<(?:string|integer)>([^<]*)<`).exec(info)?.[1] ?? 'nothing'
  const executable = inside.get(`MacOS/${said('CFBundleExecutable')}`)
  if (executable === undefined) return [`no executable ${said('CFBundleExecutable')}`]
  const icon = inside.get(`Resources/${said('CFBundleIconFile')}.icns`)
  const images = imagesOf(executable)
  if (!images.ok) return [images.error]
  const bundle = { infoPlist, codeResources }
  const arches = images.value.map((image) => {
    const parsed = parseImage(image)
    return parsed.ok ? parsed.value.arch : 'amd64'
  })
  return [
    ...(said('CFBundleShortVersionString') === version ? [] : [`its version is ${said('CFBundleShortVersionString')}`]),
    ...(said('CFBundlePackageType') === 'APPL' ? [] : ['no application']),
    ...(/^\d+\.\d+$/.test(said('LSMinimumSystemVersion')) ? [] : ['it names no oldest macOS']),
    ...(arches.toSorted().join() === 'amd64,arm64' ? [] : [`for ${arches.join(', ')}`]),
    ...images.value.flatMap((image, index) => macFaults(image, arches[index] ?? 'amd64', bundle)),
    ...sealFaults(inside, Buffer.from(codeResources).toString('utf8')),
    ...(icon !== undefined && isIcns(icon) ? [] : ['no icon']),
  ]
}

function isIcns(bytes: Uint8Array): boolean {
  const file = Buffer.from(bytes)
  return file.toString('latin1', 0, 4) === 'icns' && file.readUInt32BE(4) === file.length
}

/** Every file of Resources is in the seal with its hash, and nothing else is. */
function sealFaults(inside: ReadonlyMap<string, Uint8Array>, seal: string): Faults {
  const [, newer = ''] = /<key>files2<\/key>\s*<dict>(.*?)<\/dict>\s*<key>rules<\/key>/s.exec(seal) ?? []
  const sealed = new Map(
    [...newer.matchAll(/<key>([^<]+)<\/key>\s*<dict>\s*<key>hash2<\/key>\s*<data>([^<]+)<\/data>/g)].map(
      ([, name = '', hash = '']) => [name, hash] as const,
    ),
  )
  const resources = [...inside].filter(([name]) => name.startsWith('Resources/'))
  return [
    ...resources
      .filter(([name, bytes]) => sealed.get(name) !== new Bun.CryptoHasher('sha256').update(bytes).digest('base64'))
      .map(([name]) => `${name} is not the one that was sealed`),
    ...[...sealed.keys()].filter((name) => !inside.has(name)).map((name) => `${name} was sealed and is not there`),
  ]
}
