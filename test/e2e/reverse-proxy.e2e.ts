import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { request } from 'node:http'
import { browserPath, openPage, startBrowser, tellLeftOpen } from '../support/browser.ts'
import { caddyPath, example, type Front, nginxPath, startCaddy, startNginx } from '../support/front.ts'
import { adminPassword, answerOnce, type Gateway, startGateway } from '../support/gateway.ts'
import { heldReplies } from '../support/held-replies.ts'
import { leftOut } from '../support/left-out.ts'

setDefaultTimeout(180_000)

const { simulator, hold } = heldReplies()
let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway({ simulator })
})
afterEach(tellLeftOpen)
afterAll(() => gateway.stop())

type Sent = {
  readonly headers?: Record<string, string>
  readonly body?: string
  /** The visitor's address: on Linux all of 127.0.0.0/8 is this machine's. */
  readonly from?: string
  /** Gets all of the answer that has come, each time more comes. */
  readonly onText?: (text: string) => void
}
type Answer = {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

function send(
  front: Front,
  method: string,
  path: string,
  { headers = {}, body, from, onText }: Sent = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let text = ''
    const options = { host: '127.0.0.1', port: front.port, method, path, headers, agent: false as const }
    const sent = request({ ...options, ...(from === undefined ? {} : { localAddress: from }) }, (response) => {
      response.setEncoding('utf8')
      response.on('data', (more: string) => {
        text += more
        onText?.(text)
      })
      response.on('end', () =>
        resolve({
          status: response.statusCode ?? 0,
          headers: new Headers(
            Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]),
          ),
          text,
        }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

const json = { 'content-type': 'application/json' }
/** What a browser adds to a write of the console's page. */
const ownPage = (front: Front) => ({ ...json, origin: front.url, 'sec-fetch-site': 'same-origin' })
const signIn = (front: Front, password: string, more: Sent = {}): Promise<Answer> =>
  send(front, 'POST', '/api/login', {
    ...more,
    headers: { ...ownPage(front), ...more.headers },
    body: JSON.stringify({ password }),
  })
const chat = (content: string, more: object = {}): string =>
  JSON.stringify({ model: 'claude-sonnet-4-5', max_tokens: 500, messages: [{ role: 'user', content }], ...more })
/** The lines of an event, once there are any that `fit`: they come by another way than the answers. */
function logged(
  event: string,
  fits: (line: Record<string, unknown>) => boolean = () => true,
): Promise<readonly Record<string, unknown>[]> {
  const find = async () =>
    gateway
      .logs()
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.includes(`"${event}"`))
      .map((line) => JSON.parse(line) as Record<string, unknown>)
      .filter(fits)
  return answerOnce(find, (lines) => lines.length > 0)
}
const finished = ({ headers }: Answer) =>
  logged('relay.finished', ({ requestId }) => requestId === headers.get('request-id'))

const nginx = (words: string) => (port: string) => startNginx(example('nginx', words), port)
const caddy = (port: string) => startCaddy(example('caddyfile', 'reverse_proxy'), port)

if (nginxPath === undefined) leftOut('nginx')
else {
  behind('nginx as documented', nginx('X-Forwarded-For'))
  tellsVisitorsApart('nginx as documented', nginx('X-Forwarded-For'))
  behind('nginx with its default headers', nginx('listen 80'))
  knowsNoVisitor('nginx with its default headers', nginx('listen 80'))
}
if (caddyPath === undefined) console.warn('reverse-proxy.e2e: no Caddy found, its example is not run')
else {
  behind('Caddy as documented', caddy)
  tellsVisitorsApart('Caddy as documented', caddy)
}

/** What has to work whatever the proxy passes on. */
function behind(name: string, start: (gatewayPort: string) => Promise<Front>): void {
  describe(name, () => {
    let front: Front
    beforeAll(async () => {
      front = await start(new URL(gateway.url).port)
    })
    afterAll(() => front.stop())

    test('the console signs in and writes, and a page of another site does neither', async () => {
      const answer = await signIn(front, adminPassword)
      expect([answer.status, answer.text]).toEqual([200, expect.stringContaining('"success":true')])
      const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? ''
      const body = JSON.stringify({ name: 'made behind a proxy' })
      const own = await send(front, 'POST', '/v2/keys', { headers: { ...ownPage(front), cookie }, body })
      expect(own.status).toBe(200)
      for (const foreign of [
        { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
        { origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-site' },
        { origin: 'http://evil.example' },
      ]) {
        const refused = await send(front, 'POST', '/v2/keys', { headers: { ...json, ...foreign, cookie }, body })
        expect([refused.status, refused.text]).toEqual([403, expect.stringContaining(foreign.origin)])
        const login = { headers: { ...json, ...foreign }, body: JSON.stringify({ password: adminPassword }) }
        expect((await send(front, 'POST', '/api/login', login)).status).toBe(403)
      }
    })

    test('a streamed answer comes word by word', async () => {
      // The provider goes on only when the first words are here.
      const held = hold()
      const answer = await send(front, 'POST', '/v1/messages', {
        headers: { ...json, 'x-api-key': gateway.key },
        body: chat(`[[sim:fault=silence-after-text:${held.ms}]] one two three`, { stream: true }),
        onText: (text) => {
          if (text.includes('text_delta')) held.release()
        },
      })
      expect(answer.text).toEndWith('event: message_stop\ndata: {"type":"message_stop"}\n\n')
    })

    if (browserPath !== undefined) {
      test('a browser opens the console, signs in and makes a key', async () => {
        const browser = await startBrowser()
        try {
          const { page, faults } = await openPage(browser, { locale: 'en-US' })
          await page.goto(`${front.url}/users`)
          await page.locator('[autocomplete=current-password]').fill(adminPassword)
          await page.locator('button[type=submit]').click()
          await page.getByRole('heading', { level: 1, name: 'Users & keys' }).waitFor()
          const status = await page.evaluate(async () => {
            const answer = await fetch('/v2/keys', {
              method: 'POST',
              headers: { 'content-type': 'application/json' },
              body: JSON.stringify({ name: 'from the page' }),
            })
            return answer.status
          })
          expect([status, faults]).toEqual([200, []])
        } finally {
          await browser.close()
        }
      })
    }
  })
}

let guessers = 0

/** What a proxy that names the client and the host makes possible. */
function tellsVisitorsApart(name: string, start: (gatewayPort: string) => Promise<Front>): void {
  describe(`${name}, visitor by visitor`, () => {
    let front: Front
    beforeAll(async () => {
      front = await start(new URL(gateway.url).port)
    })
    afterAll(() => front.stop())

    test('the client’s own address stands in the log', async () => {
      const headers = { ...json, 'x-api-key': gateway.key }
      const answer = await send(front, 'POST', '/v1/messages', { headers, body: chat('hi'), from: '127.0.0.9' })
      expect(answer.status).toBe(200)
      expect(await finished(answer)).toMatchObject([{ peer: '127.0.0.9', status: 200 }])
    })

    test('an address the client makes up does not', async () => {
      const headers = { ...json, 'x-api-key': gateway.key, forwarded: 'for=6.6.6.6', 'x-real-ip': '6.6.6.6' }
      const answer = await send(front, 'POST', '/v1/messages', { headers, body: chat('hi'), from: '127.0.0.9' })
      expect(await finished(answer)).toMatchObject([{ peer: '127.0.0.9' }])
    })

    test('one visitor’s wrong passwords lock that visitor alone', async () => {
      const guesser = `127.0.66.${++guessers}`
      const statuses: number[] = []
      for (let tries = 0; tries < 8; tries++) {
        statuses.push((await signIn(front, 'wrong', { from: guesser })).status)
      }
      expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429])
      expect((await signIn(front, adminPassword, { from: guesser })).status).toBe(429)
      expect((await signIn(front, adminPassword, { from: '127.0.0.67' })).status).toBe(200)
    })

    test('a body of 20 MB is passed on, and the metrics are not', async () => {
      const headers = { ...json, 'x-api-key': gateway.key }
      // Room between the members: it has to be carried, not to be counted.
      const body = chat('hello').replace('{', `{${' '.repeat(20_000_000)}`)
      const counted = await send(front, 'POST', '/v1/messages/count_tokens', { headers, body })
      expect([counted.status, counted.text]).toEqual([200, expect.stringContaining('input_tokens')])
      expect((await send(front, 'GET', '/metrics')).status).toBe(404)
    })

    test('the page may be named by the host alone, and advice names the address in front', async () => {
      const plain = { ...json, origin: front.url }
      const answer = await send(front, 'POST', '/api/login', {
        headers: plain,
        body: `{"password":"${adminPassword}"}`,
      })
      expect(answer.status).toBe(200)
      const astray = await send(front, 'POST', '/messages', { headers: { ...json, 'anthropic-version': 'x' } })
      expect(astray.text).toContain(`Set the base URL to ${front.url} `)
    })
  })
}

/** What is lost behind a proxy that says nothing of the client, and that the log says so. */
function knowsNoVisitor(name: string, start: (gatewayPort: string) => Promise<Front>): void {
  test(`${name}: the log warns that visitors cannot be told apart`, async () => {
    const front = await start(new URL(gateway.url).port)
    try {
      await signIn(front, adminPassword, { headers: { origin: 'https://gateway.example.com' } })
      await signIn(front, adminPassword, { headers: { origin: 'https://gateway.example.com' } })
      expect(await logged('proxy.headers-missing')).toEqual([
        expect.objectContaining({ level: 'warn', page: 'https://gateway.example.com' }),
      ])
      const { headers } = await signIn(front, adminPassword, { headers: { origin: 'https://gateway.example.com' } })
      expect(headers.get('set-cookie')).toContain('; Secure')
    } finally {
      await front.stop()
    }
  })
}
