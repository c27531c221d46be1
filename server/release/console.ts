import { cp, mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { measureBudgets } from '../../ui/budget.ts'
import { type Asset, type Manifest, manifestName, readManifest } from '../console/manifest.ts'
import { commandText, type Say } from './files.ts'

const root = path.join(import.meta.dirname, '../..')
const uiOutput = path.join(root, 'ui/dist')
export const consoleFolder = path.join(root, 'server/console/console-dist')

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted()
}

const sha256 = (bytes: string | Uint8Array): string => new Bun.CryptoHasher('sha256').update(bytes).digest('base64url')

/** One hash over everything that decides what the console looks like: sources, locked libraries, this file. */
async function uiSourceHash(): Promise<string> {
  const sources = (await filesIn(path.join(root, 'ui'))).filter((file) => !file.startsWith('dist/'))
  const all = [...sources.map((file) => `ui/${file}`), 'bun.lock', 'server/release/console.ts']
  const lines = await Promise.all(all.map(async (file) => `${file} ${sha256(await readFile(path.join(root, file)))}`))
  return sha256(lines.join('\n'))
}

/** Copies a Vite build from `from` to `to` with compressed forms and the manifest that the server reads. */
export async function packConsole(from: string, to: string, source: string): Promise<Manifest> {
  // Written aside and renamed, so that a build that dies leaves no half of a console behind.
  const aside = `${to}.new`
  await rm(aside, { recursive: true, force: true })
  const assets: Record<string, Asset> = {}
  for (const file of await filesIn(from)) {
    if (file.startsWith('.vite/')) continue
    await cp(path.join(from, file), path.join(aside, file))
    const bytes = await readFile(path.join(from, file))
    assets[`/${file}`] = {
      type: contentType(file),
      etag: sha256(bytes).slice(0, 22),
      immutable: /^assets\/.+-[\w-]{8}\.\w+$/.test(file),
      bytes: bytes.length,
      variants: await writeVariants(aside, file, bytes),
    }
  }
  const manifest: Manifest = { source, packages: await packagesOf(from), assets }
  await writeFile(path.join(aside, manifestName), JSON.stringify(manifest))
  await rm(to, { recursive: true, force: true })
  await rename(aside, to)
  return manifest
}

/** What the build said it is made of (ui/licences.ts). */
async function packagesOf(folder: string): Promise<string[]> {
  const list = Bun.file(path.join(folder, '.vite/packages.json'))
  return (await list.exists()) ? ((await list.json()) as string[]) : []
}

/** Compressed forms live in folders of their own: nobody reaches them by a URL. Those that save nothing are not written. */
async function writeVariants(folder: string, file: string, bytes: Buffer): Promise<Asset['variants']> {
  const variants: { br?: string; gzip?: string } = {}
  const forms = {
    br: () =>
      brotliCompressSync(bytes, {
        params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length },
      }),
    gzip: () => gzipSync(bytes, { level: 9 }),
  } as const
  for (const name of ['br', 'gzip'] as const) {
    const packed = forms[name]()
    if (packed.length >= bytes.length) continue
    const target = `packed/${name}/${file}`
    await mkdir(path.dirname(path.join(folder, target)), { recursive: true })
    await writeFile(path.join(folder, target), packed)
    variants[name] = target
  }
  return variants
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
}

const contentType = (file: string): string => types[path.extname(file)] ?? 'application/octet-stream'

/** The console in server/console/console-dist; false when Vite failed or a view outgrew its budget. */
export async function buildUi({
  noCache = false,
  detail = () => {},
}: {
  readonly noCache?: boolean
  readonly detail?: Say
} = {}): Promise<boolean> {
  const source = await uiSourceHash()
  if (!noCache && readManifest(consoleFolder)?.source === source) {
    console.log('console   up to date')
    return true
  }
  const startedAt = performance.now()
  const vitePath = path.join(root, 'node_modules/vite/bin/vite.js')
  const command = [process.execPath, '--bun', vitePath, 'build', '--config', 'ui/vite.config.ts']
  detail(commandText(command))
  const vite = Bun.spawn(command, { cwd: root, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [output, errors, code] = await Promise.all([
    new Response(vite.stdout).text(),
    new Response(vite.stderr).text(),
    vite.exited,
  ])
  if (code !== 0) {
    console.error(`console   vite failed (exit ${code})\n${output}${errors}`)
    return false
  }
  for (const line of `${output}${errors}`.trim().split('\n')) detail(line)
  const budgets = await measureBudgets(uiOutput)
  for (const { name, bytes, limitBytes } of budgets) {
    if (bytes > limitBytes) console.error(`console   ${name} is ${kib(bytes)} gzipped, more than ${kib(limitBytes)}`)
  }
  if (budgets.some(({ bytes, limitBytes }) => bytes > limitBytes)) return false
  const manifest = await packConsole(uiOutput, consoleFolder, source)
  const files = Object.values(manifest.assets)
  const plain = files.reduce((sum, asset) => sum + asset.bytes, 0)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  const views = budgets.map(({ name, bytes }) => `${name} ${kib(bytes)}`).join(', ')
  console.log(`console   ${files.length} files, ${kib(plain)} (gzipped: ${views}), in ${seconds} s`)
  return true
}
