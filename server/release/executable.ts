import { existsSync } from 'node:fs'
import { cp, mkdir, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { readVocabulary } from '../usage/vocabulary-data.ts'
import { mib, type Say } from './files.ts'
import type { Stamp } from './stamp.ts'
import { bunNameOf, type Target } from './targets.ts'

/** Folders inside the executable. They mount by base name under one root, so the names are unique. */
const embedded = [
  'server/console/console-dist',
  'server/store/engine/migrations-sqlite',
  'server/store/engine/migrations-mysql',
]

/** Of migrations the SQL is run; what stands beside it is for whoever makes the next one. */
const isEmbedded = (file: string): boolean => !file.endsWith('snapshot.json')

export type ExecutablePlan = {
  readonly root: string
  readonly target: Target
  readonly stamp: Stamp
  /** Where the result stands: `claude-server` or `claude-server.exe` in this folder. */
  readonly folder: string
  /** The runtime to build on; without it the one that builds. */
  readonly runtime?: string
  /** Without arguments it is the desktop application, and on Windows it has no console window. */
  readonly desktop?: boolean
  readonly detail: Say
}

export type Built = {
  readonly file: string
  /** Source files inside, relative to the root: `node_modules/elysia/…`. */
  readonly inputs: readonly string[]
}

/** One executable. Throws with the bundler's messages when it could not be made. */
export async function buildExecutable(plan: ExecutablePlan): Promise<Built> {
  const { root, target, stamp, folder, runtime, desktop, detail } = plan
  const missing = embedded.filter((name) => !existsSync(path.join(root, name)))
  if (missing.length > 0) throw new Error(`missing: ${missing.join(', ')}`)
  const outfile = path.join(folder, target.os === 'windows' ? 'claude-server.exe' : 'claude-server')
  await mkdir(folder, { recursive: true })
  const staged = path.join(folder, 'embedded')
  for (const name of embedded) {
    await cp(path.join(root, name), path.join(staged, path.basename(name)), { recursive: true, filter: isEmbedded })
  }
  detail(`embedded: ${embedded.join(', ')}`)
  detail(`bundle: server/main.ts for bun-${bunNameOf(target)}, on ${runtime ?? process.execPath}`)
  const built = await Bun.build({
    entrypoints: [path.join(root, 'server/main.ts')],
    root,
    // ESM, because bytecode with top-level await fails in any other format.
    format: 'esm',
    minify: true,
    bytecode: true,
    // What is imported later is a file of its own: its bytecode costs nothing until then.
    splitting: true,
    metafile: true,
    throw: false,
    plugins: [packedVocabulary(root)],
    define: {
      BUILD_VERSION: JSON.stringify(stamp.version),
      BUILD_COMMIT: JSON.stringify(stamp.commit),
      BUILD_DATE: JSON.stringify(new Date(stamp.committedAt).toISOString()),
      BUILD_DESKTOP: JSON.stringify(desktop === true),
    },
    compile: {
      target: `bun-${bunNameOf(target)}` as Bun.Build.CompileTarget,
      outfile,
      assets: embedded.map((name) => path.join(staged, path.basename(name))),
      // Else a bunfig.toml or .env in the working directory would run inside our program.
      autoloadDotenv: false,
      autoloadBunfig: false,
      ...(runtime === undefined ? {} : { executablePath: runtime }),
      ...(desktop === true && target.os === 'windows' ? { windows: { hideConsole: true } } : {}),
    },
  })
  await rm(staged, { recursive: true, force: true })
  if (!built.success) throw new Error(built.logs.map(String).join('\n'))
  const inputs = Object.keys(built.metafile?.inputs ?? {})
  detail(`executable: ${outfile}, ${mib((await stat(outfile)).size)}, of ${inputs.length} source files`)
  return { file: outfile, inputs }
}

/** The tokenizer's vocabulary goes into the executable as it is kept, not as the objects it is made of. */
function packedVocabulary(root: string): Bun.BunPlugin {
  return {
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
}
