import { firstPassword, longestPassword, passwordFault } from '../access/password.ts'
import { ownerKeyName, ownerKeySetting } from '../admin/keys-service.ts'
import { passwordHashSetting } from '../admin/stored-passwords.ts'
import { cutText } from '../lib/sound-text.ts'
import type { KeyRecord } from '../store/store.ts'
import type { Circumstances } from './advice.ts'
import type { ImportContext } from './import-context.ts'
import { originalDefaults, readSettingRow } from './setting-rows.ts'
import type { Tally } from './tally.ts'
import { keyFault, traces } from './user-row.ts'
import { parseFlag, textOf } from './values.ts'

export type SettingsIn = {
  readonly circumstances: Pick<Circumstances, 'password' | 'wasOpen'>
  /** The system key's record, where it became one; to be dropped when a user turns out to have the same key. */
  readonly ownerKey?: KeyRecord
  readonly owner: { readonly owner?: { readonly id: string; readonly prefix: string } }
}

/** Settings with the system key and the console's password. What is set here already stays. */
export async function importSettings(context: ImportContext): Promise<SettingsIn> {
  const { store, isNew, now } = context
  const tally = context.tallyOf('settings')
  const rows = await readRows(context, tally)
  const here = await store.settings.all()
  const sealedHere = await store.sealedSettings.shown()
  const writes: Record<string, string> = {}

  const password = await takePassword(context, rows, here, writes, tally)
  const key = rows.get('api_key')?.trim() ?? ''
  const ownerKey = await takeOwnerKey(context, key, rows.has('api_key'), here, writes, tally)
  for (const [name, text] of rows) {
    if (name === 'admin_password' || name === 'api_key') continue
    const read = readSettingRow(name, text)
    if (read.type === 'left-out') {
      tally.leftOut(name, read.why)
      continue
    }
    if (read.type !== 'nothing' && (Object.hasOwn(here, name) || Object.hasOwn(sealedHere, name))) {
      tally.leftOut(name, 'it is set here already')
      continue
    }
    if (read.type === 'sealed') await store.sealedSettings.write(name, { value: read.value, shown: read.shown })
    if (read.type === 'plain') writes[name] = read.value
    tally.imported(name, read.type === 'nothing' ? [] : read.repairs)
  }
  if (parseFlag(rows.get('random_account_selection') ?? '') === true) {
    const mode = writes.account_selection_mode ?? 'sequential'
    if (isNew && mode === 'sequential') writes.account_selection_mode = 'random'
  }
  if (isNew) {
    for (const [name, value] of Object.entries(originalDefaults)) writes[name] ??= value
    // The original's days are those of this zone, wherever it ran; limits and totals of days go on.
    writes.timezone = 'Asia/Shanghai'
    tally.note('the time zone of days and months is the original’s, Asia/Shanghai', 'timezone')
    noteEffects(writes, tally)
  }
  // Said wherever it is brought in, for it holds as soon as somebody turns the limit on.
  if ((writes.ip_rate_limit_window ?? '1') !== '1')
    tally.note(
      `the original counted by the minute whatever this said; here ${writes.ip_rate_limit_max ?? 'the limit'} requests are for ${writes.ip_rate_limit_window} minutes`,
      'ip_rate_limit_window',
    )
  await store.settings.write(writes)
  return {
    circumstances: { password, wasOpen: isNew && key === '' },
    ...(ownerKey === undefined ? {} : { ownerKey }),
    owner:
      ownerKey === undefined || key.length <= 8 ? {} : { owner: { id: ownerKey.id, prefix: `${key.slice(0, 8)}...` } },
  }

  function noteEffects(values: Readonly<Record<string, string>>, to: Tally): void {
    if (now > 0 && values.proxy_pool_enabled === 'true')
      to.note(
        'the proxy of an account stays the same here; the original took another for each request',
        'proxy_pool_enabled',
      )
  }
}

/** By name, whatever the edition called the columns; of rows with one name the last. */
async function readRows(context: ImportContext, tally: Tally): Promise<ReadonlyMap<string, string>> {
  const rows = new Map<string, string>()
  for (const row of await context.all('settings')) {
    const name = row.setting_key ?? row.key
    const value = row.setting_value ?? row.value
    const text = name === null || name === undefined ? '' : cutText(textOf(name).trim(), 200)
    if (text === '') tally.leftOut('', 'it has no name')
    else if (value === null || value === undefined) tally.leftOut(text, 'it has no value: the default holds')
    else {
      if (rows.has(text)) tally.leftOut(text, 'there is another row of this name')
      rows.set(text, textOf(value))
    }
  }
  return rows
}

/** The old password goes on working whatever it is; only the one every original begins with is nobody's. */
async function takePassword(
  { hashPassword }: ImportContext,
  rows: ReadonlyMap<string, string>,
  here: Readonly<Record<string, string>>,
  writes: Record<string, string>,
  tally: Tally,
): Promise<Circumstances['password']> {
  const name = 'admin_password'
  const password = rows.get(name)
  if (Object.hasOwn(here, passwordHashSetting)) {
    if (password !== undefined) tally.leftOut(name, 'the console here has a password already')
    return 'kept'
  }
  if (password === undefined) return 'first'
  if (password === firstPassword || password === '') {
    tally.imported(name, ['it was the first one or empty: the first sign-in asks for another'])
    return 'first'
  }
  if (password.length > longestPassword) {
    tally.leftOut(name, `it has more than ${longestPassword} characters: the first sign-in asks for another`)
    return 'first'
  }
  writes[passwordHashSetting] = await hashPassword(password)
  tally.imported(name)
  if (passwordFault(password) === undefined) return 'taken'
  tally.note('it is weaker than a new one may be: choose another', name)
  return 'weak'
}

async function takeOwnerKey(
  { store, newId, now }: ImportContext,
  key: string,
  isThere: boolean,
  here: Readonly<Record<string, string>>,
  writes: Record<string, string>,
  tally: Tally,
): Promise<KeyRecord | undefined> {
  const name = 'api_key'
  if (!isThere) return undefined
  if (key === '') {
    tally.imported(name, ['it was empty: the original answered anybody, this gateway asks for a key'])
    return undefined
  }
  if (Object.hasOwn(here, ownerKeySetting)) {
    tally.leftOut(name, 'the settings here have a key already')
    return undefined
  }
  const record = { id: newId('key'), name: ownerKeyName, ...traces(key), enabled: true, createdAt: now }
  if ((await store.keys.findByHash(record.hash)) !== undefined) {
    tally.leftOut(name, 'this key is there already')
    return undefined
  }
  await store.keys.create(record)
  writes[ownerKeySetting] = record.id
  const fault = keyFault(key)
  tally.imported(name, fault === undefined ? [] : [fault])
  return record
}
