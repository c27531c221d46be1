import type { GatewayError } from '../conversation/error.ts'
import { forEachLimited } from '../lib/each.ts'
import { ok, type Result } from '../lib/result.ts'
import { cutText } from '../lib/sound-text.ts'
import { createTurns, type Turns } from '../lib/turns.ts'
import type { AccountRecord } from '../store/store.ts'
import type { AccountCheck } from '../upstream/amazonq/check.ts'
import type { ImportRead } from '../upstream/amazonq/import.ts'
import type { ImportedAccount, ImportItem } from '../upstream/amazonq/import-item.ts'
import type { AccountDeps } from './account-deps.ts'
import { type AccountDraft, draftAccount } from './account-draft.ts'
import { accountRoom, limitCode } from './account-limit.ts'
import { type AccountBook, isNewer, type Match, openAccountBook } from './account-match.ts'
import { recordCheck } from './account-reading.ts'
import { faultText, identityOf, nameOf, placeOf, takeOver } from './account-takeover.ts'
import { hasNewTokens } from './accounts-service.ts'
import type { ImportResult } from './contract/imports.ts'
import { type Progress, unwatched } from './job-board.ts'

export type AccountImports = {
  /** Adds or renews as the sign-ins say, without asking the provider; one result for each item, in order. */
  readonly keep: (read: ImportRead, progress?: Progress) => Promise<readonly ImportResult[]>
  /** The same, each signed in before it counts. `indexes`: only these items. */
  readonly check: (
    read: ImportRead,
    progress?: Progress,
    indexes?: readonly number[],
  ) => Promise<readonly ImportResult[]>
}

const checksAtOnce = 4

/** Brings accounts in by the batch. Imports run one after another, so that two of the same file find each other's rows. */
export function createAccountImports(deps: AccountDeps, inTurn: Turns): AccountImports {
  return {
    keep: (read, progress = unwatched) => inTurn(() => keepAll(deps, read.items, progress)),
    check: (read, progress = unwatched, indexes) =>
      inTurn(() => {
        const wanted = indexes === undefined ? undefined : new Set(indexes)
        return checkAll(
          deps,
          read.items.filter((item) => wanted?.has(placeOf(item).index) ?? true),
          progress,
        )
      }),
  }
}

async function keepAll(
  deps: AccountDeps,
  items: readonly ImportItem[],
  progress: Progress,
): Promise<readonly ImportResult[]> {
  const book = await openAccountBook(deps)
  const room = await openRoom(deps)
  const results: ImportResult[] = []
  progress.expect(items.length)
  for (const item of items) {
    const result = progress.signal.aborted
      ? leftUndone(item)
      : item.ok
        ? await keepOne(deps, book, room, item.value)
        : refused(item)
    results.push(result)
    progress.report(stepOf(result, results.length - 1))
  }
  logResults(deps, 'account.imported', results)
  return results
}

/** Places for new accounts, handed out one by one. */
type Room = { readonly take: () => boolean; readonly giveBack: () => void; readonly refusal: GatewayError }

async function openRoom(deps: AccountDeps): Promise<Room> {
  const { left, refusal } = await accountRoom(deps)
  let free = left
  return {
    refusal,
    take: () => {
      if (free <= 0) return false
      free--
      return true
    },
    giveBack: () => void free++,
  }
}

async function keepOne(
  deps: AccountDeps,
  book: AccountBook,
  room: Room,
  signIn: ImportedAccount,
): Promise<ImportResult> {
  const match = book.match(signIn)
  if (match !== undefined) {
    const taken = await takeOver(deps, signIn, match)
    if (taken.outcome === 'renewed') book.add({ ...match, credentials: signIn.credentials, item: signIn.index })
    return taken
  }
  if (!room.take()) return noRoom(signIn, room)
  const { record, credentials } = draftAccount(
    signIn,
    deps.effects.newId('acc'),
    deps.effects.now(),
    deps.newAccountRoom,
  )
  await deps.store.accounts.create(record, credentials)
  book.add({ record, credentials, item: signIn.index })
  await deps.accountsChanged(record.account.id)
  return { ...placeOf(ok(signIn)), outcome: 'added', id: record.account.id, ...identityOf(record) }
}

