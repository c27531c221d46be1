import { afterAll, describe, expect, test } from 'bun:test'
import { generate } from 'selfsigned'
import type { RemotePart } from '../../server/conversation/conversation.ts'
import { isPublicAddress } from '../../server/documents/public-address.ts'
import { createRemote, type FetchAsk, type RemoteDeps, remoteLimits } from '../../server/documents/remote.ts'
import { type FetchInit, lookUpHost, realEffects } from '../../server/lib/effects.ts'
import { samplePdf } from './sample-pdf.ts'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
const never = new AbortController().signal
const mostBytes = 1_000_000

describe('isPublicAddress', () => {
  test.each(
    [
      ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '100.100.100.200', '127.0.0.1', '127.255.255.255', '168.63.129.16'],
      ...['169.254.169.254', '169.254.170.2', '172.16.0.1', '172.31.255.255', '192.0.0.192', '192.0.2.1'],
      ...['192.168.1.1', '192.88.99.1', '198.18.0.1', '198.51.100.7', '203.0.113.9', '224.0.0.1', '239.255.255.250'],
      ...['240.0.0.1', '255.255.255.255', '::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::127.0.0.1'],
      ...['64:ff9b::7f00:1', '64:ff9b::8.8.8.8', '64:ff9b:1::1', '100::1', 'fc00::1', 'fd00:ec2::254', 'fd20:ce::254'],
      ...['fe80::1', 'fe80::1%eth0', 'fec0::1', 'ff02::1', '2001::1', '2001:db8::1', '2002:7f00:1::', '3fff::1'],
      ...['5f00::1', '4000::1', '', 'localhost', 'example.com', '8.8.8', '0x8.8.8.8', '[2606:4700::1]'],
    ].map((address) => [address]),
  )('%p is not', (address) => {
    expect(isPublicAddress(address)).toBe(false)
  })

  test.each(['1.1.1.1', '8.8.8.8', '93.184.216.34', '172.15.0.1', '172.32.0.1', '2606:4700::1', '2a00:1450:4001::5'])(
    '%p is',
    (address) => {
      expect(isPublicAddress(address)).toBe(true)
    },
  )
})

/** What was asked of the network, and what it says. */
function makeRemote(over: Partial<RemoteDeps> & { answer?: (url: URL, init: FetchInit) => Response } = {}) {
  const asked: { readonly url: string; readonly host: string | undefined; readonly init: FetchInit }[] = []
  const { answer = () => new Response(png), ...deps } = over
  const fetchAttachment = createRemote({
    effects: {
      after: realEffects.after,
      now: realEffects.now,
      fetch: async (url, init = {}) => {
        asked.push({ url, host: new Headers(init.headers).get('host') ?? undefined, init })
        return answer(new URL(url), init)
      },
    },
    lookUp: async () => ['93.184.216.34'],
    isPublic: isPublicAddress,
    isAllowed: () => true,
    userAgent: 'claude-server/test',
    ...deps,
  })
  const get = (url: string, more: Partial<RemotePart> = {}, most = mostBytes, signal = never, ask: FetchAsk = {}) =>
    fetchAttachment(
      { type: 'remote', holds: 'image', url, field: 'input.0.content.0.image_url', ...more },
      most,
      signal,
      ask,
    )
  return { get, asked }
}
const refusal = (reason: string) => ({
  ok: false as const,
  error: {
    kind: 'invalid-request' as const,
    field: 'input.0.content.0.image_url',
    message: expect.stringContaining(reason),
  },
})

