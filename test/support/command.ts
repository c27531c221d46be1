import path from 'node:path'
import { watched } from './outbound-watch.ts'

const root = path.join(import.meta.dir, '../..')

/** The gateway's command: the executable when GATEWAY_BINARY is set, else Bun with the entry file. `watch`: as in `watched`. */
export function gatewayCommand(watch?: string): string[] {
  const binary = process.env.GATEWAY_BINARY
  const source = [process.execPath, path.join(root, 'server/main.ts')]
  return watched(binary === undefined || binary === '' ? source : [binary], watch)
}

/** Runs the gateway's command line to its end. */
export async function runGateway(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  input?: string,
): Promise<{ readonly code: number; readonly out: string; readonly err: string }> {
  const child = Bun.spawn([...gatewayCommand(), ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', NO_BROWSER: '1', ...env },
    stdin: input === undefined ? 'ignore' : new Blob([input]),
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [code, out, err] = await Promise.all([
    child.exited,
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ])
  return { code, out, err }
}
