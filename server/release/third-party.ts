import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { type Licence, licenceOf, packageFolderOf } from '../../ui/licences.ts'
import { bunVersion } from './targets.ts'

/** What is inside without being a file of it: the vocabulary was read at build time, the styles are Tailwind's first. */
const unseen = ['node_modules/ai-tokenizer', 'node_modules/tailwindcss']

/**
 * The packages that are part of an executable, in the order of their names: those its files come from, the console's, and the
 * runtime. Throws when one does not say under which licence it comes.
 */
export async function thirdParty(
  root: string,
  inputs: readonly string[],
  consolePackages: readonly string[],
): Promise<readonly Licence[]> {
  const own = inputs.map(packageFolderOf).filter((folder) => folder !== undefined)
  const folders = [...new Set([...own, ...consolePackages, ...unseen])]
  const found = await Promise.all(folders.map((folder) => licenceOf(path.join(root, folder))))
  const licences = [...found.filter((one) => one !== undefined), await runtimeLicence(root), await pdfLicence(root)]
  const silent = licences.filter(({ licence }) => licence === '')
  if (silent.length > 0) throw new Error(`no licence named: ${silent.map(({ name }) => name).join(', ')}`)
  const byName = new Map(licences.map((one) => [`${one.name} ${one.version}`, one] as const))
  return [...byName.values()].toSorted((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** `unpdf` is Mozilla's PDF.js in one file, which names neither. */
async function pdfLicence(root: string): Promise<Licence> {
  const file = (await Bun.file(path.join(root, 'node_modules/unpdf/package.json')).json()) as {
    readonly devDependencies: Readonly<Record<string, string>>
  }
  const version = file.devDependencies['pdfjs-dist']?.replace(/^[~^]/, '') ?? ''
  return { name: 'pdfjs-dist', version, licence: 'Apache-2.0', text: '' }
}

/** Bun's own page about its licence names every library it is linked with; it comes with Bun's types. */
async function runtimeLicence(root: string): Promise<Licence> {
  const page = await readFile(path.join(root, 'node_modules/bun-types/docs/project/license.mdx'), 'utf8')
  const text = page.replace(/^---\n.*?\n---\n/s, '').trim()
  return { name: 'bun', version: bunVersion, licence: 'MIT AND LGPL-2.1-only', text }
}

export function licencesText(licences: readonly Licence[]): string {
  const parts = licences.map(({ name, version, licence, text }) =>
    [
      '-'.repeat(78),
      `${name} ${version}`,
      `Licence: ${licence}`,
      '',
      text === '' ? textElsewhere(licence, licences) : text.replaceAll('\r', ''),
      '',
    ].join('\n'),
  )
  const first = `This program holds the following ${licences.length} packages, each under the licence named with it.`
  return [first, 'What it is itself under stands in LICENSE.', '', ...parts].join('\n')
}

/** Some name their licence and hold no text of it; another package under the same one does. */
function textElsewhere(licence: string, licences: readonly Licence[]): string {
  const other = licences.find((one) => one.licence === licence && one.text.length > 500)
  return other === undefined ? 'The package holds no text of it.' : `The text of it stands with ${other.name}.`
}
