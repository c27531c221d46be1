import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { type AmazonQSettings, allHosts } from '../server/upstream/amazonq/endpoint.ts'

// The gateway contacts the configured provider and sign-in hosts and nobody else. What runs is watched by
// test/e2e/process.e2e.ts; here the source itself is read.
const root = path.join(import.meta.dir, '..', 'server')
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.startsWith('simulator/')) // it answers, it does not ask
  .map((file) => ({ file, text: readFileSync(path.join(root, file), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '') }))

const settings: AmazonQSettings = {
  protocol: 'rpc',
  host: 'q',
  origin: 'AI_EDITOR',
  optOut: true,
  defaultRegion: 'us-east-1',
  version: '0.0.0',
  connectTimeoutMs: 1,
  firstEventTimeoutMs: 1,
  idleTimeoutMs: 1,
}

test('addresses in the source are the provider’s, its sign-in hosts’, or loopback', () => {
  const known = [
    ...allHosts(settings, '{region}').map((host) => host.replaceAll('%7B', '{').replaceAll('%7D', '}')),
    ...allHosts({ ...settings, host: 'kiro' }, '{region}').map((host) =>
      host.replaceAll('%7B', '{').replaceAll('%7D', '}'),
    ),
    'prod.{region}.auth.desktop.kiro.dev',
    'view.awsapps.com', // the start URL of Builder ID: sent to the sign-in host, opened by a person
    'platform.claude.com', // where the list of prices is from: shown to people
    'www.apple.com', // names what a property list is; nobody asks there
    'schemas.microsoft.com', // names what a task of Windows is
    'localhost',
    '127.0.0.1',
    'name.awsapps.com', // an example in an error message
  ]
  const found = sources.flatMap(({ file, text }) =>
    [...text.matchAll(/\bhttps?:\/\/([^/\s'"`:?#\\)]+)/g)]
      .map((match) => match[1] ?? '')
      .filter((host) => !host.startsWith('$') && !host.includes('${'))
      .filter((host) => !host.includes('@127.0.0.1') && !host.startsWith('way'))
      .filter((host) => !known.includes(host.toLowerCase()))
      .map((host) => `${file}: ${host}`),
  )
  expect(found).toEqual([])
})

test('the network is reached through Effects alone', () => {
  const doors = /(?<![\w.])fetch\(|new WebSocket\(|new EventSource\(|Bun\.connect\(|from 'node:(https?|tls|dgram|dns)'/
  const allowed = new Set(['lib/effects.ts'])
  expect(sources.filter(({ file, text }) => !allowed.has(file) && doors.test(text)).map(({ file }) => file)).toEqual([])
})
