import { faultText } from '../admin/account-takeover.ts'
import type { AccountCreate } from '../admin/contract/accounts.ts'
import type { ImportOutcome } from '../admin/contract/imports.ts'
import type { Command } from '../config/command.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { type ImportRead, readImportJson } from '../upstream/amazonq/import.ts'
import { formNames } from '../upstream/amazonq/import-form.ts'
import { type ImportedAccount, type ImportPlace, itemOf, parseItem } from '../upstream/amazonq/import-item.ts'
import { findLocalClients, readLocalClient, readLocalClients } from '../upstream/amazonq/local-clients.ts'
import { type AddPlan, planAdd } from './add-plan.ts'
import { stateText } from './answers.ts'
import type { Control } from './control.ts'
import { signInByDevice } from './device-sign-in.ts'
import { type CliIo, type Failure, failed, liveLine } from './io.ts'

/** What came of one sign-in; `item` counts from 1, as people do, and so does `line`. */
export type AddResult = {
  readonly item: number
  readonly line?: number
  readonly outcome: ImportOutcome
  readonly id?: string
  readonly error?: string
}

/** `ids` are those added or renewed; `failed` those that were not taken. */
export type Added = {
  readonly ids: readonly string[]
  readonly failed: readonly { readonly item: number; readonly error: string }[]
  readonly results: readonly AddResult[]
  readonly text: string
}
export type Add = (control: Control) => Promise<Result<Added, Failure>>

const itemsAtOnce = 50

/** Reads what `account add` needs while nobody waits for the data; what it gives then adds the accounts. */
export async function prepareAdd(
  options: Command['options'],
  io: CliIo,
  effects: Pick<Effects, 'sleep'>,
): Promise<Result<Add, Failure>> {
  const plan = planAdd(options)
  if (!plan.ok) return plan
  const { from, ...ask } = plan.value
  if (from === 'device') {
    return ok(async (control) => {
      const id = await signInByDevice(control, ask, io, effects)
      return id.ok ? ok(await report(control, [{ item: 1, outcome: 'added', id: id.value }])) : id
    })
  }
  const read = await readPlan(plan.value, io)
  return read.ok ? ok((control) => addItems(control, read.value, io)) : read
}

async function readPlan(plan: Exclude<AddPlan, { from: 'device' }>, io: CliIo): Promise<Result<ImportRead, Failure>> {
  switch (plan.from) {
    case 'file':
      return readFrom(plan)
    case 'local':
      return readLocal(io)
    case 'api-key': {
      const { from: _, ...common } = plan
      const apiKey = secretOf(await io.stdin('API key'), 'Standard input')
      return apiKey.ok ? readOne({ ...common, method: 'api-key', apiKey: apiKey.value }) : apiKey
    }
    case 'refresh-token': {
      const { from: _, file, client, ...common } = plan
      const refreshToken =
        file === undefined ? secretOf(await io.stdin('Refresh token'), 'Standard input') : await readSecret(file, io)
      if (!refreshToken.ok) return refreshToken
      const secret = client === undefined ? undefined : await readSecret(client.secretFile, io)
      if (secret?.ok === false) return secret
      const method = client === undefined ? 'social' : common.startUrl === undefined ? 'builder-id' : 'identity-center'
      return readOne({
        ...common,
        method,
        refreshToken: refreshToken.value,
        ...(client === undefined || secret === undefined ? {} : { clientId: client.id, clientSecret: secret.value }),
      })
    }
  }
}

function readOne(item: AccountCreate): Result<ImportRead, Failure> {
  const read = readImportJson(item)
  return read.ok ? read : err(failed(read.error.message))
}

/** The sign-ins in a file of any known form. */
async function readFrom({
  file,
  label,
  profileArn,
}: Extract<AddPlan, { from: 'file' }>): Promise<Result<ImportRead, Failure>> {
  const read = await readLocalClient(file)
  if (!read.ok) return err(failed(`${file}: ${read.error.message}`))
  const { items, sources } = read.value
  if (items.length === 0) return err(failed(`${file}: nobody is signed in there.`))
  if (items.length > 1 && (label !== undefined || profileArn !== undefined)) {
    return err(failed(`${file} holds ${items.length} accounts; --label and --profile-arn are for one.`))
  }
  const [item] = items
  if (item === undefined || !item.ok || (label === undefined && profileArn === undefined)) return read
  // Read again with what was chosen: it is checked like the rest.
  const chosen = { ...(label === undefined ? {} : { label }), ...(profileArn === undefined ? {} : { profileArn }) }
  return ok({ sources, items: [parseItem({ ...itemOf(item.value), ...chosen }, { index: 0 })] })
}

/** The sign-ins other clients have on this machine. */
async function readLocal({ home, err: say }: CliIo): Promise<Result<ImportRead, Failure>> {
  const read = await readLocalClients(await findLocalClients(home))
  if (read.items.length === 0) {
    return err(
      failed('No sign-in of Kiro, Kiro CLI or Amazon Q CLI was found on this machine; `account add` signs in anew.'),
    )
  }
  say(sharedSignIn)
  return ok(read)
}