describe('createRemote', () => {
  test('switched off, nothing is asked and the refusal names the setting', async () => {
    const { get, asked } = makeRemote({ isAllowed: () => false })
    expect(await get('https://pictures.example/cat.png')).toEqual(refusal('setting fetchAttachments'))
    expect(asked).toEqual([])
  })

  test('connects to the very number that was checked, under the name that was asked for', async () => {
    const { get, asked } = makeRemote()
    expect(await get('https://pictures.example:8443/cat.png?token=secret')).toEqual({
      ok: true,
      value: {
        part: { type: 'image', format: 'png', base64: png.toString('base64'), field: 'input.0.content.0.image_url' },
        bytes: png.length,
        about: `pictures.example:8443, ${png.length} bytes`,
      },
    })
    expect(asked[0]).toMatchObject({
      url: 'https://93.184.216.34:8443/cat.png?token=secret',
      host: 'pictures.example:8443',
      init: { redirect: 'manual', tls: { serverName: 'pictures.example' } },
    })
  })

  test.each([
    ['http://127.0.0.1/x', 'no public address'],
    ['http://2130706433/x', 'no public address'],
    ['http://0x7f.1/x', 'no public address'],
    ['http://0177.0.0.1/x', 'no public address'],
    ['http://169.254.169.254/latest/meta-data/', 'no public address'],
    ['http://[::1]/x', 'no public address'],
    ['http://[::ffff:127.0.0.1]/x', 'no public address'],
    ['http://[64:ff9b::7f00:1]/x', 'no public address'],
    ['http://user:secret@pictures.example/x', 'a user name or a password'],
    ['http://pictures.example:22/x', "port 22 is no web server's"],
    ['http://pictures.example:25/x', "port 25 is no web server's"],
    ['ftp://pictures.example/x', 'only http and https'],
    ['file:///etc/passwd', 'only http and https'],
    ['https://', 'it is none'],
    [`https://pictures.example/${'x'.repeat(9_000)}`, 'too long'],
  ])('%s is refused without asking anybody', async (url, reason) => {
    const { get, asked } = makeRemote()
    expect(await get(url)).toEqual(refusal(reason))
    expect(asked).toEqual([])
  })

  test.each([
    [['10.0.0.1']],
    [['169.254.169.254']],
    [['::ffff:10.0.0.1']],
    [['fd00:ec2::254']],
    [['64:ff9b::a9fe:a9fe']],
    [['93.184.216.34', '127.0.0.1']],
  ])('a name that stands for %p is refused without asking anybody', async (addresses) => {
    const { get, asked } = makeRemote({ lookUp: async () => addresses })
    expect(await get('https://inside.example/x')).toEqual(refusal('no public address'))
    expect(asked).toEqual([])
  })

  test('a name that changes its address between the check and the call is called at the checked one', async () => {
    let lookUps = 0
    const { get, asked } = makeRemote({ lookUp: async () => [lookUps++ === 0 ? '93.184.216.34' : '127.0.0.1'] })
    expect(await get('http://rebinding.example/x')).toMatchObject({ ok: true })
    expect([lookUps, asked.map(({ url }) => url)]).toEqual([1, ['http://93.184.216.34/x']])
    // The next call looks anew, and refuses.
    expect(await get('http://rebinding.example/y')).toEqual(refusal('no public address'))
    expect(asked).toHaveLength(1)
  })

  test('a redirect is checked like a first address, and their number is limited', async () => {
    const to = (location: string) => () => new Response(null, { status: 302, headers: { location } })
    for (const [location, reason] of [
      ['http://169.254.169.254/latest', 'no public address'],
      ['http://[::1]:8080/', 'no public address'],
      ['file:///etc/passwd', 'only http and https'],
      ['http://root:x@pictures.example/', 'a user name or a password'],
      ['//127.0.0.1/x', 'no public address'],
    ] as const) {
      const { get, asked } = makeRemote({ answer: to(location) })
      expect(await get('https://pictures.example/a')).toEqual(refusal(reason))
      expect(asked).toHaveLength(1)
    }
    const endless = makeRemote({ answer: to('/again') })
    expect(await endless.get('https://pictures.example/a')).toEqual(refusal('redirected more than 3 times'))
    expect(endless.asked).toHaveLength(4)
    const once = makeRemote({
      answer: ({ pathname }) => (pathname === '/a' ? to('b')() : new Response(png)),
    })
    expect(await once.get('https://pictures.example/a')).toMatchObject({ ok: true })
    expect(once.asked.map(({ url, host }) => [url, host])).toEqual([
      ['https://93.184.216.34/a', 'pictures.example'],
      ['https://93.184.216.34/b', 'pictures.example'],
    ])
  })

  test('size is limited whether or not the server says it beforehand', async () => {
    const said = makeRemote({ answer: () => new Response(null, { headers: { 'content-length': '1000001' } }) })
    expect(await said.get('https://pictures.example/a')).toEqual(refusal('larger than 1000000 bytes'))
    let sent = 0
    const endless = makeRemote({
      answer: () =>
        new Response(
          new ReadableStream({
            pull: (controller) => {
              sent += 100_000
              controller.enqueue(new Uint8Array(100_000))
            },
          }),
        ),
    })
    expect(await endless.get('https://pictures.example/a')).toEqual(refusal('larger than 1000000 bytes'))
    expect(sent).toBeLessThan(2_000_000)
  })

  test('a server, or a name server, that never answers is given up', async () => {
    const slow = { after: (_: number, task: () => void) => realEffects.after(30, task), now: realEffects.now }
    const silent = makeRemote({
      effects: {
        ...slow,
        fetch: (_, init) =>
          new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted')))),
      },
    })
    expect(await silent.get('https://pictures.example/a')).toEqual(refusal('longer than 15 seconds'))
    const lost = makeRemote({
      effects: { ...slow, fetch: async () => new Response(png) },
      lookUp: () => new Promise(() => undefined),
    })
    expect(await lost.get('https://pictures.example/a')).toEqual(refusal('longer than 15 seconds'))
  })

  test('what a server says in place of the thing is a reason; a broken one shows no details', async () => {
    const missing = makeRemote({ answer: () => new Response('no', { status: 404 }) })
    expect(await missing.get('https://pictures.example/a')).toEqual(refusal('answered with status 404'))
    const page = makeRemote({ answer: () => new Response('<html>', { headers: { 'content-type': 'image/png' } }) })
    expect(await page.get('https://pictures.example/a')).toEqual(refusal('not a PNG, JPEG, GIF or WebP'))
    const unknown = makeRemote({ lookUp: () => Promise.reject(new Error('ENOTFOUND')) })
    expect(await unknown.get('https://pictures.example/a')).toEqual(refusal('not known or has no public address'))
    const broken = makeRemote({
      answer: () => {
        throw new Error('connect ECONNREFUSED 93.184.216.34:443')
      },
    })
    const refused = await broken.get('https://pictures.example/a')
    expect(refused).toEqual(refusal('its server could not be reached'))
    expect(JSON.stringify(refused)).not.toContain('93.184')
  })

  test('what is sent compressed, unasked, is refused and not read as text', async () => {
    const packed = (encoding: string) =>
      makeRemote({
        answer: () =>
          new Response(Bun.gzipSync('a,b'), { headers: { 'content-type': 'text/csv', 'content-encoding': encoding } }),
      }).get('https://papers.example/t.csv', { holds: 'document' })
    expect(await packed('gzip')).toEqual(refusal('sent it compressed'))
    expect(await packed('br')).toEqual(refusal('sent it compressed'))
    expect(await packed('identity')).toMatchObject({ ok: true })
  })

  test('documents are told by their bytes, their type or their name', async () => {
    const document = { holds: 'document', byPage: true } as const
    const serving = (body: Uint8Array<ArrayBuffer> | string, type: string) =>
      makeRemote({ answer: () => new Response(body, { headers: { 'content-type': type } }) })
    const pdf = await serving(new Uint8Array(samplePdf(['x'])), 'application/octet-stream').get(
      'https://papers.example/r%20a.pdf',
      document,
    )
    expect(pdf).toMatchObject({ value: { part: { type: 'document', kind: 'pdf', title: 'r a.pdf', byPage: true } } })
    const csv = await serving('a,b', 'text/csv; charset=utf-8').get('https://papers.example/t.csv', document)
    expect(csv).toMatchObject({ value: { part: { type: 'text', text: 't.csv\n\na,b' } } })
    const word = await serving('PK', 'application/octet-stream').get('https://papers.example/t.docx', document)
    expect(word).toMatchObject({ value: { part: { type: 'document', kind: 'docx' } } })
    for (const [last, name] of [
      ['caf%E9.txt', 'caf%E9.txt'],
      ['%FF%20%C3%A9.txt', '%FF%20%C3%A9.txt'],
      ['100%.txt', '100%.txt'],
      ['%E4%B8%AD%20a%.txt', '中 a%.txt'],
    ]) {
      const odd = await serving('x', 'text/plain').get(`https://papers.example/${last}`, document)
      expect(odd).toMatchObject({ value: { part: { type: 'text', text: `${name}\n\nx` } } })
    }
    const film = await serving('x', 'video/mp4').get('https://papers.example/t.mp4', document)
    expect(film).toEqual(refusal('can be read'))
  })

  test('an address that comes again is not fetched again, and keeps the name of its member', async () => {
    const { get, asked } = makeRemote()
    await get('https://pictures.example/a')
    expect(await get('https://pictures.example/a', { field: 'input.2' })).toMatchObject({
      value: { part: { field: 'input.2' } },
    })
    expect(asked).toHaveLength(1)
  })

  test('a dead address is known for a minute, and one that is too large for whoever takes no more', async () => {
    let now = 1
    const answers = [404, 200, 200]
    const { get, asked } = makeRemote({
      effects: {
        after: realEffects.after,
        now: () => now,
        fetch: async (url) => {
          asked.push({ url, host: undefined, init: {} })
          return new Response(png, { status: answers.shift() ?? 200 })
        },
      },
    })
    expect(await get('https://pictures.example/a')).toEqual(refusal('status 404'))
    expect(await get('https://pictures.example/a')).toEqual(refusal('status 404'))
    expect(asked).toHaveLength(1)
    now = remoteLimits.deadMs + 2
    await Bun.sleep(5)
    expect(await get('https://pictures.example/a')).toMatchObject({ ok: true })
    expect(await get('https://pictures.example/large', {}, 10)).toEqual(refusal('larger than 10 bytes'))
    expect(await get('https://pictures.example/large', {}, 9)).toEqual(refusal('larger than 10 bytes'))
    expect(asked).toHaveLength(3)
    expect(await get('https://pictures.example/large')).toMatchObject({ ok: true })
  })

  test('one caller has half of the seats; its turn that does not come is told, and the address not taken for dead', async () => {
    let slow = true
    const { get, asked } = makeRemote({
      effects: {
        after: realEffects.after,
        now: realEffects.now,
        fetch: (url, init) => {
          asked.push({ url, host: undefined, init: init ?? {} })
          return url.includes('/slow') && slow
            ? new Promise((_, reject) => init?.signal?.addEventListener('abort', () => reject(new Error('aborted'))))
            : Promise.resolve(new Response(png))
        },
      },
    })
    const ending = new AbortController()
    const many = Array.from({ length: 6 }, (_, index) =>
      get(`https://pictures.example/slow${index}`, {}, mostBytes, ending.signal, { callerId: 'many' }),
    )
    expect(await get('https://pictures.example/a', {}, mostBytes, never, { callerId: 'one' })).toMatchObject({
      ok: true,
    })
    expect(asked).toHaveLength(5)
    ending.abort()
    const field = 'input.0.content.0.image_url'
    expect((await Promise.all(many)).slice(3)).toMatchObject([
      { error: { kind: 'invalid-request' } },
      { error: { kind: 'pool-busy', field, message: expect.stringContaining(`${field}: `) } },
      { error: { kind: 'pool-busy', field } },
    ])
    slow = false
    expect(await get('https://pictures.example/slow0')).toMatchObject({ ok: true })
  })

  describe('through the resolver that is used in production', () => {
    const seen: string[] = []
    const serve = (hostname: string, port = 0) =>
      Bun.serve({
        ...{ port, hostname },
        fetch: (request) => {
          seen.push(`${hostname} ${request.headers.get('host')}`)
          return new Response(png)
        },
      })
    const real = (over: Partial<RemoteDeps>) => makeRemote({ lookUp: lookUpHost, effects: realEffects, ...over })

    test('a name that really stands for this machine is refused, and nobody is called', async () => {
      const server = serve('127.0.0.1')
      try {
        for (const name of ['localhost', 'LOCALHOST', 'localhost.'])
          expect(await real({}).get(`http://${name}:${server.port}/x`)).toEqual(refusal('no public address'))
        expect(seen).toEqual([])
        // The same address is reached where such numbers are allowed.
        const open = real({
          isPublic: () => true,
          lookUp: async (name) => (await lookUpHost(name)).filter((one) => one === '127.0.0.1'),
        })
        expect(await open.get(`http://localhost:${server.port}/x`)).toMatchObject({ ok: true })
        expect(seen.splice(0)).toEqual([`127.0.0.1 localhost:${server.port}`])
      } finally {
        await server.stop(true)
      }
    })

    // Elsewhere only the first number of the loopback network is there without more ado.
    test.if(process.platform === 'linux')(
      'the connection goes to the number that was checked, whatever the name stands for by then',
      async () => {
        const checked = serve('127.0.0.2')
        const inner = serve('127.0.0.1', checked.port)
        try {
          let asked = 0
          const { get } = real({
            lookUp: async () => [asked++ === 0 ? '127.0.0.2' : '127.0.0.1'],
            isPublic: (address) => address === '127.0.0.2',
          })
          // To the system, this name is 127.0.0.1 all the time.
          const url = `http://localhost:${checked.port}`
          expect(await get(`${url}/a`)).toMatchObject({ ok: true })
          expect(await get(`${url}/b`)).toEqual(refusal('no public address'))
          expect(seen.splice(0)).toEqual([`127.0.0.2 localhost:${checked.port}`])
        } finally {
          await Promise.all([checked.stop(true), inner.stop(true)])
        }
      },
    )
  })

  describe('with a real server', async () => {
    const keys = await generate([{ name: 'commonName', value: 'pictures.example' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'pictures.example' }] }],
    })
    const seen: string[] = []
    const server = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      tls: { key: keys.private, cert: keys.cert },
      fetch: (request) => {
        seen.push(`${request.headers.get('host')} ${request.headers.get('user-agent')}`)
        return new Response(png)
      },
    })
    afterAll(() => server.stop(true))
    const trusting = (lookUp: RemoteDeps['lookUp']) =>
      makeRemote({
        lookUp,
        isPublic: (address) => address === '127.0.0.1',
        effects: {
          ...realEffects,
          fetch: (url, init) => realEffects.fetch(url, { ...init, tls: { ...init?.tls, ca: keys.cert } } as FetchInit),
        },
      })

    test('the certificate is checked against the name, though the connection goes to a number', async () => {
      const { get } = trusting(async () => ['127.0.0.1'])
      expect(await get(`https://pictures.example:${server.port}/a`)).toMatchObject({ ok: true })
      expect(seen).toEqual([`pictures.example:${server.port} claude-server/test`])
      expect(await get(`https://other.example:${server.port}/a`)).toEqual(refusal('could not be reached'))
      expect(seen).toHaveLength(1)
    })
  })
})
