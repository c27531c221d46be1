import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { damaged } from '../dialect/damage.ts'
import { chatTalk, messagesTalk, type Talk } from '../dialect/past-samples.ts'
import { samplePdf } from '../documents/sample-pdf.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'

const model = 'claude-sonnet-4.5'
let gateway: Gateway

beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(async () => {
  await gateway?.stop()
})

type Path = '/v1/messages' | '/v1/chat/completions'
const post = (path: Path, body: object): Promise<Response> =>
  fetch(gateway.url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model, max_tokens: 200, ...body }),
  })
/** Sends what must be answered; gives the request's id. */
async function answered(path: Path, body: object): Promise<string> {
  const response = await post(path, body)
  const text = await response.text()
  expect(`${response.status} ${response.ok ? '' : text}`).toBe('200 ')
  return response.headers.get('request-id') ?? ''
}

type Log = {
  readonly id: string
  readonly notes?: { readonly first: readonly { readonly what: string; readonly detail?: string }[] }
}
/** The notes in a request's record, which is written a moment after the answer. */
async function notesOf(id: string): Promise<NonNullable<Log['notes']>['first']> {
  for (let waited = 0; waited < 30_000; waited += 50) {
    const { logs } = (await gateway.admin('GET', '/v2/logs?limit=20')) as { logs: readonly Log[] }
    const log = logs.find((one) => one.id === id)
    if (log !== undefined) return log.notes?.first ?? []
    await Bun.sleep(50)
  }
  throw new Error('the request was not kept')
}

/** What the provider was sent last. */
const sent = (): unknown =>
  gateway.simulator.requests().findLast(({ operation }) => operation === 'GenerateAssistantResponse')?.body

const hello = { role: 'user', content: 'hello' }
const fine = { role: 'assistant', content: 'Fine.' }
const hugePng = `iVBORw0KGgo${'A'.repeat(15_400_000)}A`
const emptyPdf = samplePdf(['', '']).toString('base64')

describe('an old attachment stops nobody', () => {
  const base64 = (type: string, media_type: string, data: string) => ({
    type,
    source: { type: 'base64', media_type, data },
  })
  test.each([
    ['a picture of 11 MiB', base64('image', 'image/png', hugePng), 'not a sound PNG'],
    ['a BMP', base64('image', 'image/bmp', 'Qk0='), 'image/png'],
    ['a BMP that says it is a PNG', base64('image', 'image/png', 'Qk0AAAAAAAAAAAAAAAAAAAAAAAAA'), 'not a PNG'],
    ['an address', { type: 'image', source: { type: 'url', url: 'http://example.test/a.png' } }, 'not fetched'],
    ['a PDF without text', base64('document', 'application/pdf', emptyPdf), 'no text'],
  ])('%s', async (_, attachment, reason) => {
    const asked = { role: 'user', content: [{ type: 'text', text: 'Look' }, attachment] }
    expect((await post('/v1/messages', { messages: [asked] })).status).toBe(400)
    const id = await answered('/v1/messages', { messages: [asked, fine, hello] })
    expect(await notesOf(id)).toMatchObject([{ what: 'attachment-left-out', detail: expect.stringContaining(reason) }])
    expect(JSON.stringify(sent())).toContain('left out: ')
    // Refused before, and the caller simply goes on.
    await answered('/v1/messages', { messages: [asked, hello] })
    await answered('/v1/chat/completions', { messages: [asked, hello] })
  })
})

test.each(['{"command": "ls', '"text"', '[]', '{"a":1}{"b":2}', '{"a":"b\nc"}'])(
  'past arguments %p go on under raw_arguments',
  async (given) => {
    const call = { id: 'call_1', type: 'function', function: { name: 'bash', arguments: given } }
    const messages = [
      hello,
      { role: 'assistant', content: null, tool_calls: [call] },
      { role: 'tool', tool_call_id: 'call_1', content: 'failed' },
    ]
    await answered('/v1/chat/completions', { messages, tools: chatTalk.tools })
    expect(JSON.stringify(sent())).toContain(`"input":${JSON.stringify({ raw_arguments: given })}`)
  },
)

test('names that differ by case alone go out apart and come back as they were', async () => {
  const tools = ['Read', 'read', 'mcp__X__list', 'mcp__x__list'].map((name) => ({
    name,
    description: `Does ${name}.`,
    input_schema: { type: 'OBJECT', properties: { path: { type: 'STRING' } } },
  }))
  for (const { name } of tools) {
    const response = await post('/v1/messages', {
      tools,
      tool_choice: { type: 'tool', name },
      messages: [{ role: 'user', content: 'use the tool' }],
    })
    const { content } = (await response.json()) as { content: readonly { type: string; name?: string }[] }
    expect(content.find(({ type }) => type === 'tool_use')?.name).toBe(name)
  }
})

const talks: readonly (readonly [Path, Talk])[] = [
  ['/v1/messages', messagesTalk],
  ['/v1/chat/completions', chatTalk],
]
test.each(talks)(
  '%s: a history cut, dropped, doubled and mistyped is answered while its newest turn is sound',
  async (path, talk) => {
    await fc.assert(
      fc.asyncProperty(damaged(talk.history), fc.constantFrom(...talk.newest), async (history, newest) => {
        await answered(path, { tools: talk.tools, messages: [...history, ...newest] })
      }),
      { numRuns: 100 },
    )
  },
  120_000,
)
