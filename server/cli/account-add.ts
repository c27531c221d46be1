import type { AccountCreate } from '../admin/contract/accounts.ts'
import type { Command } from '../config/command.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { ImportItem } from '../upstream/amazonq/import.ts'
import { findLocalClients, readLocalClient, readLocalClients } from '../upstream/amazonq/local-clients.ts'
import { type AddPlan, planAdd } from './add-plan.ts'
import { stateText } from './answers.ts'
import type { Control } from './control.ts'
import { signInByDevice } from './device-sign-in.ts'
import { type CliIo, type Failure, failed, liveLine } from './io.ts'

/** `failed` counts from 1, as people do. */
export type Added = {
  readonly ids: readonly string[]
  readonly failed: readonly { readonly item: number; readonly error: string }[]
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
      return id.ok ? ok(await report(control, { ids: [id.value], failed: [] })) : id
    })
  }
  const items = await itemsOf(plan.value, io)
  return items.ok ? ok((control) => addItems(control, items.value, io)) : items
}

async function itemsOf(
  plan: Exclude<AddPlan, { from: 'device' }>,
  io: CliIo,
): Promise<Result<readonly (AccountCreate | string)[], Failure>> {
  switch (plan.from) {
    case 'file':
      return readItems(plan)
    case 'local':
      return readLocal(io)
    case 'api-key': {
      const { from: _, ...common } = plan
      const apiKey = secretOf(await io.stdin('API key'), 'Standard input')
      return apiKey.ok ? ok([{ ...common, method: 'api-key', apiKey: apiKey.value }]) : apiKey
    }
    case 'refresh-token': {
      const { from: _, file, client, ...common } = plan
      const refreshToken =
        file === undefined ? secretOf(await io.stdin('Refresh token'), 'Standard input') : await readSecret(file, io)
      if (!refreshToken.ok) return refreshToken
      const secret = client === undefined ? undefined : await readSecret(client.secretFile, io)
      if (secret?.ok === false) return secret
      const method = client === undefined ? 'social' : common.startUrl === undefined ? 'builder-id' : 'identity-center'
      return ok([
        {
          ...common,
          method,
          refreshToken: refreshToken.value,
          ...(client === undefined || secret === undefined ? {} : { clientId: client.id, clientSecret: secret.value }),
        },
      ])
    }
  }
}

/** The sign-ins in another client's file; an item that cannot be taken is its fault in words. */
async function readItems({
  file,
  label,
  profileArn,
}: Extract<AddPlan, { from: 'file' }>): Promise<Result<readonly (AccountCreate | string)[], Failure>> {
  const read = await readLocalClient(file)
  if (!read.ok) return err(failed(`${file}: ${read.error.message}`))
  if (read.value.length === 0) return err(failed(`${file}: nobody is signed in there.`))
  if (read.value.length > 1 && (label !== undefined || profileArn !== undefined)) {
    return err(failed(`${file} holds ${read.value.length} accounts; --label and --profile-arn are for one.`))
  }
  const chosen = { ...(label === undefined ? {} : { label }), ...(profileArn === undefined ? {} : { profileArn }) }
  return ok(read.value.map((item) => (item.ok ? { ...toCreate(item.value), ...chosen } : faultText(item.error))))
}

/** The sign-ins other clients have on this machine. */
async function readLocal({ home, err: say }: CliIo): Promise<Result<readonly (AccountCreate | string)[], Failure>> {
  const clients = await findLocalClients(home)
  const items = await readLocalClients(clients)
  if (items.length === 0) {
    return err(
      failed('No sign-in of Kiro, Kiro CLI or Amazon Q CLI was found on this machine; `account add` signs in anew.'),
    )
  }
  say(sharedSignIn)
  return ok(items.map((item) => (item.ok ? toCreate(item.value) : faultText(item.error))))
}

const sharedSignIn =
  'A sign-in is used by two programs from now on. If the provider replaces its tokens, the other program may have to sign in again;\n' +
  '`account add` without options makes a sign-in of its own.\n'

type Taken = Extract<ImportItem, { ok: true }>['value']

function toCreate({ credentials, label, email, enabled, successCount, errorCount }: Taken): AccountCreate {
  const { method, clientId, clientSecret, refreshToken, accessToken, apiKey, identityRegion, startUrl, profileArn } =
    credentials
  const members = { clientId, clientSecret, refreshToken, accessToken, apiKey, startUrl, profileArn, successCount }
  return {
    method,
    region: identityRegion,
    ...Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)),
    ...(label === undefined && email === undefined ? {} : { label: label ?? email ?? null }),
    ...(enabled === undefined ? {} : { enabled }),
    ...(errorCount === undefined ? {} : { errorCount }),
  }
}

const faultText = ({ error, field }: { readonly error: string; readonly field?: string }): string =>
  field === undefined || error.includes(field) ? error : `${field} ${error}`

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

async function addItems(
  control: Control,
  items: readonly (AccountCreate | string)[],
  io: CliIo,
): Promise<Result<Added, Failure>> {
  const usable = items.flatMap((item, index) => (typeof item === 'string' ? [] : [{ item, index }]))
  const faults = items.flatMap((item, index) => (typeof item === 'string' ? [{ item: index + 1, error: item }] : []))
  const ids: string[] = []
  const renewed: string[] = []
  const line = liveLine(io)
  for (let start = 0; start < usable.length; start += itemsAtOnce) {
    const batch = usable.slice(start, start + itemsAtOnce)
    line.draw(`Checking ${start + 1} to ${start + batch.length} of ${usable.length}…`)
    const imported = await control.importAccounts(batch.map(({ item }) => item))
    line.end()
    // What was added before stays added, and must be told.
    if (!imported.ok) {
      faults.push(...usable.slice(start).map(({ index }) => ({ item: index + 1, error: imported.error })))
      break
    }
    for (const result of imported.value.results) {
      if (result.id !== undefined && result.success) ids.push(result.id)
      else if (result.id !== undefined && result.renewed === true) renewed.push(result.id)
      else faults.push({ item: (batch[result.index]?.index ?? 0) + 1, error: result.error ?? 'It was refused.' })
    }
  }
  faults.sort((a, b) => a.item - b.item)
  const [only] = faults
  if (ids.length + renewed.length > 0) return ok(await report(control, { ids, failed: faults }, renewed))
  if (items.length === 1 && only !== undefined) return err(failed(only.error))
  return err(failed(`Nothing was added.\n${faultLines(faults)}`))
}

/** Says what came of it, with the state each account is in now. */
async function report(
  control: Control,
  { ids, failed: faults }: Pick<Added, 'ids' | 'failed'>,
  renewed: readonly string[] = [],
): Promise<Added> {
  const listed = await control.listAccounts()
  const states = new Map((listed.ok ? listed.value : []).map((state) => [state.id, state]))
  const lineOf = (verb: string, id: string): string => {
    const state = states.get(id)
    const name = state?.label || state?.email
    const about = [state?.plan, state && stateText(state), state?.reason].filter(Boolean).join(', ')
    return `${verb} ${name ? `${name} (${id})` : id}${about === '' ? '' : `: ${about}`}\n`
  }
  const text =
    ids.map((id) => lineOf('Added', id)).join('') +
    renewed.map((id) => lineOf('Renewed', id)).join('') +
    faultLines(faults)
  return { ids: [...ids, ...renewed], failed: faults, text }
}

const faultLines = (faults: Added['failed']): string =>
  faults.map(({ item, error }) => `Item ${item}: ${error}\n`).join('')
