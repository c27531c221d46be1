// Everything a day brings, mixed: three APIs, streamed and whole, tools, thinking, faults, clients that leave, an operator
// who looks around. Each piece of work checks its own answer and throws when it is not as it must be.
import { adminPassword, type Gateway } from '../support/gateway.ts'

type Work = { readonly name: string; readonly weight: number; readonly run: (turn: number) => Promise<void> }

const model = 'claude-sonnet-4.5'
const schema = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } as const
const description = 'Weather of a city'

/** Faults of one request, which say nothing about its account. */
const faults = ['too-long', 'internal-check', 'cut-in-frame', 'exception-after-text', 'crc', 'empty'] as const

/** Texts differ, so that whatever is remembered of them is remembered again and again. */
const prompt = (turn: number): string => {
  const long = turn % 40 === 0 ? `\n${`Line ${turn} of a file that somebody pasted. `.repeat(2_500)}` : ''
  return `Question ${turn}: what is to be said about ${(turn * 7_919) % 10_007}?${long}`
}

const apis = ['messages', 'chat/completions', 'responses'] as const
type Api = (typeof apis)[number]

function bodyOf(api: Api, text: string, stream: boolean, tools: boolean): object {
  if (api === 'responses') {
    const tool = { type: 'function', name: 'get_weather', description, parameters: schema, strict: false }
    return { model, stream, max_output_tokens: 16_000, input: text, ...(tools ? { tools: [tool] } : {}) }
  }
  const body = { model, stream, max_tokens: 16_000, messages: [{ role: 'user', content: text }] }
  if (!tools) return body
  return api === 'messages'
    ? { ...body, tools: [{ name: 'get_weather', description, input_schema: schema }] }
    : { ...body, tools: [{ type: 'function', function: { name: 'get_weather', description, parameters: schema } }] }
}

const streamEnd: Readonly<Record<Api, string>> = {
  messages: 'event: message_stop',
  'chat/completions': 'data: [DONE]',
  responses: 'event: response.completed',
}
const wholeEnd: Readonly<Record<Api, string>> = {
  messages: '"stop_reason":"',
  'chat/completions': '"finish_reason":"',
  responses: '"status":"completed"',
}