async function checkAll(
  deps: AccountDeps,
  items: readonly ImportItem[],
  progress: Progress,
): Promise<readonly ImportResult[]> {
  const book = await openAccountBook(deps)
  const room = await openRoom(deps)
  const settleInTurn = createTurns()
  // Rows of this batch that are not decided yet: they are nobody's duplicate.
  const undecided = new Set<string>()
  /** What becomes of those that are checked, by their index: the same sign-in further on has part in it. */
  const checks = new Map<number, Promise<ImportResult>>()

  const checkOne = async (item: ImportItem): Promise<ImportResult> => {
    if (progress.signal.aborted) return leftUndone(item)
    if (!item.ok) return refused(item)
    const signIn = item.value
    const found = book.match(signIn)
    const first = found?.by === 'secret' && found.item !== undefined ? await checks.get(found.item) : undefined
    if (first !== undefined) {
      // What is missing from a refused one may be in another with the same secret.
      const isSame = Bun.deepEquals(found?.credentials, signIn.credentials)
      if (isSame || first.outcome !== 'refused') return repeated(item, first)
    }
    const match = first === undefined ? found : undefined
    if (match !== undefined && isSettled(signIn, match)) {
      const taken = await takeOver(deps, signIn, match)
      const { id } = match.record.account
      if (taken.outcome === 'renewed') await recordCheck(deps, await deps.checkAccount(id), 'person')
      return taken
    }
    if (!room.take()) return noRoom(signIn, room)
    const result = checkNew(signIn, match)
    checks.set(signIn.index, result)
    return result
  }

  const checkNew = async (signIn: ImportedAccount, match: Match | undefined): Promise<ImportResult> => {
    const draft = draftAccount(signIn, deps.effects.newId('acc'), deps.effects.now(), deps.newAccountRoom)
    const { id } = draft.record.account
    book.add({
      record: { ...draft.record, profile: anonymous(draft.record) },
      credentials: draft.credentials,
      item: signIn.index,
    })
    undecided.add(id)
    // Saved first: the provider may rotate the token at its first use, and the new one must be on disk by then.
    await deps.store.accounts.create(draft.record, draft.credentials)
    const check = await deps.checkAccount(id)
    const recorded = await recordCheck(deps, check, 'person')
    return settleInTurn(async () => {
      undecided.delete(id)
      const result = await settle(deps, { signIn, draft, check, recorded, match, undecided })
      if (result.outcome !== 'added') room.giveBack()
      await deps.accountsChanged(id)
      return result
    })
  }

  const results: ImportResult[] = new Array(items.length)
  progress.expect(items.length)
  await forEachLimited([...items.entries()], checksAtOnce, async ([at, item]) => {
    const result = await checkOne(item)
    results[at] = result
    progress.report(stepOf(result, at))
  })
  logResults(deps, 'account.tokens-imported', results)
  return results
}

/**
 * Nothing is to be learnt by a check: it is the very same secret, or the same person with nothing newer. Each use of a refresh
 * token may end it for the program that it came from.
 */
const isSettled = (signIn: ImportedAccount, match: Match): boolean =>
  match.by === 'secret' || (match.by === 'person' && match.item === undefined && !isNewer(signIn, match))

/** The same sign-in as one of this batch: refused for the same reason, or here as what that one turned out to be. */
function repeated(item: ImportItem, first: ImportResult): ImportResult {
  const { line: _line, index, outcome, code, error, ...rest } = first
  const place = placeOf(item)
  if (outcome === 'refused') {
    return {
      ...rest,
      ...place,
      outcome,
      ...(error === undefined ? {} : { error }),
      ...(code === undefined ? {} : { code }),
    }
  }
  return { ...rest, ...place, outcome: 'present', error: `It is the same sign-in as item ${index + 1}.` }
}

/** Within a batch only the secrets tell sign-ins apart before they are checked: who they are is not known yet. */
const anonymous = ({ profile: { email: _email, userId: _userId, ...profile } }: AccountRecord) => profile

type Checked = {
  readonly signIn: ImportedAccount
  readonly draft: AccountDraft
  readonly check: AccountCheck
  readonly recorded: Result<void, GatewayError>
  readonly match: Match | undefined
  readonly undecided: ReadonlySet<string>
}

