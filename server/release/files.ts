import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { quoted } from '../lib/command-line.ts'
import type { Entry } from './archive.ts'

export const sumsName = 'SHA256SUMS'

export const sha256 = (bytes: Uint8Array): string => new Bun.CryptoHasher('sha256').update(bytes).digest('hex')

/** Takes a line for the person who builds. */
export type Say = (line: string) => void

/** A command as `--verbose` tells it. */
export const commandText = (words: readonly string[]): string => `$ ${words.map(quoted).join(' ')}`

export const mib = (bytes: number): string => `${(bytes / 1024 / 1024).toFixed(1)} MiB`

/** Written aside and renamed: a build that dies leaves no half of an artefact. */
export async function writeWhole(file: string, bytes: Uint8Array | string, detail: Say): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  await writeFile(`${file}.new`, bytes)
  await rename(`${file}.new`, file)
  detail(`written: ${file}, ${bytes.length} bytes`)
}

/** Of everything in the folder, in the form `sha256sum --check` reads. */
export async function writeSums(folder: string, detail: Say): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name !== sumsName && !name.endsWith('.new')).toSorted()
  const lines = await Promise.all(
    names.map(async (name) => `${sha256(await readFile(path.join(folder, name)))}  ${name}\n`),
  )
  await writeWhole(path.join(folder, sumsName), lines.join(''), detail)
}

/** What stands beside the executable in every archive; the licences of others are made by the build. */
export async function documents(root: string, licences: string, os: 'linux' | 'other'): Promise<readonly Entry[]> {
  const own: readonly (readonly [name: string, from: string])[] = [
    ['LICENSE', 'LICENSE'],
    ['README.md', 'README.md'],
    ['README.zh-CN.md', 'README.zh-CN.md'],
    ['config.example.yaml', 'docs/config.example.yaml'],
    ...(os === 'linux' ? ([['claude-server.service', 'docs/examples/systemd/claude-server.service']] as const) : []),
  ]
  const read = await Promise.all(
    own.map(async ([name, from]) => ({ name, bytes: await readFile(path.join(root, from)) })),
  )
  return [...read, { name: 'THIRD-PARTY-LICENSES.txt', bytes: Buffer.from(licences) }]
}
