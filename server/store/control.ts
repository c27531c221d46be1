import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'
import { randomText } from '../lib/effects.ts'

/** How the other subcommands reach the running server: over loopback, with a token of this start. */
export type Control = {
  readonly pid: number
  /** Address to connect to; loopback unless the server listens on one other address only. */
  readonly host: string
  readonly port: number
  /** Secret; new at every start. */
  readonly token: string
  /** Epoch ms. */
  readonly startedAt: number
}

export const controlFileName = 'control.json'
const fileOf = (dataDir: string): string => path.join(dataDir, controlFileName)

export const newControlToken = (): string => randomText(43)

/** Writes the file whole (mode 0600), replacing what a killed server left. Throws when the folder cannot be written. */
export function writeControl(dataDir: string, control: Control): void {
  const draft = `${fileOf(dataDir)}.${randomText(8)}.new`
  try {
    const handle = openSync(draft, 'wx', 0o600)
    try {
      writeSync(handle, `${JSON.stringify(control)}\n`)
      fsyncSync(handle)
    } finally {
      closeSync(handle)
    }
    renameSync(draft, fileOf(dataDir))
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

/** What a server wrote last, undefined when there is nothing usable. Only the lock says whether that server still runs. */
export function readControl(dataDir: string): Control | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(fileOf(dataDir), 'utf8'))
    return isControl(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** Removes the file, unless another start has written its own. */
export function removeControl(dataDir: string, token: string): void {
  if (readControl(dataDir)?.token === token) rmSync(fileOf(dataDir), { force: true })
}

function isControl(value: unknown): value is Control {
  if (typeof value !== 'object' || value === null) return false
  const { pid, host, port, token, startedAt } = value as Record<string, unknown>
  const numbers = [pid, port, startedAt].every((member) => Number.isInteger(member) && (member as number) >= 0)
  return numbers && typeof host === 'string' && typeof token === 'string' && token.length >= 32
}