/** Keeps or removes a new row by what its check said and who it turned out to be. */
async function settle(deps: AccountDeps, checked: Checked): Promise<ImportResult> {
  const { signIn, draft, recorded, match, undecided } = checked
  const { accounts } = deps.store
  const { id } = draft.record.account
  const place = placeOf(ok(signIn))
  const problem = recorded.ok ? undefined : recorded.error
  if (problem !== undefined && !(await hasNewTokens(deps, id, draft.credentials))) {
    await accounts.remove(id)
    // An old export of an account that has renewed its sign-in since.
    if (problem.kind === 'token-rejected' && match !== undefined && match.item === undefined) {
      const error = `The account ${nameOf(match.record)} is already there, and its sign-in there is newer than this one.`
      return { ...place, outcome: 'present', id: match.record.account.id, ...identityOf(match.record), error }
    }
    return { ...place, outcome: 'refused', ...nameIn(signIn), error: problem.message, code: problem.kind }
  }
  const all = await accounts.list()
  const userId = all.find(({ account }) => account.id === id)?.profile.userId
  const same = all.find(
    ({ account, profile }) =>
      account.id !== id && !undecided.has(account.id) && userId !== undefined && profile.userId === userId,
  )
  if (same !== undefined) return settleDuplicate(deps, checked, same)
  const given = signIn.email
  const found = await accounts.get(id)
  if (given !== undefined && found?.profile.email === undefined) await accounts.updateProfile(id, { email: given })
  const email = given ?? found?.profile.email
  const label = cutText(signIn.label ?? email ?? `Token ${signIn.index + 1}`, 100)
  await accounts.updateAccount(id, { label })
  return {
    ...place,
    outcome: 'added',
    id,
    name: label,
    ...(email === undefined ? {} : { email }),
    ...(userId === undefined ? {} : { userId }),
    ...(problem === undefined ? {} : { error: problem.message, code: problem.kind }),
  }
}

/** The same login again: the account that is there takes over what is newer, and the new row goes. */
async function settleDuplicate(
  deps: AccountDeps,
  { signIn, draft, check }: Checked,
  same: AccountRecord,
): Promise<ImportResult> {
  const { accounts } = deps.store
  const { id } = draft.record.account
  const fresh = await accounts.credentials.load(id)
  const here = await accounts.credentials.load(same.account.id)
  const match: Match = { record: same, credentials: here, by: 'person' }
  const taken = await takeOver(deps, { ...signIn, credentials: fresh ?? signIn.credentials }, match)
  await accounts.remove(id)
  if (taken.outcome === 'renewed') {
    await recordCheck(deps, { ...check, accountId: same.account.id, at: deps.effects.now() }, 'person')
  }
  return taken
}

const isTaken = ({ outcome }: ImportResult): boolean => outcome === 'added' || outcome === 'renewed'

/** A result as the job tells it. */
function stepOf(result: ImportResult, index: number): Parameters<Progress['report']>[0] {
  const { id, name, outcome, error, code } = result
  return {
    ...{ index, ok: outcome !== 'refused', outcome },
    ...(id === undefined ? {} : { id }),
    ...(name === undefined ? {} : { name }),
    ...(error === undefined || isTaken(result) ? {} : { error }),
    ...(code === undefined ? {} : { code }),
  }
}

const noRoom = (signIn: ImportedAccount, { refusal }: Room): ImportResult => ({
  ...placeOf(ok(signIn)),
  ...{ outcome: 'refused', ...nameIn(signIn), error: refusal.message, code: limitCode },
})

const leftUndone = (item: ImportItem): ImportResult => ({
  ...placeOf(item),
  ...{ outcome: 'refused', error: 'It was not begun: the import was cancelled.', code: 'cancelled' },
})

function refused(item: Extract<ImportItem, { ok: false }>): ImportResult {
  const { field, name, code } = item.error
  return {
    ...placeOf(item),
    outcome: 'refused',
    ...(name === undefined ? {} : { name }),
    error: faultText(item.error),
    code,
    ...(field === undefined ? {} : { field }),
  }
}

function nameIn({ label, email }: ImportedAccount): { readonly name?: string } {
  const name = label ?? email
  return name === undefined ? {} : { name }
}

function logResults(deps: AccountDeps, event: string, results: readonly ImportResult[]): void {
  const count = (wanted: ImportResult['outcome']): number => results.filter(({ outcome }) => outcome === wanted).length
  deps.log('info', event, {
    imported: count('added'),
    renewed: count('renewed'),
    duplicate: count('present'),
    refused: count('refused'),
  })
}
