import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Gateway } from '../support/gateway.ts'

/** `run.ts` installs the packages of requirements.txt there. */
const python = path.join(import.meta.dir, '.venv/bin/python')

/** Runs one of the Python programs here against the gateway and gives the JSON it prints. */
export async function runPython(file: string, gateway: Gateway): Promise<unknown> {
  const home = await mkdtemp(path.join(tmpdir(), 'python-'))
  const child = Bun.spawn([python, path.join(import.meta.dir, file)], {
    env: { PATH: process.env.PATH ?? '', HOME: home, GATEWAY_URL: gateway.url, GATEWAY_KEY: gateway.key },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  await rm(home, { recursive: true, force: true })
  if ((await child.exited) !== 0) throw new Error(errors.slice(-3_000))
  return JSON.parse(out)
}
