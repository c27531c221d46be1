import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

type Chunk = { readonly file: string; readonly imports?: readonly string[]; readonly css?: readonly string[] }
type ViteManifest = Readonly<Record<string, Chunk>>

/** What a visitor loads for one view: the entry, the words it needs and the pages, with everything they import. */
const views = [
  { name: 'sign-in', limitBytes: 60 * 1024, modules: ['src/pages/login.tsx'] },
  {
    name: 'first view',
    limitBytes: 120 * 1024,
    modules: ['src/pages/inside.tsx', 'src/pages/accounts.tsx', 'src/i18n/parts/accounts/en.ts'],
  },
] as const
const always = ['index.html', 'src/i18n/parts/base/en.ts'] as const
const cssLimitBytes = 15 * 1024

export type Budget = { readonly name: string; readonly bytes: number; readonly limitBytes: number }

/** The gzipped size of each view of a Vite build, beside what it may be. */
export async function measureBudgets(output: string): Promise<readonly Budget[]> {
  const manifest = JSON.parse(await readFile(path.join(output, '.vite/manifest.json'), 'utf8')) as ViteManifest
  const sizeOf = async (files: Iterable<string>): Promise<number> => {
    const sizes = [...files].map(async (file) => gzipSync(await readFile(path.join(output, file)), { level: 9 }).length)
    return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
  }
  const scripts = views.map(async ({ name, limitBytes, modules }) => {
    const chunks = withImports(manifest, [...always, ...modules])
    return { name, limitBytes, bytes: await sizeOf(new Set([...chunks].map((chunk) => chunk.file))) }
  })
  const styles = new Set(Object.values(manifest).flatMap((chunk) => chunk.css ?? []))
  return [...(await Promise.all(scripts)), { name: 'styles', limitBytes: cssLimitBytes, bytes: await sizeOf(styles) }]
}

function withImports(manifest: ViteManifest, entries: readonly string[]): ReadonlySet<Chunk> {
  const found = new Set<Chunk>()
  const visit = (name: string): void => {
    const chunk = manifest[name]
    if (chunk === undefined) throw new Error(`${name} is not a chunk of its own any more`)
    if (found.has(chunk)) return
    found.add(chunk)
    for (const imported of chunk.imports ?? []) visit(imported)
  }
  for (const entry of entries) visit(entry)
  return found
}
