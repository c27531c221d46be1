import type { GatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { AccountRecord } from '../store/store.ts'
import { type AccountDraft, draftAccount, text } from './account-draft.ts'
import { recordCheck } from './account-reading.ts'
import { hasNewTokens } from './accounts-service.ts'
import type {
  AccountCreate,
  AccountFed,
  AccountImported,
  TokenImportItem,
  TokenImportResult,
} from './contract/accounts.ts'
import type { AccountDeps } from './deps.ts'

export type AccountImports = {
  /** Creates what can be created; items that cannot are named. No check for duplicates, as the original. */
  readonly feed: (items: readonly AccountCreate[]) => Promise<AccountFed>
  /** The export format: skips what is there already, by client id or refresh token. */
  readonly importAll: (items: readonly AccountCreate[]) => Promise<AccountImported>
  /** One account per refresh token, each signed in before it counts. */
  readonly importTokens: (items: readonly TokenImportItem[]) => Promise<TokenImportResult>
  /** The same for sign-ins of every method. */
  readonly importChecked: (items: readonly AccountCreate[]) => Promise<TokenImportResult>
}

/** A sign-in to be checked before it counts; `fallbackLabel` is used when neither it nor the provider gives a name. */
type Candidate = { readonly account: AccountCreate; readonly email?: string; readonly fallbackLabel?: string }

type TokenOutcome = TokenImportResult['results'][number]
const checksAtOnce = 4

/** Brings accounts in by the batch. Imports run one after another, so that two of the same file find each other's rows. */
export function createAccountImports(deps: AccountDeps): AccountImports {
  const inTurn = createTurns()
  const draft = (item: AccountCreate): Result<AccountDraft, GatewayError> =>
    draftAccount(item, deps.effects.newId('acc'), deps.effects.now(), deps.newAccountRoom)
  const add = async ({ record, credentials }: AccountDraft): Promise<void> => {
    await deps.store.accounts.create(record, credentials)
    await deps.accountsChanged(record.account.id)
  }

  return {
    feed: (items) =>
      inTurn(async () => {
        const created: string[] = []
        const skipped: { index: number; error: string }[] = []
        for (const [index, item] of items.entries()) {
          const made = draft(item)
          if (!made.ok) {
            skipped.push({ index, error: made.error.message })
            continue
          }
          await add(made.value)
          created.push(made.value.record.account.id)
        }
        deps.log('info', 'account.fed', { count: created.length, skipped: skipped.length })
        return { created, count: created.length, skipped }
      }),
    importAll: (items) =>
      inTurn(async () => {
        const known = await knownSecrets(deps, { byClient: true })
        let duplicate = 0
        let invalid = 0
        let imported = 0
        for (const item of items) {
          const made = draft(item)
          if (!made.ok) {
            invalid++
          } else if (known.has(made.value)) {
            duplicate++
          } else {
            known.add(made.value)
            await add(made.value)
            imported++
          }
        }
        deps.log('info', 'account.imported', { imported, duplicate, invalid })
        return {
          success: true,
          total: items.length,
          valid: items.length - invalid,
          duplicate,
          invalid,
          imported,
          limitReached: false,
          message: `Imported ${imported} of ${items.length} accounts (${duplicate} already there, ${invalid} unusable).`,
        }
      }),
    importTokens: (items) => inTurn(() => addChecked(deps, items.map(fromToken))),
    importChecked: (items) =>
      inTurn(() =>
        addChecked(
          deps,
          items.map((account) => ({ account })),
        ),
      ),
  }
}

async function addChecked(deps: AccountDeps, items: readonly Candidate[]): Promise<TokenImportResult> {
  const known = await knownSecrets(deps, { byClient: false })
  const settleInTurn = createTurns()
  // Rows of this batch that are not decided yet: they are nobody's duplicate.
  const undecided = new Set<string>()
  let duplicate = 0

  const importOne = async (item: Candidate, index: number): Promise<TokenOutcome> => {
    const failed = (error: string): TokenOutcome => ({ index, success: false, error })
    const made = draftAccount(item.account, deps.effects.newId('acc'), deps.effects.now(), deps.newAccountRoom)
    if (!made.ok) return failed(made.error.message)
    if (known.has(made.value)) {
      duplicate++
      return failed('This sign-in belongs to an account that is already there.')
    }
    known.add(made.value)
    const { id } = made.value.record.account
    undecided.add(id)
    // Saved first: the provider may rotate the token at its first use, and the new one must be on disk by then.
    await deps.store.accounts.create(made.value.record, made.value.credentials)
    const checked = await recordCheck(deps, await deps.checkAccount(id), 'person')
    return settleInTurn(async () => {
      undecided.delete(id)
      const settled = await settle(deps, made.value, checked, undecided)
      await deps.accountsChanged(id)
      if (settled.ok) return succeeded(deps, id, index, item)
      if (settled.error.duplicateOf === undefined) return failed(settled.error.message)
      duplicate++
      const { message, duplicateOf, renewed } = settled.error
      return { ...failed(message), id: duplicateOf, ...(renewed ? { renewed } : {}) }
    })
  }

  const results: TokenOutcome[] = new Array(items.length)
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index]
      if (item !== undefined) results[index] = await importOne(item, index)
    }
  }
  await Promise.all(Array.from({ length: Math.min(checksAtOnce, items.length) }, worker))

  const imported = results.filter((result) => result.success).length
  deps.log('info', 'account.tokens-imported', { imported, duplicate, failed: items.length - imported - duplicate })
  return {
    success: imported > 0,
    total: items.length,
    imported,
    failed: items.length - imported - duplicate,
    duplicate,
    limitReached: false,
    message: `Imported ${imported} of ${items.length} accounts.`,
    results,
  }
}

