import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { gzipSync } from 'node:zlib'

type Chunk = {
  readonly file: string
  readonly name?: string
  readonly imports?: readonly string[]
  readonly css?: readonly string[]
}
type ViteManifest = Readonly<Record<string, Chunk>>

const kib = 1024
const cssLimitBytes = 15 * kib
/** What every visitor loads before anything is known of them. */
const always = ['index.html']
/** The frame of who is signed in, and its first page. */
const first = {
  modules: ['src/pages/inside.tsx', 'src/pages/overview.tsx'],
  areas: ['shell', 'overview'],
}
const plot = 'src/components/chart-plot.tsx'
const languages = ['en', 'zh-cn'] as const
/** What whoever is not signed in loads: with the styles no more than the others without. */
const signIn = 'src/pages/login.tsx'
/** Each of them alone, from nothing. */
const entrances = [signIn, 'src/pages/password.tsx']

export type Budget = { readonly name: string; readonly bytes: number; readonly limitBytes: number }

type Route = { readonly page: string; readonly areas: readonly string[] }

/** The pages of routes.tsx with the areas whose words each of them loads. */
export function routesOf(source: string): readonly Route[] {
  const found = source.matchAll(/page\(\s*\[([^\]]*)\],\s*\(\) => import\('\.\/(pages\/[\w-]+\.tsx)'\)/g)
  return [...found].map(([, areas = '', page = '']) => ({
    page: `src/${page}`,
    areas: [...areas.matchAll(/'([\w-]+)'/g)].map((match) => match[1] ?? ''),
  }))
}

/** The gzipped size of each view of a Vite build, in the language that weighs more, beside what it may be. */
export async function measureBudgets(output: string): Promise<readonly Budget[]> {
  const manifest = JSON.parse(await readFile(path.join(output, '.vite/manifest.json'), 'utf8')) as ViteManifest
  const routes = routesOf(await readFile(path.join(import.meta.dirname, 'src/routes.tsx'), 'utf8'))
  const sizes = new Map<string, number>()
  const sizeOf = async (files: Iterable<string>): Promise<number> => {
    let sum = 0
    for (const file of files) {
      const known = sizes.get(file) ?? gzipSync(await readFile(path.join(output, file)), { level: 9 }).length
      sizes.set(file, known)
      sum += known
    }
    return sum
  }
  const filesOf = (modules: readonly string[], areas: readonly string[], language: string): ReadonlySet<string> => {
    const words = ['base', ...areas].map((area) => `src/i18n/parts/${area}/${language}.ts`)
    const chunks = withImports(manifest, [...always, ...modules, ...words])
    return new Set([...chunks].flatMap(({ file, css = [] }) => [file, ...css]))
  }
  const worst = async (modules: readonly string[], areas: readonly string[], known?: typeof first): Promise<number> => {
    const measured = languages.map((language) => {
      const had = known ? filesOf(known.modules, known.areas, language) : new Set<string>()
      const files = [...filesOf(modules, areas, language)].filter((file) => !had.has(file))
      return sizeOf(modules.includes(signIn) ? files : files.filter((file) => file.endsWith('.js')))
    })
    return Math.max(...(await Promise.all(measured)))
  }
  const budgets: Budget[] = []
  for (const { page, areas } of routes) {
    const name = path.basename(page, '.tsx')
    if (entrances.includes(page)) budgets.push({ name, bytes: await worst([page], areas), limitBytes: 60 * kib })
    else if (!first.modules.includes(page))
      budgets.push({ name: `+ ${name}`, bytes: await worst([page], areas, first), limitBytes: 50 * kib })
  }
  const styles = new Set(Object.values(manifest).flatMap((chunk) => chunk.css ?? []))
  return [
    { name: 'first view', bytes: await worst(first.modules, first.areas), limitBytes: 120 * kib },
    // Drawn once the page is there, as all charts; what is loaded in all on `/`.
    {
      name: 'first view with charts',
      bytes: await worst([...first.modules, plot], first.areas),
      limitBytes: 120 * kib,
    },
    ...budgets,
    { name: 'styles', bytes: await sizeOf(styles), limitBytes: cssLimitBytes },
  ]
}

/** What is put together by name: the entry with the basis, the frame, and the words of the first view (vite.config.ts). */
function sharedChunk(manifest: ViteManifest, module: string): Chunk | undefined {
  const language = /i18n\/parts\/[\w-]+\/([\w-]+)\.ts$/.exec(module)?.[1]
  const wanted = always.includes(module) ? 'base' : language === undefined ? 'frame' : `first-words-${language}`
  return Object.values(manifest).find(({ name }) => name === wanted)
}

function withImports(manifest: ViteManifest, entries: readonly string[]): ReadonlySet<Chunk> {
  const found = new Set<Chunk>()
  const visit = (name: string): void => {
    const chunk = manifest[name] ?? sharedChunk(manifest, name)
    if (chunk === undefined) throw new Error(`${name} is not a chunk of its own any more`)
    if (found.has(chunk)) return
    found.add(chunk)
    for (const imported of chunk.imports ?? []) visit(imported)
  }
  for (const entry of entries) visit(entry)
  return found
}
