import { beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { demandsAnything } from '../../server/contract/demand.ts'
import { type ErrorKind, errorKinds } from '../../server/conversation/error.ts'
import { noteKinds } from '../../server/conversation/note.ts'
import type { DecodedRequest, Dialect } from '../../server/dialect/dialect.ts'
import { messagesBlocks, messagesParameters } from './compatibility-messages.ts'
import { chatParameters, keptResponse, responsesItems, responsesParameters } from './compatibility-openai.ts'
import type { Sample, Samples } from './compatibility-samples.ts'
import { dialects, keptAnswers } from './samples.ts'

// docs/compatibility.md says of each parameter what becomes of it. Each row of its tables has samples here, with which the
// decoder does what the row says; that what is enforced is enforced is the business of test/contract.

const text = readFileSync(path.join(import.meta.dir, '../../docs/compatibility.md'), 'utf8')
const callerId = 'compatibility'

type Row = { readonly name: string; readonly verdict: string; readonly cells: readonly string[] }

/** The rows of the table whose first column has this title, in the chapter that begins so. */
function rowsOf(chapter: string, title: string): readonly Row[] {
  const lines = (text.split(/^## /m).find((one) => one.startsWith(chapter)) ?? '').split('\n')
  const from = lines.findIndex((line) => line.split('|')[1]?.trim() === title)
  const rows = from < 0 ? [] : lines.slice(from + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end < 0 ? undefined : end).map((line) => {
    const [, ...cells] = line.split('|').map((cell) => cell.trim())
    const [name = '', verdict = ''] = cells
    return { name, verdict, cells }
  })
}

type Table = { readonly api: string; readonly chapter: string; readonly title: string; readonly samples: Samples }
const tables: readonly Table[] = [
  { api: 'anthropic', chapter: 'Messages', title: 'parameter', samples: messagesParameters },
  { api: 'anthropic', chapter: 'Messages', title: 'block', samples: messagesBlocks },
  { api: 'openai-chat', chapter: 'Chat Completions', title: 'parameter', samples: chatParameters },
  { api: 'openai-responses', chapter: 'Responses', title: 'parameter', samples: responsesParameters },
  { api: 'openai-responses', chapter: 'Responses', title: 'item of `input`', samples: responsesItems },
]

const dialectOf = (api: string): Dialect => {
  const found = dialects.find(({ name }) => name === api)
  if (found === undefined) throw new Error(`no dialect ${api}`)
  return found
}

const decode = (api: string, given: object) => {
  const asked = api === 'openai-responses' ? { input: 'Hi' } : { messages: [{ role: 'user', content: 'Hi' }] }
  return dialectOf(api).decode({ model: 'claude-sonnet-4.5', ...asked, ...given }, undefined, callerId)
}

const read = (api: string, given: object): DecodedRequest<unknown> => {
  const decoded = decode(api, given)
  if (!decoded.ok) throw new Error(decoded.error.message)
  return decoded.value
}

/** All that may bear on the answer: tools that are left out may be called, if the model knows of them. Responses also repeats members of the request in it, whatever becomes of them. */
function whole({ conversation, form }: DecodedRequest<unknown>): string {
  const { echo: _, ...more } = (form ?? {}) as Readonly<Record<string, unknown>>
  return JSON.stringify(
    { conversation: { ...conversation, alsoDeclared: undefined }, form: more },
    (_, value: unknown) => (value instanceof Map ? [...value] : typeof value === 'function' ? 'a function' : value),
  )
}

const isEnforced = ({ conversation }: DecodedRequest<unknown>): boolean =>
  demandsAnything(conversation) || conversation.search !== undefined || !conversation.parallelToolCalls

function check(api: string, verdict: string, { given, against = {}, field }: Sample): void {
  if (verdict === 'refused') {
    expect(decode(api, given)).toMatchObject({ ok: false, error: { field } })
    return
  }
  const [asked, without] = [read(api, given), read(api, against)]
  if (verdict === 'ignored') expect(whole(asked)).toBe(whole(without))
  else expect(whole(asked)).not.toBe(whole(without))
  if (verdict === 'enforced') expect(isEnforced(asked)).toBe(true)
}

beforeAll(() => keptAnswers.keep(callerId, { response: keptResponse, input: [] }))

describe.each([...tables])('$chapter, $title', ({ api, chapter, title, samples }) => {
  const rows = rowsOf(chapter, title)
  test('each row has its samples, and each sample its row', () => {
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(samples))
  })
  test.each([...rows])('$name: $verdict', ({ name, verdict }) => {
    expect(['honoured', 'enforced', 'best effort', 'ignored', 'refused']).toContain(verdict)
    const own = samples[name] ?? []
    expect(own).not.toEqual([])
    for (const sample of own) check(api, verdict, sample)
  })
})

/** The kinds of error that a row of the table is about; the rest of what it says of them is looked up in it. */
const errorRows: Readonly<Record<string, readonly ErrorKind[]>> = {
  'request not valid or not supported': ['invalid-request', 'unsupported-thread', 'thinking-signature'],
  'prompt too long': ['context-too-long'],
  'body too large': ['request-too-large'],
  'body arrives too slowly': ['request-timeout'],
  'a `content-encoding` other than gzip, deflate, br, zstd': ['unsupported-encoding'],
  'no or wrong key': ['authentication'],
  'key lacks the right': ['permission'],
  'model or path unknown': ['model-not-found', 'not-found'],
  "the key's own limit, free within a minute": ['limit-reached'],
  "the key's own limit, later": ['limit-reached'],
  'throttled, or all accounts rest': ['rate-limited', 'service-throttled', 'pool-cooling'],
  'all accounts have spent their allowance': ['quota-exhausted', 'pool-exhausted'],
  'no account can serve until a person acts (none added, suspended, signed out, refused by plan or profile)': [
    ...(['no-account', 'no-healthy-account', 'account-suspended', 'account-refused', 'token-rejected'] as const),
  ],
  'the same, restricted by the provider on suspicion': ['account-restricted'],
  'no account can serve for now (refused without a reason, access not renewed yet)': [
    'access-denied',
    'renewal-failed',
  ],
  'model overloaded, stopping': ['model-overloaded', 'shutting-down'],
  'every account busy: the wait in line was too long': ['pool-busy'],
  'nothing came from the provider': ['empty-reply'],
  'provider out of reach': ['upstream-unreachable'],
  'provider failed or broke off': ['upstream-failed', 'broken-reply'],
  'the model did not do what was [demanded](#demands)': ['unmet-demand'],
  'too slow': ['timeout'],
  'the caller left': ['cancelled'],
  'our own fault': ['internal'],
}

describe('Errors', () => {
  const rows = rowsOf('Errors', 'situation')
  test('each kind of error has its row', () => {
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(errorRows))
    const told = new Set(Object.values(errorRows).flat())
    // Told of below the table: it is of one API alone.
    expect(errorKinds.filter((kind) => !told.has(kind))).toEqual(['previous-response-not-found'])
  })

  test.each([...rows])('$name', ({ name, cells: [, messages = '', openai = '', headers = ''] }) => {
    const wait = name.endsWith('later')
      ? 3_600_000
      : name.endsWith('suspicion') || name.endsWith('a minute')
        ? 3_000
        : undefined
    for (const kind of errorRows[name] ?? [])
      for (const [api, cell] of [
        ['anthropic', messages],
        ['openai-chat', openai],
        ['openai-responses', openai],
      ] as const) {
        const known = headers.includes('when known') ? 3_000 : undefined
        const after = wait ?? known
        const error = { kind, message: 'No.', ...(after !== undefined && { retryAfterMs: after }) }
        const { status, body, headers: given } = dialectOf(api).encodeError(error, { requestId: 'req_1' })
        const { type, code } = (body as { readonly error: { readonly type: string; readonly code?: string | null } })
          .error
        expect([kind, api, cell.startsWith(`${status} `)]).toEqual([kind, api, true])
        expect(cell).toContain(`\`${type}\``)
        if (code) expect(cell).toContain(`\`${code}\``)
        expect([kind, 'retry-after' in given]).toEqual([kind, headers.includes('`retry-after`')])
        expect([kind, given['x-should-retry'] === 'false']).toEqual([kind, headers.includes('x-should-retry: false')])
      }
  })
})

test('each kind of note is explained, once', () => {
  const told = rowsOf('Notes', 'kind').map(({ name }) => name.replaceAll('`', ''))
  expect(told.toSorted()).toEqual([...noteKinds].toSorted())
})
