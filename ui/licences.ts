import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import type { Plugin } from 'vite'

export type Licence = {
  readonly name: string
  readonly version: string
  /** As the package names it: `MIT`. */
  readonly licence: string
  readonly text: string
}

type PackageFile = {
  readonly name: string
  readonly version: string
  readonly license?: string | { readonly type?: string }
  readonly dependencies?: Readonly<Record<string, string>>
}

/** What builds us and is in the result: the runtime, and the styles every page begins with. */
const builtIn = ['bun', 'tailwindcss']

const readPackage = async (folder: string): Promise<PackageFile | undefined> => {
  try {
    return JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8')) as PackageFile
  } catch {
    return undefined // an optional one that this machine does not have
  }
}

/** Every package that is part of what we ship, with the text it comes under: what package.json names, and what these need. */
export async function collectLicences(root: string): Promise<readonly Licence[]> {
  const found = new Map<string, Licence>()
  const visit = async (name: string, from: string): Promise<void> => {
    const folder = await folderOf(name, from, root)
    if (folder === undefined || found.has(folder)) return
    const file = await readPackage(folder)
    const licence = await licenceOf(folder)
    if (file === undefined || licence === undefined) return
    found.set(folder, licence)
    for (const needed of Object.keys(file.dependencies ?? {})) await visit(needed, folder)
  }
  const own = await readPackage(root)
  for (const name of [...Object.keys(own?.dependencies ?? {}), ...builtIn]) await visit(name, root)
  return [...found.values()].toSorted((a, b) => `${a.name} ${a.version}`.localeCompare(`${b.name} ${b.version}`, 'en'))
}

/** Of the package in `folder`; undefined when there is none. */
export async function licenceOf(folder: string): Promise<Licence | undefined> {
  const file = await readPackage(folder)
  if (file === undefined) return undefined
  const { name, version, license } = file
  const licence = typeof license === 'string' ? license : (license?.type ?? '')
  return { name, version, licence, text: await licenceText(folder) }
}

/** As Node looks for it: in the nearest `node_modules` on the way up. */
async function folderOf(name: string, from: string, root: string): Promise<string | undefined> {
  for (let at = from; ; at = path.dirname(at)) {
    const folder = path.join(at, 'node_modules', name)
    if ((await readPackage(folder)) !== undefined) return folder
    if (at === root || at === path.dirname(at)) return undefined
  }
}

async function licenceText(folder: string): Promise<string> {
  const names = await readdir(folder)
  const name = names.find((one) => /^(licen[cs]e|copying)/i.test(one))
  return name === undefined ? '' : (await readFile(path.join(folder, name), 'utf8').catch(() => '')).trim()
}

/** The folder of the package that `file` belongs to (`node_modules/@scope/name`), undefined when it is none's. */
export const packageFolderOf = (file: string): string | undefined =>
  /^.*\bnode_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(file.replaceAll('\\', '/'))?.[0]

/** Writes the packages that are in the result, by folder, beside Vite's own manifest: the build lists them and their licences. */
export function packageList(root: string): Plugin {
  return {
    name: 'package-list',
    apply: 'build',
    generateBundle(_options, bundle) {
      const files = Object.values(bundle).flatMap((part) => (part.type === 'chunk' ? part.moduleIds : []))
      const folders = files.map((file) => packageFolderOf(file.replace(/^\0/, ''))).filter((one) => one !== undefined)
      const source = JSON.stringify([...new Set(folders.map((one) => path.relative(root, one)))].toSorted())
      this.emitFile({ type: 'asset', fileName: '.vite/packages.json', source })
    },
  }
}

const id = 'virtual:licences'

/** `import list from 'virtual:licences'`: loaded for whoever opens the list. */
export function licences(root: string): Plugin {
  return {
    name: 'licences',
    resolveId: (source) => (source === id ? `\0${id}` : undefined),
    load: async (source) =>
      source === `\0${id}`
        ? `export default JSON.parse(${JSON.stringify(JSON.stringify(await collectLicences(root)))})`
        : undefined,
  }
}
