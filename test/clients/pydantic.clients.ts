import { afterAll, beforeAll, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { type Gateway, startGateway } from '../support/gateway.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(async () => {
  await gateway?.stop()
})

/** `run.ts` installs the packages of requirements.txt there. */
const python = path.join(import.meta.dir, '.venv/bin/python')

test('pydantic models, by the official Python libraries and by Pydantic AI', async () => {
  const home = await mkdtemp(path.join(tmpdir(), 'pydantic-'))
  const child = Bun.spawn([python, path.join(import.meta.dir, 'pydantic_client.py')], {
    env: { PATH: process.env.PATH ?? '', HOME: home, GATEWAY_URL: gateway.url, GATEWAY_KEY: gateway.key },
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, errors] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  await rm(home, { recursive: true, force: true })
  if ((await child.exited) !== 0) throw new Error(errors.slice(-3_000))
  const right = { city: expect.any(String), degrees: expect.any(Number) }
  expect(JSON.parse(out)).toEqual({
    ...{ chat: right, responses: right, streamed: right, messages: right, refused: 502 },
    ...{ native: right, tool: right, prompted: right },
  })
})
