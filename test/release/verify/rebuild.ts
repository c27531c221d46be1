import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Faults } from './checks.ts'

/** Builds the same commit once more in a fresh clone in another folder, and gives the artefacts whose sums differ. */
export function rebuildFaults(root: string, version: string): Faults {
  const folder = mkdtempSync(path.join(tmpdir(), 'release-again-'))
  const clone = path.join(folder, 'another place/claude-server')
  const run = (command: readonly string[], cwd: string): string | undefined => {
    const { exitCode, stderr } = Bun.spawnSync([...command], { cwd, stdout: 'ignore', stderr: 'pipe' })
    return exitCode === 0 ? undefined : `${command.join(' ')}: ${stderr.toString().slice(-400)}`
  }
  try {
    const failed =
      run(['git', 'clone', '--quiet', root, clone], folder) ??
      run([process.execPath, 'install', '--frozen-lockfile'], clone) ??
      run([process.execPath, 'run', 'build.ts', 'all', '-v', version], clone)
    if (failed !== undefined) return [failed]
    const sumsOf = (place: string): readonly string[] =>
      ['server', 'desktop'].flatMap((part) => {
        const file = path.join(place, 'dist', part, 'SHA256SUMS')
        return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [`no ${part}/SHA256SUMS`]
      })
    const again = new Set(sumsOf(clone))
    return sumsOf(root)
      .filter((line) => !again.has(line))
      .map((line) => `${line.slice(66)} came out different`)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
