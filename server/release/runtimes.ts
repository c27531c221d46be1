import { chmod, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { commandText, type Say } from './files.ts'
import { bunVersion, type Runtime } from './targets.ts'

/** Below node_modules, so that a fresh install is a fresh start. */
export const runtimeFolder = (root: string): string => path.join(root, 'node_modules/.cache/runtimes', bunVersion)

/**
 * The runtime's executable, from the cache or the configured npm registry (Bun's own client checks the package against the
 * registry's word; the pinned hash is ours). Throws when it is not the one we know.
 */
export async function fetchRuntime(
  root: string,
  runtime: Runtime,
  { noCache, detail }: { readonly noCache: boolean; readonly detail: Say },
): Promise<string> {
  const folder = path.join(runtimeFolder(root), runtime.package.replace('@oven/', ''))
  const file = path.join(folder, path.basename(runtime.file))
  if (!noCache && (await hashOf(file)) === runtime.sha256) {
    detail(`runtime: ${runtime.package}@${bunVersion} from the cache, SHA-256 ${runtime.sha256}`)
    return file
  }
  // Installed aside: a fetch that dies leaves nothing that looks like a runtime.
  const aside = `${folder}.new`
  await rm(aside, { recursive: true, force: true })
  await mkdir(aside, { recursive: true })
  const dependencies = { [runtime.package]: bunVersion }
  await writeFile(path.join(aside, 'package.json'), JSON.stringify({ private: true, dependencies }))
  await install(aside, noCache, detail)
  const fetched = path.join(aside, 'node_modules', runtime.package, runtime.file)
  const hash = await hashOf(fetched)
  if (hash !== runtime.sha256) {
    await rm(aside, { recursive: true, force: true })
    throw new Error(`${runtime.package}@${bunVersion}: the executable is ${hash ?? 'missing'}, not ${runtime.sha256}`)
  }
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  await rename(fetched, file)
  await chmod(file, 0o755)
  await rm(aside, { recursive: true, force: true })
  detail(`runtime: ${runtime.package}@${bunVersion} from the registry, SHA-256 ${runtime.sha256}`)
  return file
}

async function install(folder: string, noCache: boolean, detail: Say): Promise<void> {
  const anew = noCache ? ['--no-cache', '--cache-dir', path.join(folder, 'fetched')] : []
  const command = [
    process.execPath,
    'install',
    '--no-save',
    '--ignore-scripts',
    '--os=*',
    '--cpu=*',
    '--libc=*',
    ...anew,
  ]
  detail(`${commandText(command)}   (in ${folder})`)
  const child = Bun.spawn(command, { cwd: folder, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code !== 0) throw new Error(`the npm registry gave no runtime (exit ${code})\n${output}${errors}`)
}

async function hashOf(file: string): Promise<string | undefined> {
  try {
    return new Bun.CryptoHasher('sha256').update(await readFile(file)).digest('hex')
  } catch {
    return undefined
  }
}
