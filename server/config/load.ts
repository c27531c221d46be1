import { readFileSync } from 'node:fs'
import { err, ok, type Result } from '../lib/result.ts'
import { type ConfigFault, type Resolved, resolveConfig } from './resolve.ts'

/** `resolveConfig` on the real disk. `argv` is without program and script. Called once, before anything else. */
export function loadConfig(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  cwd: string,
): Result<Resolved, ConfigFault> {
  return resolveConfig(argv, env, readText, cwd)
}

function readText(file: string): Result<string | undefined, string> {
  try {
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(file)))
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR') return ok(undefined)
    if (error instanceof TypeError) return err('it is not UTF-8 text')
    return err(error instanceof Error ? error.message : String(error))
  }
}