type Unkept = { readonly message: string; readonly duplicateOf?: string; readonly renewed?: boolean }

/** Keeps or removes a new row by what its check said and who it turned out to be. */
async function settle(
  deps: AccountDeps,
  { record, credentials }: AccountDraft,
  checked: Result<void, GatewayError>,
  undecided: ReadonlySet<string>,
): Promise<Result<void, Unkept>> {
  const { accounts } = deps.store
  const { id } = record.account
  if (!checked.ok && !(await hasNewTokens(deps, id, credentials))) {
    await accounts.remove(id)
    return checked
  }
  const all = await accounts.list()
  const userId = all.find(({ account }) => account.id === id)?.profile.userId
  const same = all.find(
    ({ account, profile }) =>
      account.id !== id && !undecided.has(account.id) && userId !== undefined && profile.userId === userId,
  )
  if (same === undefined) return ok(undefined)
  const renewed = await renewOther(deps, id, same)
  await accounts.remove(id)
  const name = same.profile.email ?? same.account.label
  return err({
    message: renewed
      ? `The account ${name} was already there; its sign-in had expired and has been renewed.`
      : `The account ${name} is already there.`,
    duplicateOf: same.account.id,
    renewed,
  })
}

/** The same login again: where the account that is there needs a sign-in, it takes over this one. */
async function renewOther(deps: AccountDeps, id: string, { account }: AccountRecord): Promise<boolean> {
  if (account.health.state !== 'expired') return false
  const fresh = await deps.store.accounts.credentials.load(id)
  if (fresh === undefined) return false
  await deps.adoptCredentials(account.id, fresh)
  await deps.store.accounts.saveHealth(account.id, { state: 'unchecked', since: deps.effects.now(), failures: 0 })
  await deps.accountsChanged(account.id)
  return true
}

async function succeeded(deps: AccountDeps, id: string, index: number, item: Candidate): Promise<TokenOutcome> {
  const { accounts } = deps.store
  const given = text(item.email)
  const found = await accounts.get(id)
  if (given !== undefined && found?.profile.email === undefined) await accounts.updateProfile(id, { email: given })
  const email = given ?? found?.profile.email
  const label = text(item.account.label) ?? email ?? item.fallbackLabel ?? ''
  await accounts.updateAccount(id, { label: label.slice(0, 100) })
  await deps.accountsChanged(id)
  const userId = found?.profile.userId
  return {
    index,
    success: true,
    id,
    ...(email === undefined ? {} : { email }),
    ...(userId === undefined ? {} : { userId }),
    label,
  }
}

function fromToken(item: TokenImportItem, index: number): Candidate {
  const oidc = text(item.clientId) !== undefined && text(item.clientSecret) !== undefined
  const email = text(item.email)
  return {
    account: {
      method: oidc && !item.clientId?.startsWith('social-') ? 'builder-id' : 'social',
      refreshToken: item.refreshToken,
      ...(oidc ? { clientId: item.clientId ?? null, clientSecret: item.clientSecret ?? null } : {}),
      ...(item.label === undefined ? {} : { label: item.label }),
      ...(item.region === undefined ? {} : { region: item.region }),
    },
    ...(email === undefined ? {} : { email }),
    fallbackLabel: `Token ${index + 1}`,
  }
}

/**
 * Recognises an account by its refresh token or API key; `byClient` also by its client id, as the original did for whole
 * files. Single tokens may share a client.
 */
async function knownSecrets({ store }: AccountDeps, { byClient }: { readonly byClient: boolean }) {
  const seen = new Set<string>()
  const marks = ({ refreshToken, apiKey, clientId }: AccountDraft['credentials']): readonly string[] => [
    ...(refreshToken === undefined ? [] : [`refresh ${refreshToken}`]),
    ...(apiKey === undefined ? [] : [`key ${apiKey}`]),
    ...(clientId === undefined || !byClient ? [] : [`client ${clientId}`]),
  ]
  for (const { account } of await store.accounts.list()) {
    const credentials = await store.accounts.credentials.load(account.id)
    if (credentials !== undefined) for (const mark of marks(credentials)) seen.add(mark)
  }
  return {
    has: ({ credentials }: AccountDraft): boolean => marks(credentials).some((mark) => seen.has(mark)),
    add: ({ credentials }: AccountDraft): void => {
      for (const mark of marks(credentials)) seen.add(mark)
    },
  }
}

/** Runs tasks one after another, in the order they came. */
function createTurns(): <T>(task: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve()
  return (task) => {
    const turn = last.then(task, task)
    last = turn.catch(() => undefined)
    return turn
  }
}
