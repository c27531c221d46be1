import { beforeAll, describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { demandsAnything } from '../../server/contract/demand.ts'
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

type Row = { readonly name: string; readonly verdict: string }

/** The rows of the table whose first column has this title, in the chapter that begins so. */
function rowsOf(chapter: string, title: string): readonly Row[] {
  const lines = (text.split(/^## /m).find((one) => one.startsWith(chapter)) ?? '').split('\n')
  const from = lines.findIndex((line) => line.split('|')[1]?.trim() === title)
  const rows = from < 0 ? [] : lines.slice(from + 2)
  const end = rows.findIndex((line) => !line.startsWith('|'))
  return rows.slice(0, end < 0 ? undefined : end).map((line) => {
    const [, name = '', verdict = ''] = line.split('|').map((cell) => cell.trim())
    return { name, verdict }
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

/** All that may bear on the answer. Responses also repeats members of the request in it, whatever becomes of them. */
function whole({ conversation, form }: DecodedRequest<unknown>): string {
  const { echo: _, ...more } = (form ?? {}) as Readonly<Record<string, unknown>>
  return JSON.stringify({ conversation, form: more }, (_, value: unknown) =>
    value instanceof Map ? [...value] : typeof value === 'function' ? 'a function' : value,
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

test('each kind of note is explained, once', () => {
  const told = rowsOf('Notes', 'kind').map(({ name }) => name.replaceAll('`', ''))
  expect(told.toSorted()).toEqual([...noteKinds].toSorted())
})