/** What there is to do, with how often it is done. */
export function workOf({ url, key, simulator }: Gateway): readonly Work[] {
  const send = (api: Api, body: object, init: RequestInit = {}): Promise<Response> =>
    fetch(`${url}/v1/${api}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      ...init,
    })
  const asked = async (api: Api, stream: boolean, text: string, tools: boolean): Promise<void> => {
    const response = await send(api, bodyOf(api, text, stream, tools))
    const answer = await response.text()
    const end = stream ? streamEnd[api] : wholeEnd[api]
    if (response.status !== 200 || !answer.includes(end)) throw new Error(`${response.status} ${answer.slice(-300)}`)
    if (tools && !answer.includes('get_weather')) throw new Error(`no tool call: ${answer.slice(-300)}`)
  }
  /** Leaves after the first bytes, or before there are any. */
  const left = async (api: Api, early: boolean, turn: number): Promise<void> => {
    const controller = new AbortController()
    const text = `[[sim:repeat=20]]${prompt(turn)}`
    const sent = send(api, bodyOf(api, text, true, false), { signal: controller.signal })
    if (early) setTimeout(() => controller.abort(), 10)
    try {
      const reader = (await sent).body?.getReader()
      await reader?.read()
      controller.abort()
      await reader?.read()
    } catch (thrown) {
      if (!controller.signal.aborted) throw thrown
    }
  }
  const failing = async (api: Api, stream: boolean, turn: number): Promise<void> => {
    const fault = faults[turn % faults.length]
    const response = await send(api, bodyOf(api, `[[sim:fault=${fault}]]${prompt(turn)}`, stream, false))
    await response.text()
  }
  const refused = async (api: Api, body: object, authorization: string, status: number): Promise<void> => {
    const headers = { authorization, 'content-type': 'application/json' }
    const response = await send(api, body, { headers })
    await response.text()
    if (response.status !== status) throw new Error(`${response.status} instead of ${status}`)
  }
  const seen = async (path: string, headers: Record<string, string> = {}): Promise<void> => {
    const response = await fetch(url + path, { headers: { authorization: `Bearer ${adminPassword}`, ...headers } })
    const text = await response.text()
    if (response.status !== 200 || text.length === 0)
      throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`)
  }
  const listened = async (path: string): Promise<void> => {
    const controller = new AbortController()
    const response = await fetch(url + path, {
      headers: { authorization: `Bearer ${adminPassword}`, accept: 'text/event-stream' },
      signal: controller.signal,
    })
    await response.body?.getReader().read()
    controller.abort()
    if (response.status !== 200) throw new Error(`${path}: ${response.status}`)
  }
  const signedIn = async (): Promise<void> => {
    const response = await fetch(`${url}/api/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: url },
      body: JSON.stringify({ password: adminPassword }),
    })
    const cookie = response.headers.get('set-cookie')?.split(';')[0] ?? ''
    if (response.status !== 200 || cookie === '')
      throw new Error(`sign-in: ${response.status} ${await response.text()}`)
    const out = await fetch(`${url}/api/logout`, { method: 'POST', headers: { cookie, origin: url } })
    await out.text()
  }

  const calls = apis.flatMap((api): readonly Work[] => {
    const name = (what: string): string => `${api} ${what}`
    return [
      { name: name('streamed'), weight: 12, run: (turn) => asked(api, true, prompt(turn), false) },
      { name: name('whole'), weight: 6, run: (turn) => asked(api, false, prompt(turn), false) },
      {
        name: name('long'),
        weight: 2,
        run: (turn) => asked(api, true, `[[sim:repeat=${10 + (turn % 30)}]]${prompt(turn)}`, false),
      },
      {
        name: name('tools'),
        weight: 4,
        run: (turn) => asked(api, turn % 2 === 0, `[[sim:tool=get_weather]]${prompt(turn)}`, true),
      },
      { name: name('left'), weight: 3, run: (turn) => left(api, turn % 3 === 0, turn) },
      { name: name('fault'), weight: 1, run: (turn) => failing(api, turn % 2 === 0, turn) },
      { name: name('bad body'), weight: 1, run: () => refused(api, { model }, `Bearer ${key}`, 400) },
      { name: name('no such key'), weight: 1, run: (turn) => refused(api, { model }, `Bearer sk-none-${turn}`, 401) },
    ]
  })
  const pages = [
    '/',
    '/metrics',
    '/v1/models',
    '/v2/accounts',
    '/v2/keys',
    '/v2/users',
    '/v2/settings',
    '/v2/models',
    '/v2/proxies',
    '/v2/jobs',
    '/v2/status',
    '/v2/audit',
    '/v2/openapi.json',
    '/v2/ips/visitors',
  ]
  const logPages = [
    '/v2/logs?limit=50',
    '/v2/logs?limit=50&offset=200',
    '/v2/logs?is_success=false',
    `/v2/logs?model=${model}`,
    '/v2/logs/stats',
  ]
  return [
    ...calls,
    {
      name: 'pages',
      weight: 6,
      run: (turn) => {
        const path = pages[turn % pages.length] ?? '/'
        return seen(path, path.startsWith('/v1/') ? { authorization: `Bearer ${key}` } : { accept: 'text/html, */*' })
      },
    },
    { name: 'log pages', weight: 6, run: (turn) => seen(logPages[turn % logPages.length] ?? '/v2/logs') },
    { name: 'event streams', weight: 2, run: (turn) => listened(turn % 2 === 0 ? '/v2/logs/stream' : '/v2/events') },
    { name: 'sign-in', weight: 0.2, run: signedIn },
    {
      name: 'provider trouble',
      weight: 0.2,
      run: async (turn) => void simulator.enqueue(turn % 2 === 0 ? '500' : 'reset'),
    },
  ]
}

/** The piece of work of a turn: each as often as its weight says, in an order that is the same in every run. */
export function workAt(works: readonly Work[], turn: number): Work {
  const all = works.reduce((sum, { weight }) => sum + weight, 0)
  // Steps of the golden ratio: spread evenly, never in step with anything that is counted.
  let at = ((turn * 0.618_033_988_75) % 1) * all
  for (const work of works) {
    at -= work.weight
    if (at < 0) return work
  }
  return works[works.length - 1] as Work // a rounding error past the end
}