const sharedSignIn =
  'A sign-in is used by two programs from now on. If the provider replaces its tokens, the other program may have to sign in again;\n' +
  '`account add` without options makes a sign-in of its own.\n'

async function readSecret(file: string, io: CliIo): Promise<Result<string, Failure>> {
  try {
    return secretOf(await io.readFile(file), file)
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code
    return err(failed(`${file}: ${code === 'ENOENT' ? 'there is no such file' : 'it cannot be read'}.`))
  }
}

function secretOf(text: string, where: string): Result<string, Failure> {
  const secret = text.replace(/^\uFEFF/, '').trim()
  if (secret === '') return err(failed(`${where} is empty.`))
  if (/[^\x21-\x7e]/.test(secret)) return err(failed(`${where} holds more than one word: the secret alone is wanted.`))
  return ok(secret)
}

async function addItems(control: Control, { sources, items }: ImportRead, io: CliIo): Promise<Result<Added, Failure>> {
  const usable = items.flatMap((item) => (item.ok ? [item.value] : []))
  const results = items.flatMap((item): readonly AddResult[] =>
    item.ok ? [] : [{ ...numberOf(item.error), outcome: 'refused', error: faultText(item.error) }],
  )
  if (items.length > 1 || sources.some(({ form }) => form !== 'sign-ins')) {
    const here = usable.length === 0 ? 0 : await countHere(control, usable)
    io.err(`Found: ${foundText(sources, here)}.\n`)
  }
  const line = liveLine(io)
  for (let start = 0; start < usable.length; start += itemsAtOnce) {
    const batch = usable.slice(start, start + itemsAtOnce)
    line.draw(`Checking ${start + 1} to ${start + batch.length} of ${usable.length}…`)
    const imported = await control.importAccounts(batch.map(itemOf))
    line.end()
    // What was added before stays added, and must be told.
    if (!imported.ok) {
      const { error } = imported
      results.push(...usable.slice(start).map((one) => ({ ...numberOf(one), outcome: 'refused' as const, error })))
      break
    }
    for (const { index, outcome, id, error } of imported.value.results) {
      const one = batch[index]
      if (one === undefined) continue
      results.push({
        ...numberOf(one),
        outcome,
        ...(id === undefined ? {} : { id }),
        ...(error === undefined ? {} : { error }),
      })
    }
  }
  results.sort((a, b) => a.item - b.item)
  if (results.some(({ outcome }) => outcome === 'added' || outcome === 'renewed'))
    return ok(await report(control, results))
  const [only] = results
  if (items.length === 1 && only?.error !== undefined) return err(failed(only.error))
  return err(failed(`Nothing was added.\n${faultLines(results)}`))
}

const numberOf = ({ index, line }: ImportPlace): Pick<AddResult, 'item' | 'line'> => ({
  item: index + 1,
  ...(line === undefined ? {} : { line }),
})

/** How many belong to accounts that are here; none where it cannot be told. */
async function countHere(control: Control, usable: readonly ImportedAccount[]): Promise<number> {
  const preview = await control.previewImport(usable.map(itemOf))
  if (!preview.ok) return 0
  return preview.value.items.filter(({ verdict }) => verdict === 'present' || verdict === 'renews').length
}

function foundText(sources: ImportRead['sources'], here: number): string {
  const found = sources.map(
    ({ form, count }) => `${formNames[form]}, ${count === 1 ? '1 account' : `${count} accounts`}`,
  )
  return here === 0 ? found.join('; ') : `${found.join('; ')}, ${here} already here`
}

/** Says what came of each, with the state its account is in now. */
async function report(control: Control, results: readonly AddResult[]): Promise<Added> {
  const listed = await control.listAccounts()
  const states = new Map((listed.ok ? listed.value : []).map((state) => [state.id, state]))
  const lineOf = (verb: string, id: string): string => {
    const state = states.get(id)
    const name = state?.label || state?.email
    const about = [state?.plan, state && stateText(state), state?.reason].filter(Boolean).join(', ')
    return `${verb} ${name ? `${name} (${id})` : id}${about === '' ? '' : `: ${about}`}\n`
  }
  const idsOf = (wanted: ImportOutcome): readonly string[] =>
    results.flatMap(({ outcome, id }) => (outcome === wanted && id !== undefined ? [id] : []))
  const left = results.filter(({ outcome }) => outcome === 'present' || outcome === 'refused')
  const text =
    idsOf('added')
      .map((id) => lineOf('Added', id))
      .join('') +
    idsOf('renewed')
      .map((id) => lineOf('Renewed', id))
      .join('') +
    faultLines(left)
  return {
    ids: [...idsOf('added'), ...idsOf('renewed')],
    failed: left.map(({ item, error = 'It was refused.' }) => ({ item, error })),
    results,
    text,
  }
}

const faultLines = (results: readonly AddResult[]): string =>
  results
    .map(
      ({ item, line, error }) =>
        `${line === undefined ? `Item ${item}` : `Line ${line}`}: ${error ?? 'It was refused.'}\n`,
    )
    .join('')
