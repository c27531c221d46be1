import { existsSync } from 'node:fs'
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { type Asset, type Manifest, manifestName, readManifest } from './server/console/manifest.ts'
import { readVocabulary } from './server/usage/vocabulary-data.ts'
import { measureBudgets } from './ui/budget.ts'

// bun run build.ts         the console and the executable for this machine, dist/<os>-<arch>/claude-server
// bun run build.ts --ui    the console alone, for a start from source; does nothing when it is up to date
// bun run build.ts --start the console, then this process becomes the server; what follows is the server's

const root = import.meta.dirname
const uiOutput = path.join(root, 'ui/dist')
const consoleFolder = path.join(root, 'server/console/console-dist')
/** Folders inside the executable. They mount by base name under one root, so the names are unique. */
const embedded = [
  'server/console/console-dist',
  'server/store/engine/migrations-sqlite',
  'server/store/engine/migrations-mysql',
]

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`
const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .toSorted()
}

const sha256 = (bytes: string | Uint8Array): string => new Bun.CryptoHasher('sha256').update(bytes).digest('base64url')

/** One hash over everything that decides what the console looks like: sources, locked libraries, this file. */
export async function uiSourceHash(): Promise<string> {
  const sources = (await filesIn(path.join(root, 'ui'))).filter((file) => !file.startsWith('dist/'))
  const all = [...sources.map((file) => `ui/${file}`), 'bun.lock', 'build.ts']
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
  const manifest: Manifest = { source, assets }
  await writeFile(path.join(aside, manifestName), JSON.stringify(manifest))
  await rm(to, { recursive: true, force: true })
  await rename(aside, to)
  return manifest
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
export async function buildUi(): Promise<boolean> {
  const source = await uiSourceHash()
  if (readManifest(consoleFolder)?.source === source) {
    console.log('console   up to date')
    return true
  }
  const startedAt = performance.now()
  const vite = Bun.spawn(
    [
      process.execPath,
      '--bun',
      path.join(root, 'node_modules/vite/bin/vite.js'),
      'build',
      '--config',
      'ui/vite.config.ts',
    ],
    { cwd: root, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  )
  const [output, errors, code] = await Promise.all([
    new Response(vite.stdout).text(),
    new Response(vite.stderr).text(),
    vite.exited,
  ])
  if (code !== 0) {
    console.error(`console   vite failed (exit ${code})\n${output}${errors}`)
    return false
  }
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

export type Target = { readonly os: 'linux' | 'darwin' | 'windows'; readonly arch: 'x64' | 'arm64' }

function thisMachine(): Target {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const { arch } = process
  if ((os !== 'linux' && os !== 'darwin' && os !== 'windows') || (arch !== 'x64' && arch !== 'arm64')) {
    throw new Error(`no executable can be built for ${os}-${arch}`)
  }
  return { os, arch }
}

async function commit(): Promise<string> {
  try {
    const git = Bun.spawn(['git', 'rev-parse', '--short=12', 'HEAD'], { cwd: root, stdout: 'pipe', stderr: 'ignore' })
    const text = (await new Response(git.stdout).text()).trim()
    return (await git.exited) === 0 && text ? text : 'unknown'
  } catch {
    return 'unknown' // no git on this machine, as in a source archive
  }
}

/** The tokenizer's vocabulary goes into the executable as it is kept, not as the objects it is made of. */
const packedVocabulary: Bun.BunPlugin = {
  name: 'packed-vocabulary',
  setup: (build) => {
    build.onLoad({ filter: /server[\\/]usage[\\/]vocabulary-data\.ts$/ }, async () => {
      const { pattern, packed } = await readVocabulary()
      const file = path.join(root, 'dist', 'vocabulary.bin')
      await Bun.write(file, packed)
      const reader = `async () => ({ pattern: ${JSON.stringify(pattern)}, packed: await Bun.file(file).bytes() })`
      return {
        contents: `import file from ${JSON.stringify(file)} with { type: 'file' }\nexport const readVocabulary = ${reader}\n`,
        loader: 'js',
      }
    })
  },
}

/** One executable in dist/<os>-<arch>; false when it could not be made. */
export async function buildExecutable(target: Target): Promise<boolean> {
  const missing = embedded.filter((folder) => !existsSync(path.join(root, folder)))
  if (missing.length > 0) {
    console.error(`binary    missing: ${missing.join(', ')}`)
    return false
  }
  const { version } = (await Bun.file(path.join(root, 'package.json')).json()) as { readonly version: string }
  const folder = path.join(root, 'dist', `${target.os}-${target.arch}`)
  const outfile = path.join(folder, target.os === 'windows' ? 'claude-server.exe' : 'claude-server')
  await mkdir(folder, { recursive: true })
  const startedAt = performance.now()
  const built = await Bun.build({
    entrypoints: [path.join(root, 'server/main.ts')],
    // ESM, because bytecode with top-level await fails in any other format.
    format: 'esm',
    minify: true,
    bytecode: true,
    // What is imported later is a file of its own: its bytecode costs nothing until then.
    splitting: true,
    throw: false,
    plugins: [packedVocabulary],
    define: { BUILD_VERSION: JSON.stringify(version), BUILD_COMMIT: JSON.stringify(await commit()) },
    compile: {
      target: `bun-${target.os}-${target.arch}`,
      outfile,
      assets: embedded.map((name) => path.join(root, name)),
      // Else a bunfig.toml or .env in the working directory would run inside our program.
      autoloadDotenv: false,
      autoloadBunfig: false,
    },
  })
  if (!built.success) {
    console.error(['binary    failed', ...built.logs.map(String)].join('\n'))
    return false
  }
  const { size } = await stat(outfile)
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
  console.log(`binary    ${path.relative(root, outfile)}, ${mib(size)}, in ${seconds} s`)
  return true
}

/** The server in place of this process, so that a signal sent to `npm start` reaches it. */
async function startServer(args: readonly string[]): Promise<number> {
  const command = [process.execPath, path.join(root, 'server/main.ts'), ...args]
  const { execve } = process
  if (process.platform !== 'win32' && execve !== undefined) execve.call(process, process.execPath, command, process.env)
  const child = Bun.spawn(command, { stdio: ['inherit', 'inherit', 'inherit'] })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal))
  return child.exited
}

if (import.meta.main) {
  const [option, ...rest] = process.argv.slice(2)
  if (option === '--start') process.exit((await buildUi()) ? await startServer(rest) : 1)
  if ((option !== undefined && option !== '--ui') || rest.length > 0) {
    console.error(`unknown option ${process.argv.slice(2).join(' ')}; use: bun run build.ts [--ui | --start …]`)
    process.exit(1)
  }
  const done = (await buildUi()) && (option === '--ui' || (await buildExecutable(thisMachine())))
  process.exit(done ? 0 : 1)
}
