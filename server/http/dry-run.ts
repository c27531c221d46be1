import type { Caller } from '../access/admit.ts'
import { isInternalKey } from '../access/console-key.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { createNoteBook } from '../conversation/note.ts'
import type { Dialect } from '../dialect/dialect.ts'
import { createLocate } from '../dialect/locate.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { DryRun } from '../relay/dry-run.ts'
import { readJson } from './body.ts'
import type { ClientDeps } from './client-route.ts'

const yes: readonly string[] = ['', '1', 'true']
const no: readonly string[] = ['0', 'false']

/** Whether the request only asks what would become of it; said several times, one yes is enough. A doubtful one is not served: it would cost. */
export function isDryRun({ url }: Request): Result<boolean, GatewayError> {
  if (!url.includes('dry_run')) return ok(false)
  const values = new URL(url).searchParams.getAll('dry_run')
  if (values.every((value) => yes.includes(value) || no.includes(value)))
    return ok(values.some((value) => yes.includes(value)))
  return err(gatewayError('invalid-request', 'dry_run: must be 1, true, 0 or false', { field: 'dry_run' }))
}

const mayNot =
  'Dry runs are for operators: ask /v2/test/v1/… with an admin credential, or give this key the permission dry_run.'

/** What would become of a request, as JSON. Nothing is sent and nothing counts. */
export async function answerDryRun(
  dialect: Dialect,
  request: Request,
  caller: Caller,
  deps: Pick<ClientDeps, 'resolveDocuments' | 'dryRun' | 'maxBodyBytes'>,
): Promise<Result<object, GatewayError>> {
  const { keyId, accounts, allows } = caller
  const isOperator = isInternalKey({ id: keyId })
  if (!isOperator && caller.dryRun !== true) return err(gatewayError('permission', mayNot))
  const body = await readJson(request, deps.maxBodyBytes)
  if (!body.ok) return body
  const notes = createNoteBook()
  const decoded = dialect.decode(body.value, notes.add, keyId)
  if (!decoded.ok) return decoded
  const asked = decoded.value.conversation
  const conversation = await deps.resolveDocuments(asked, request.signal, notes.add)
  if (!conversation.ok) return conversation
  const seen = await deps.dryRun({
    conversation: conversation.value,
    callerId: keyId,
    ...(accounts && { accounts }),
    ...(allows && { allows }),
    note: notes.add,
    locate: createLocate(body.value),
  })
  return seen.ok ? ok(dryRunView(asked.model, seen.value, notes.read(), isOperator)) : seen
}

/** Which accounts there are is the operator's to know; a key is told how many. */
function dryRunView(
  asked: string,
  { model, input, windowTokens, findings, body, bytes, candidates }: DryRun,
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
    rules: findings.map(({ is, ...finding }) => ({ ...finding, found: is })),
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
