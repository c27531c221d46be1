import type { Origin, Resolved } from './resolve.ts'
import { camel, leaves } from './schema.ts'

export type ConfigRow = {
  readonly key: string
  readonly value: string
  readonly from: Origin['from']
  readonly where?: string
}

/** Every effective setting with its origin, for `doctor`; secrets are only said to be set. */
export function configRows({ config, origins }: Pick<Resolved, 'config' | 'origins'>): readonly ConfigRow[] {
  const row = (key: string, value: unknown): ConfigRow => ({
    key,
    value: Array.isArray(value) ? value.join(', ') : value === undefined ? '' : String(value),
    ...(origins[key] ?? { from: 'default' }),
  })
  const secret = (value: unknown): string => (value === undefined ? '' : '(set)')
  return [
    row('data_dir', config.dataDir),
    row('config', config.configFile),
    ...leaves
      .filter(({ key }) => key !== 'debug')
      .map(({ key }) => row(key, secretKeys.has(key) ? secret(valueAt(config, key)) : masked(valueAt(config, key)))),
    row('no_browser', config.noBrowser),
    row('demo', config.demo),
    row('new_master_key', config.newMasterKey),
    row('admin_password', secret(config.adminPassword)),
    row('master_key', secret(config.vault.masterKey)),
    row('test_password', secret(config.testPassword)),
  ]
}

const secretKeys: ReadonlySet<string> = new Set(['database.mysql.password'])

function valueAt(config: object, key: string): unknown {
  return key
    .split('.')
    .reduce<unknown>((section, part) => (section as Record<string, unknown> | undefined)?.[camel(part)], config)
}

/** A password inside a URL is a secret. */
function masked(value: unknown): unknown {
  return typeof value === 'string' ? value.replace(/\/\/[^/@\s]+@/, '//***@') : value
}
