import type { Caller } from '../access/admit.ts'
import { isInternalKey } from '../access/console-key.ts'
import type { Barred } from '../access/limit-fault.ts'
import type { Forecast } from '../contract/first-turn.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { createNoteBook } from '../conversation/note.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { createLocate } from '../dialect/locate.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import { readJson } from './body.ts'
import type { HeldRoom } from './body-room.ts'
import type { ClientDeps } from './client-deps.ts'

const yes: readonly string[] = ['', '1', 'true']
const no: readonly string[] = ['0', 'false']

/**
 * The two words, in names and values alike, whatever stands around and between them: they can only be meant for a dry run, but
 * for words that end so.
 */
const meantForIt = /(?<!laun|foun|sun|taw|husban|heral|wizar)dry[^a-z0-9]{0,3}run[^&;]*/i
const mostEscapes = 8

/** Whether the request only asks what would become of it; said several times, one yes is enough. A doubtful one is not served: it would cost. */
export function isDryRun({ url }: Request): Result<boolean, GatewayError> {
  const at = url.indexOf('?')
  // Most requests have no query, or one of a client's own; a name may be written in escapes.
  if (at < 0 || !/dry|%/i.test(url.slice(at))) return ok(false)
  const query = new URLSearchParams(url.slice(at))
  const meant = [...query].flatMap(([name, value]) => (name === 'dry_run' ? [value] : [name, value])).find(isMeantForIt)
  if (meant !== undefined) {
    const shown = meantForIt.exec(unescaped(meant))?.[0].trim() ?? ''
    const message = `${cutText(shown, 20)}: a dry run is asked for by dry_run=1`
    return err(gatewayError('invalid-request', message, { field: 'dry_run' }))
  }
  const values = query.getAll('dry_run')
  if (values.every((value) => yes.includes(value) || no.includes(value)))
    return ok(values.some((value) => yes.includes(value)))
  return err(gatewayError('invalid-request', 'dry_run: must be 1, true, 0 or false', { field: 'dry_run' }))
}

const isMeantForIt = (text: string): boolean => meantForIt.test(unescaped(text))

/** What was escaped more than once, and letters of other widths, as they were meant. Escapes that are none stay. */
function unescaped(text: string): string {
  let plain = text
  for (let count = 0; count < mostEscapes && plain.includes('%'); count++)
    plain = plain.replace(/%([0-7][0-9a-f])/gi, (_, digits) => String.fromCharCode(Number.parseInt(digits, 16)))
  return plain.normalize('NFKC').replace(/\p{Cf}/gu, '')
}

/** Somebody no key opens for may be the operator; who is neither is told about the key. */
export async function orOperator(
  refused: Result<Caller, Barred>,
  request: Request,
  { admitOperator }: Pick<ClientDeps, 'admitOperator'>,
): Promise<Result<Caller, Barred>> {
  const operator = await admitOperator(request)
  return operator.ok || operator.error.kind !== 'authentication' ? operator : refused
}

const mayNot =
  'Dry runs are for operators: ask with an admin credential as the bearer, or give this key the permission dry_run.'

/** What would become of a request, as JSON. Nothing is sent and nothing counts. */
export async function answerDryRun(
  dialect: Dialect,
  request: Request,
  caller: Caller,
  deps: Pick<ClientDeps, 'resolveDocuments' | 'dryRun' | 'maxBodyBytes' | 'bodyRoom'>,
): Promise<Result<object, GatewayError>> {
  const room = deps.bodyRoom.open(caller.userId ?? caller.keyId)
  try {
    return await answered(dialect, request, caller, room, deps)
  } finally {
    room.release()
  }
}

async function answered(
  dialect: Dialect,
  request: Request,
  caller: Caller,
  room: HeldRoom,
  deps: Pick<ClientDeps, 'resolveDocuments' | 'dryRun' | 'maxBodyBytes'>,
): Promise<Result<object, GatewayError>> {
  const { keyId, accounts, allows, compression } = caller
  const isOperator = isInternalKey({ id: keyId })
  if (!isOperator && caller.dryRun !== true) return err(gatewayError('permission', mayNot))
  const body = await readJson(request, deps.maxBodyBytes, room)
  if (!body.ok) return body
  const notes = createNoteBook()
  const decoded = dialect.decode(body.value, notes.add, keyId)
  if (!decoded.ok) return decoded
  const asked = decoded.value.conversation
  const conversation = await deps.resolveDocuments(asked, request.signal, notes.add, { callerId: keyId, isDry: true })
  if (!conversation.ok) return conversation
  const seen = await deps.dryRun({
    conversation: conversation.value,
    callerId: keyId,
    ...(accounts && { accounts }),
    ...(allows && { allows }),
    ...(compression && { compression }),
    note: notes.add,
    locate: createLocate(body.value),
  })
  return seen.ok ? ok(dryRunView(asked.model, seen.value, notes.read(), isOperator)) : seen
}

/** Which accounts there are is the operator's to know; a key is told how many. */
function dryRunView(
  asked: string,
  { model, input, windowTokens, findings, isWhole, body, bytes, candidates, compression }: Forecast,
  notes: ReturnType<ReturnType<typeof createNoteBook>['read']>,
  isOperator: boolean,
): object {
  const byVerdict = [...Map.groupBy(candidates, ({ verdict }) => verdict)]
  const verdicts = Object.fromEntries(byVerdict.map(([verdict, list]) => [verdict, list.length]))
  return {
    object: 'dry_run',
    model: { asked, served: model.id, ...(model.because === undefined ? {} : { reason: model.because }) },
    input_tokens: input.tokens,
    input_source: input.source,
    window_tokens: windowTokens,
    compression: {
      setting: compression.setting,
      from_tokens: compression.fromTokens ?? null,
      would: compression.would,
      messages: compression.messages ?? 0,
    },
    rules: findings.map(({ is, ...finding }) => ({ ...finding, found: is })),
    rules_complete: isWhole,
    notes,
    would_send: body,
    would_send_bytes: bytes,
    candidates: {
      verdicts,
      ...(isOperator && {
        accounts: candidates.map(({ accountId, verdict }) => ({ account_id: accountId, verdict })),
      }),
    },
  }
}
