// Starts the built executable in an empty folder, in demo mode: health, version, console, one streamed chat, a clean stop.
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'

const name = process.platform === 'win32' ? 'claude-server.exe' : 'claude-server'
const built =
  process.argv[2] ??
  path.join(
    import.meta.dir,
    '..',
    'dist',
    `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`,
    name,
  )
const folder = mkdtempSync(path.join(tmpdir(), 'gateway-smoke-'))
copyFileSync(built, path.join(folder, name))

let failed = 0
let passed = 0
const check = (what: string, good: boolean, detail = ''): void => {
  if (good) passed++
  else failed++
  console.log(`${good ? 'ok  ' : 'FAIL'} ${what}${good || detail === '' ? '' : `: ${detail}`}`)
}

const probe = Bun.serve({ port: 0, fetch: () => new Response() })
const { port } = probe
await probe.stop(true)
const child = Bun.spawn(
  [path.join(folder, name), '--demo', '--no-browser', '--host', '127.0.0.1', '--port', String(port)],
  {
    cwd: folder,
    env: { PATH: process.env.PATH ?? '', HOME: folder, TMPDIR: process.env.TMPDIR ?? tmpdir() },
    stdout: 'pipe',
    stderr: 'pipe',
  },
)
let output = ''
void (async () => {
  for await (const chunk of child.stdout as unknown as AsyncIterable<Uint8Array>)
    output += new TextDecoder().decode(chunk)
})()
const errors = new Response(child.stderr).text()
const base = `http://127.0.0.1:${port}`

const ready = async (): Promise<boolean> => {
  for (let tries = 0; tries < 200; tries++) {
    try {
      if ((await fetch(`${base}/healthz`)).ok && /sk-[A-Za-z0-9]+/.test(output)) return true
    } catch {
      // not listening yet
    }
    await Bun.sleep(50)
  }
  return false
}

check('starts and answers /healthz', await ready(), output)
const key = /sk-[A-Za-z0-9]+/.exec(output)?.[0] ?? ''
// The command beside it can be pasted as it is, so it holds the key as well; nothing else does.
const places = output.split('\n').filter((line) => line.includes(key))
check(
  'prints a demo key, and a command with it',
  places.length === 2 && /curl .*x-api-key/.test(places[1] ?? ''),
  output,
)
const version = (await (await fetch(`${base}/version`)).json()) as { version?: string }
check('answers /version', /^\d+\.\d+\.\d+/.test(version.version ?? ''), JSON.stringify(version))
const page = await fetch(`${base}/`, { headers: { accept: 'text/html' } })
const html = await page.text()
const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1]
check('serves the console', page.ok && script !== undefined, html.slice(0, 200))
check('serves its script', script !== undefined && (await fetch(`${base}${script}`)).ok)
const chat = await fetch(`${base}/v1/messages`, {
  method: 'POST',
  headers: { 'x-api-key': key, 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
  body: JSON.stringify({
    model: 'claude-sonnet-4-5',
    max_tokens: 200,
    stream: true,
    messages: [{ role: 'user', content: 'Hello' }],
  }),
})
const stream = await chat.text()
check(
  'streams a whole chat',
  chat.ok && stream.includes('content_block_delta') && stream.includes('event: message_stop'),
  stream.slice(0, 300),
)
const headers = { 'x-api-key': key, 'content-type': 'application/json' }
const content = 'The quick brown fox jumps over the lazy dog. '.repeat(4)
const body = JSON.stringify({ model: 'claude-sonnet-4-5', messages: [{ role: 'user', content }] })
const counted = await (await fetch(`${base}/v1/messages/count_tokens`, { method: 'POST', headers, body })).text()
// Without its vocabulary it would count 59: a rough count fails nothing else.
check('counts with the vocabulary', counted === '{"input_tokens":54}', counted)
child.kill('SIGTERM')
const code = await child.exited
check('stops cleanly with exit code 0', code === 0, `exit code ${code}: ${await errors}`)
check(
  'leaves nothing beside the executable',
  readdirSync(folder).every((file) => file === name),
  readdirSync(folder).join(', '),
)
rmSync(folder, { recursive: true, force: true })
console.log(`\n${passed} passed, ${failed} failed`)
process.exit(failed === 0 ? 0 : 1)
