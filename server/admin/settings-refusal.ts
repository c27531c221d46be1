import { nearest } from '../config/nearest.ts'
import { cutText } from '../lib/sound-text.ts'
import type { Reason } from './invalid-request.ts'
import { type Setting, settingsTable } from './settings-table.ts'

/** Members of our own answer that a client may send back whole; they say nothing about what to change. */
const readOnly = new Set([
  'version',
  'edition',
  'isFreeEdition',
  'testMode',
  'chatConfig',
  'supportedForceModels',
  'supportedCompressionModels',
  'currentAccountCount',
  'supportedAccountSelectionModes',
  'withoutEffect',
  'warnings',
])
const secrets = ['apiKey', 'adminPassword']

/** Why a setting that is known cannot be changed. */
export const whyWithout = 'nothing follows from it in this version, so it cannot be changed.'

const gone: Readonly<Record<string, string>> = {
  freeRequestCount: 'freeRequestCount belonged to older editions of the original; nothing follows from it.',
  randomAccountSelection: 'randomAccountSelection is written as accountSelectionMode: "random" now.',
}

/** Why a member that is no setting is refused; undefined: it may stand there. */
export function faultOfUnknown(name: string, value: unknown, port: number): string | undefined {
  if (secrets.includes(name) || readOnly.has(name)) return undefined
  if (name === 'port') {
    if (value === port) return undefined
    return `port stays ${port}: it is set by flag, environment or the configuration file.`
  }
  const known = Object.hasOwn(gone, name) ? gone[name] : undefined
  if (known !== undefined) return known
  const near = nearest(name, [...settingsTable.map(({ json }) => json), ...secrets])
  const hint = near === undefined ? '' : ` Did you mean ${near}?`
  return `${cutText(name, 100)} is not a setting; nothing was changed.${hint}`
}

/** Why a value is refused, for who says it in other words. */
export function whyRefused(setting: Setting): Reason {
  switch (setting.type) {
    case 'integer':
      return { reason: 'whole' }
    case 'choice':
      return { reason: 'choice', choices: setting.choices.join(', ') }
    case 'text':
      return setting.offered === undefined
        ? { reason: 'long', most: setting.longest }
        : { reason: 'choice', choices: setting.offered.filter((one) => one !== '').join(', ') }
    case 'proxy':
      return { reason: 'proxy-address' }
    case 'prices':
      return { reason: 'prices' }
    case 'webhook':
      return { reason: 'web-address' }
    case 'secret':
      return { reason: 'length', least: 16, most: 200 }
    case 'timezone':
      return { reason: 'time-zone' }
    case 'boolean':
    case 'list':
      return { reason: 'wrong' }
  }
}
