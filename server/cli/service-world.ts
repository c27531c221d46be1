import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { err, ok, type Result } from '../lib/result.ts'

/** What `service` sees and does of the machine. */
export type ServiceWorld = {
  readonly platform: string
  readonly home: string
  readonly uid?: number
  /** The executable; absent: it runs from source. */
  readonly program?: string
  readonly hasSystemd: boolean
  /** Undefined: there is no such file. */
  readonly read: (file: string) => Result<string | undefined, string>
  readonly write: (file: string, text: string) => Result<void, string>
  readonly makeFolder: (folder: string) => Result<void, string>
  readonly remove: (file: string) => Result<void, string>
  readonly run: (
    words: readonly string[],
  ) => Promise<{ readonly code: number; readonly out: string; readonly err: string }>
}

export function realServiceWorld(home: string): ServiceWorld {
  const uid = process.getuid?.()
  const isWindows = process.platform === 'win32'
  return {
    platform: process.platform,
    home,
    ...(uid === undefined ? {} : { uid }),
    ...(Bun.isStandaloneExecutable ? { program: process.execPath } : {}),
    hasSystemd: existsSync('/run/systemd/system'),
    read: (file) => attempt(() => (existsSync(file) ? readFileSync(file, isWindows ? 'utf16le' : 'utf8') : undefined)),
    write: (file, text) =>
      attempt(() => {
        mkdirSync(path.dirname(file), { recursive: true })
        // The Task Scheduler reads UTF-16 with its mark.
        writeFileSync(file, isWindows ? `\ufeff${text}` : text, {
          encoding: isWindows ? 'utf16le' : 'utf8',
          mode: 0o644,
        })
      }),
    makeFolder: (folder) => attempt(() => void mkdirSync(folder, { recursive: true, mode: 0o700 })),
    remove: (file) => attempt(() => rmSync(file)),
    run: async (words) => {
      try {
        const child = Bun.spawn([...words], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
        const [out, said] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
        return { code: await child.exited, out, err: said }
      } catch {
        return { code: 127, out: '', err: `${words[0]} is not found.` }
      }
    },
  }
}

function attempt<T>(act: () => T): Result<T, string> {
  try {
    return ok(act())
  } catch (thrown) {
    return err(thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'it failed')
  }
}
