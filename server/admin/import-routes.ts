import { Type } from '@sinclair/typebox'
import { twiceIn } from '../lib/given-twice.ts'
import { type ImportRead, type ImportSource, readImport } from '../upstream/amazonq/import.ts'
import { type ItemOptions, parseItem } from '../upstream/amazonq/import-item.ts'
import { isJsonLines } from '../upstream/amazonq/import-lines.ts'
import type { AccountDeps } from './account-deps.ts'
import { faultText } from './account-takeover.ts'
import type { AccountsService } from './accounts-service.ts'
import { textBody } from './body.ts'
import type { ImportResult } from './contract/imports.ts'
import { fail } from './failure.ts'
import { previewImport } from './import-preview.ts'
import { invalidRequest } from './invalid-request.ts'
import { type JobContext, jobAnswer } from './job-answer.ts'
import type { JobBoard, Progress } from './job-board.ts'
import { TwiceGiven } from './unknown-member.ts'

/** One sign-in in any spelling, with what `POST /v2/accounts` takes besides; the reader of sign-ins says what is wrong with it. */
export const AnyItem = Type.Object(
  {
    /** Its own outbound proxy (`POST /v2/accounts` alone; lists of another installation know other ids). */
    proxyId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
    /** Check the sign-in before saving (default false, as the original). */
    check: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: true },
)

/** Sign-ins in whatever form, read as they came: JSON, JSON Lines, a list of tokens. */
export const textRoute = { parse: importText, body: Type.String() }

async function importText(context: { readonly request: Request }): Promise<string> {
  const text = await textBody(context)
  // Lines are files of other tools, each a sign-in for itself.
  const twice = isJsonLines(text) ? undefined : twiceIn(text)
  if (twice !== undefined) throw new TwiceGiven([twice], 'body')
  return text
}

export async function createAccount(
  accounts: AccountsService,
  { proxyId, check, ...item }: { readonly proxyId?: string | null; readonly check?: boolean },
) {
  if ('accounts' in item || '0' in item) {
    const message = 'This route takes one account; send a list or an export to /v2/accounts/import.'
    return fail(invalidRequest({ reason: 'one-account' }, message, { field: 'accounts' }))
  }
  const read = parseItem(item, { index: 0 }, { asOriginal: true })
  if (!read.ok) {
    const { field, code } = read.error
    const why = { reason: 'sign-in', fault: code } as const
    return fail(invalidRequest(why, faultText(read.error), field === undefined ? {} : { field }))
  }
  const created = await accounts.create(read.value, {
    ...(proxyId === undefined ? {} : { proxyId }),
    ...(check === undefined ? {} : { check }),
  })
  return created.ok ? created.value : fail(created.error)
}

/** Reads what was sent, takes it in and answers in the form of the route. */
export async function imported<Answer>(
  text: string,
  jobs: JobBoard,
  context: JobContext,
  kind: string,
  take: (read: ImportRead, progress: Progress) => Promise<readonly ImportResult[]>,
  answer: (results: readonly ImportResult[]) => Answer,
  options: ItemOptions = {},
) {
  const read = readImport([{ text }], options)
  if (!read.ok) return fail(read.error)
  const fault = unreadable(text, read.value)
  if (fault !== undefined) return fail(invalidRequest({ reason: 'no-sign-in' }, fault))
  return jobAnswer(jobs, context, kind, async (progress) => answer(await take(read.value, progress)))
}

/** One line that is neither JSON nor a sign-in was sent by mistake; of several each has its own result. */
function unreadable(text: string, { items }: ImportRead): string | undefined {
  if (text.trim() === '') return 'The body is empty; send a JSON list of accounts.'
  const [first] = items
  if (/^[\s\uFEFF]*[[{"]/.test(text) || items.length !== 1 || first === undefined || first.ok) return undefined
  return `The body is neither JSON nor a sign-in. ${faultText(first.error)}`
}

export async function preview(deps: AccountDeps, sources: readonly ImportSource[]) {
  const read = readImport(sources)
  return read.ok ? previewImport(deps, read.value) : fail(read.error)
}
