import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'

export type Boot = {
  /** The program and what comes before the gateway's own arguments: an emulator and the executable. */
  readonly command: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  /** Emulated machines take their time. */
  readonly waitMs: number
}

/** Starts a demo in an empty folder, asks for its version and a streamed chat, and stops it; what went wrong, if anything. */
export async function bootFault(boot: Boot, version: string): Promise<string | undefined> {
  const folder = mkdtempSync(path.join(tmpdir(), 'release-boot-'))
  const port = await freePort()
  const args = ['--demo', '--no-browser', '--host', '127.0.0.1', '--port', String(port)]
  const child = Bun.spawn([...boot.command, ...args], {
    cwd: folder,
    // With the variable set the program does not start itself anew, which an emulator could not follow.
    env: {
      ...{ PATH: process.env.PATH ?? '', HOME: folder, TMPDIR: folder, BUN_CONFIG_MAX_HTTP_REQUESTS: '65535' },
      ...boot.env,
    },
    stdin: 'ignore',
    stdout: Bun.file(path.join(folder, 'out')),
    stderr: Bun.file(path.join(folder, 'err')),
  })
  const text = (name: string): Promise<string> => Bun.file(path.join(folder, name)).text()
  const said = async (): Promise<string> => `${await text('out')}${await text('err')}`.trim().slice(-400)
  try {
    const until = Date.now() + boot.waitMs
    let key = ''
    while (key === '') {
      if (child.exitCode !== null || child.signalCode !== null) return `it ended at once: ${await said()}`
      if (Date.now() > until) return `it did not serve within ${boot.waitMs / 1_000} s: ${await said()}`
      await Bun.sleep(100)
      key = /sk-[A-Za-z0-9]+/.exec(await text('out'))?.[0] ?? ''
    }
    return await chatFault(`http://127.0.0.1:${port}`, key, version, boot.waitMs)
  } catch (error) {
    return `${error instanceof Error ? error.message : String(error)}: ${await said()}`
  } finally {
    child.kill('SIGTERM')
    const isStopped = await Promise.race([child.exited.then(() => true), Bun.sleep(boot.waitMs).then(() => false)])
    if (!isStopped) child.kill('SIGKILL')
    await child.exited
    rmSync(folder, { recursive: true, force: true })
  }
}

async function chatFault(base: string, key: string, version: string, waitMs: number): Promise<string | undefined> {
  const signal = AbortSignal.timeout(waitMs)
  const told = (await (await fetch(`${base}/version`, { signal })).json()) as { readonly version?: string }
  if (told.version !== version) return `/version says ${told.version}`
  const page = await (await fetch(base, { signal, headers: { accept: 'text/html' } })).text()
  if (!page.includes('<div id="root">')) return 'no console at /'
  const answer = await fetch(`${base}/v1/messages`, {
    ...{ method: 'POST', signal },
    headers: { 'x-api-key': key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({
      ...{ model: 'claude-sonnet-4-5', max_tokens: 200, stream: true },
      messages: [{ role: 'user', content: 'Hello' }],
    }),
  })
  const stream = await answer.text()
  const isWhole = answer.ok && stream.includes('content_block_delta') && stream.includes('event: message_stop')
  return isWhole ? undefined : `no whole chat: ${answer.status} ${stream.slice(0, 300)}`
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const place = server.address()
      server.close(() => resolve(typeof place === 'object' && place !== null ? place.port : 0))
    })
  })
}
