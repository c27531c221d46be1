import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Licence } from '../../ui/licences.ts'
import { readManifest } from '../console/manifest.ts'
import { tarGz, zip } from './archive.ts'
import { checkSignature, signAdHoc } from './code-signature.ts'
import { consoleFolder } from './console.ts'
import { buildExecutable } from './executable.ts'
import { documents, mib, type Say, writeSums, writeWhole } from './files.ts'
import { drawIcons, type Icons } from './icons.ts'
import { bundleName, macApp } from './mac-app.ts'
import { fetchRuntime } from './runtimes.ts'
import { sbomText } from './sbom.ts'
import type { Stamp } from './stamp.ts'
import { nameOf, runtimeOf, type Target } from './targets.ts'
import { licencesText, thirdParty } from './third-party.ts'
import { withResources } from './windows-resources.ts'

/** What every part of a release is made with. */
export type Workshop = {
  readonly root: string
  readonly stamp: Stamp
  readonly icons: Icons
  /** For what is only on the way; removed at the end. */
  readonly folder: string
  readonly noCache: boolean
  readonly say: Say
  /** What `--verbose` adds. */
  readonly detail: Say
}

/** Gives the workshop to `work`, and clears it away whatever comes of that. */
export async function inWorkshop<T>(
  plan: Omit<Workshop, 'icons' | 'folder'>,
  work: (shop: Workshop) => Promise<T>,
): Promise<T> {
  const folder = path.join(plan.root, 'dist/workshop')
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  try {
    return await work({ ...plan, folder, icons: await drawIcons(plan.root) })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export type Made = { readonly bytes: Uint8Array; readonly inputs: readonly string[] }

/** An executable as it goes into an archive: with our icon on Windows, soundly signed for a Mac. */
export async function makeExecutable(shop: Workshop, target: Target, desktop = false): Promise<Made> {
  const { root, stamp, folder, icons, detail } = shop
  let runtime = await fetchRuntime(root, runtimeOf(target), shop)
  if (target.os === 'windows') {
    const name = desktop ? bundleName : 'claude-server'
    const text = { product: name, description: name, version: stamp.version, fileName: `${name}.exe` }
    const edited = withResources(await readFile(runtime), icons.ico, text)
    runtime = path.join(folder, `${nameOf(target)}-runtime.exe`)
    await writeFile(runtime, edited)
    detail(`icon and version resource: ${runtime}`)
  }
  const into = path.join(folder, `${nameOf(target)}${desktop ? '-desktop' : ''}`)
  const { file, inputs } = await buildExecutable({ root, target, stamp, runtime, folder: into, desktop, detail })
  const built = await readFile(file)
  if (target.os !== 'darwin') return { bytes: built, inputs }
  const bytes = signAdHoc(built, 'claude-server')
  const signed = checkSignature(bytes)
  if (!signed.ok) throw new Error(`${nameOf(target)}: ${signed.error}`)
  detail(`signed ad hoc: ${file}, ${signed.value.pages} pages`)
  return { bytes, inputs }
}

/** All packages inside what is made of `inputs`. */
export const packagesIn = (root: string, inputs: readonly string[]): Promise<readonly Licence[]> =>
  thirdParty(root, inputs, readManifest(consoleFolder)?.packages ?? [])

/** The archives in dist/server, one for each target, with their sums and the list of what is inside. */
export async function buildServerArchives(shop: Workshop, targets: readonly Target[]): Promise<void> {
  const folder = path.join(shop.root, 'dist/server')
  if (targets.length > 1) await rm(folder, { recursive: true, force: true })
  for (const [index, target] of targets.entries()) {
    const startedAt = performance.now()
    const { bytes, inputs } = await makeExecutable(shop, target)
    const licences = await packagesIn(shop.root, inputs)
    const name = `claude-server-${nameOf(target)}`
    const isWindows = target.os === 'windows'
    const entries = [
      { name: isWindows ? `${name}.exe` : name, bytes, executable: true },
      ...(await documents(shop.root, licencesText(licences), target.os === 'linux' ? 'linux' : 'other')),
    ]
    const archive = (isWindows ? zip : tarGz)(entries, shop.stamp.committedAt)
    shop.detail(`archive: ${entries.map((entry) => entry.name).join(', ')}`)
    await writeWhole(path.join(folder, `${name}.${isWindows ? 'zip' : 'tar.gz'}`), archive, shop.detail)
    await writeWhole(path.join(folder, 'claude-server.cdx.json'), sbomText(shop.stamp, licences), shop.detail)
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
    const step = `${index + 1}/${targets.length}`
    shop.say(`server    ${step} ${name}: ${mib(bytes.length)}, packed ${mib(archive.length)}, in ${seconds} s`)
  }
  await writeSums(folder, shop.detail)
}

/** The applications in dist/desktop: of macOS, of Windows, or of the one that `target` names. */
export async function buildDesktop(shop: Workshop, target: Target | undefined): Promise<void> {
  const folder = path.join(shop.root, 'dist/desktop')
  if (target === undefined) await rm(folder, { recursive: true, force: true })
  const makers = { darwin: macArchive, windows: windowsArchive } as const
  const chosen = (['darwin', 'windows'] as const).filter((os) => target === undefined || target.os === os)
  for (const [index, os] of chosen.entries()) {
    const startedAt = performance.now()
    const { name, archive } = await makers[os](shop)
    await writeWhole(path.join(folder, name), archive, shop.detail)
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1)
    shop.say(`desktop   ${index + 1}/${chosen.length} ${name}: ${mib(archive.length)}, in ${seconds} s`)
  }
  await writeSums(folder, shop.detail)
}

type Application = { readonly name: string; readonly archive: Uint8Array }

async function macArchive(shop: Workshop): Promise<Application> {
  const made: Made[] = []
  for (const arch of ['arm64', 'amd64'] as const) made.push(await makeExecutable(shop, { os: 'darwin', arch }, true))
  const licences = await packagesIn(
    shop.root,
    made.flatMap(({ inputs }) => inputs),
  )
  const entries = macApp({
    version: shop.stamp.version,
    images: made.map(({ bytes }) => bytes),
    icns: shop.icons.icns,
    resources: await documents(shop.root, licencesText(licences), 'other'),
  })
  return { name: 'Claude-API-Server-macOS.zip', archive: zip(entries, shop.stamp.committedAt) }
}

async function windowsArchive(shop: Workshop): Promise<Application> {
  const { bytes, inputs } = await makeExecutable(shop, { os: 'windows', arch: 'amd64' }, true)
  const licences = await packagesIn(shop.root, inputs)
  const entries = [
    { name: `${bundleName}.exe`, bytes, executable: true },
    ...(await documents(shop.root, licencesText(licences), 'other')),
  ]
  return { name: 'Claude-API-Server-Windows.zip', archive: zip(entries, shop.stamp.committedAt) }
}
