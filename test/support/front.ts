import { existsSync, readFileSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'

/** The example of docs/deploy.md that holds `words`, from its code block. */
export function example(language: string, words: string): string {
  const text = readFileSync(path.join(import.meta.dir, '../../docs/deploy.md'), 'utf8')
  const blocks = [...text.matchAll(/```(\w+)\n([\s\S]*?)```/g)]
  const found = blocks.find(([, name, block]) => name === language && block?.includes(words))?.[2]
  if (found === undefined) throw new Error(`docs/deploy.md has no ${language} example with ${words}`)
  return found
}

// Linux alone: the visitors' addresses are other ones of loopback, which elsewhere has only one.
const find = (places: readonly string[]): string | undefined =>
  process.platform === 'linux' ? places.find((place) => existsSync(place)) : undefined
export const nginxPath = find(['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/usr/local/bin/nginx'])
export const caddyPath = find(['/usr/bin/caddy', '/usr/local/bin/caddy'])

export type Front = { readonly port: number; readonly url: string; readonly stop: () => Promise<void> }

/** A real nginx in a process of its own, with a `server` block of the documentation in front of the gateway. */
export function startNginx(server: string, gatewayPort: string): Promise<Front> {
  return start(gatewayPort, async (folder, port) => {
    const block = server
      .replace(/listen \d+( ssl)?;/, `listen 127.0.0.1:${port};`)
      .replace(/^.*\bssl_certificate.*$/gm, '')
      .replaceAll('127.0.0.1:62311', `127.0.0.1:${gatewayPort}`)
    const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    )
    await writeFile(
      path.join(folder, 'nginx.conf'),
      `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
       events {} http { access_log off; ${temporary.join(' ')} ${block} }`,
    )
    return [nginxPath ?? 'nginx', '-p', folder, '-e', `${folder}/error.log`, '-c', path.join(folder, 'nginx.conf')]
  })
}

/** A real Caddy, with a site of the documentation, without TLS: the test has no name of its own. */
export function startCaddy(site: string, gatewayPort: string): Promise<Front> {
  return start(gatewayPort, async (folder, port) => {
    const block = site
      .replace('gateway.example.com', `http://localhost:${port}, http://127.0.0.1:${port}`)
      .replaceAll('127.0.0.1:62311', `127.0.0.1:${gatewayPort}`)
    const file = path.join(folder, 'Caddyfile')
    await writeFile(file, `{\n\tadmin off\n\tauto_https off\n\tdefault_bind 127.0.0.1\n}\n${block}`)
    return [caddyPath ?? 'caddy', 'run', '--adapter', 'caddyfile', '--config', file]
  })
}

async function start(
  gatewayPort: string,
  prepare: (folder: string, port: number) => Promise<readonly string[]>,
): Promise<Front> {
  const folder = await mkdtemp(path.join(tmpdir(), 'gateway-front-'))
  const probe = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const port = probe.port ?? 0
  await probe.stop(true)
  const command = await prepare(folder, port)
  const child = Bun.spawn([...command], {
    env: { PATH: process.env.PATH ?? '', HOME: folder, XDG_DATA_HOME: folder, XDG_CONFIG_HOME: folder },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'pipe',
  })
  const said = new Response(child.stderr).text()
  const url = `http://127.0.0.1:${port}`
  for (let tries = 0; tries < 2_400 && child.exitCode === null; tries++) {
    if ((await fetch(`${url}/healthz`).catch(() => undefined))?.ok) {
      return {
        port,
        url,
        stop: async () => {
          child.kill('SIGTERM')
          await child.exited
          await rm(folder, { recursive: true, force: true })
        },
      }
    }
    await Bun.sleep(25)
  }
  child.kill('SIGKILL')
  throw new Error(`${command[0]} did not come up in front of port ${gatewayPort}:\n${await said}`)
}
