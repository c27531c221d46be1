import type { Command } from '../config/command.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { type Failure, misused } from './io.ts'

/** What `account add` was asked to do, before anything is read or contacted. */
export type AddPlan =
  | { readonly from: 'device'; readonly label?: string; readonly startUrl?: string; readonly region?: string }
  | { readonly from: 'file'; readonly file: string; readonly label?: string; readonly profileArn?: string }
  | { readonly from: 'local' }
  | { readonly from: 'api-key'; readonly label?: string; readonly region?: string; readonly profileArn?: string }
  | {
      readonly from: 'refresh-token'
      /** Absent: standard input. */
      readonly file?: string
      /** Absent: the token of a social sign-in. */
      readonly client?: { readonly id: string; readonly secretFile: string }
      readonly label?: string
      readonly region?: string
      readonly startUrl?: string
      readonly profileArn?: string
    }

const sources = ['import', 'local', 'api-key-stdin', 'refresh-token-file', 'refresh-token-stdin'] as const

/** The options each way of adding takes besides its own; others would be silently ignored, so they are refused. */
const companions = {
  device: ['label', 'start-url', 'region'],
  import: ['label', 'profile-arn'],
  local: [],
  'api-key-stdin': ['label', 'region', 'profile-arn'],
  'refresh-token-file': ['label', 'region', 'profile-arn', 'start-url', 'client-id', 'client-secret-file'],
  'refresh-token-stdin': ['label', 'region', 'profile-arn', 'start-url', 'client-id', 'client-secret-file'],
} as const satisfies Record<(typeof sources)[number] | 'device', readonly string[]>

/** Sorts the options of `account add`; combinations that make no sense are usage errors. */
export function planAdd(options: Command['options']): Result<AddPlan, Failure> {
  const given = Object.keys(options).filter(
    (name) => name !== 'json' && options[name] !== false && options[name] !== '',
  )
  const chosen = sources.filter((name) => given.includes(name))
  const [source = 'device', second] = chosen
  if (second !== undefined) return refuse(`--${source} and --${second} exclude each other`)
  const allowed: readonly string[] = companions[source]
  const stray = given.find((name) => name !== source && !allowed.includes(name))
  if (stray !== undefined) {
    return refuse(
      source === 'device'
        ? `--${stray} does not go with a sign-in by browser`
        : `--${stray} does not go with --${source}`,
    )
  }
  const text = (name: string): string | undefined => {
    const value = options[name]
    return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
  }
  const label = text('label')
  const region = text('region')
  const startUrl = text('start-url')
  const profileArn = text('profile-arn')
  const common = present({ label, region, startUrl, profileArn })
  switch (source) {
    case 'device':
      if (startUrl !== undefined && region === undefined) {
        return refuse('--start-url needs --region: the region of the IAM Identity Center')
      }
      if (region !== undefined && startUrl === undefined)
        return refuse('--region needs --start-url: Builder ID has no other')
      return ok({ from: 'device', ...common })
    case 'import':
      return ok({ from: 'file', file: text('import') ?? '', ...common })
    case 'local':
      return ok({ from: 'local' })
    case 'api-key-stdin':
      return ok({ from: 'api-key', ...common })
    case 'refresh-token-file':
    case 'refresh-token-stdin': {
      const id = text('client-id')
      const secretFile = text('client-secret-file')
      if ((id === undefined) !== (secretFile === undefined)) {
        return refuse('--client-id and --client-secret-file go together; without them the token is a social one')
      }
      if (startUrl !== undefined && id === undefined)
        return refuse('--start-url needs --client-id and --client-secret-file')
      const file = text('refresh-token-file')
      const client = id === undefined || secretFile === undefined ? {} : { client: { id, secretFile } }
      return ok({ from: 'refresh-token', ...(file === undefined ? {} : { file }), ...client, ...common })
    }
  }
}

const refuse = (message: string): Result<AddPlan, Failure> => err(misused(`${message}.`))

function present<T extends Readonly<Record<string, string | undefined>>>(members: T) {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    readonly [Name in keyof T]?: string // the filter is what the type says
  }
}
