import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs'
import path from 'node:path'

const limitBytes = 4 * 1024 * 1024

/** Log lines into `desktop.log` in the data folder, for nobody sees standard output; at 4 MiB the file before it is dropped. */
export function createLogFile(dataDir: string): (line: string) => void {
  const file = path.join(dataDir, 'desktop.log')
  let bytes: number | undefined
  return (line) => {
    try {
      if (bytes === undefined) {
        mkdirSync(dataDir, { recursive: true })
        bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0
      }
      if (bytes > limitBytes) {
        renameSync(file, `${file}.1`)
        bytes = 0
      }
      appendFileSync(file, line, { mode: 0o600 })
      bytes += Buffer.byteLength(line)
    } catch {
      // A full disk must not stop the gateway; the console has its own log.
    }
  }
}
