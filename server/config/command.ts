/** An option of the command line: `value` names its argument in the usage text; without it the option is a switch. */
export type OptionSpec = {
  readonly name: string
  readonly value?: string
  readonly alias?: string
  readonly about: string
}

export type CommandSpec = {
  /** Words after the program name, e.g. `account add`. */
  readonly name: string
  /** Positional arguments, e.g. `['NAME']`; one in brackets may be left out, all others are required. */
  readonly operands: readonly string[]
  readonly options: readonly OptionSpec[]
  readonly about: string
}

/** What the command line asks for: options by name without dashes (`true` for a switch), operands in order. */
export type Command = {
  readonly name: CommandName
  readonly options: Readonly<Record<string, string | boolean>>
  readonly operands: readonly string[]
}

export const globalOptions: readonly OptionSpec[] = [
  { name: 'port', value: 'PORT', alias: 'p', about: 'port to listen on (62311)' },
  { name: 'host', value: 'ADDRESS', about: 'address to listen on (0.0.0.0)' },
  { name: 'data-dir', value: 'FOLDER', about: 'folder of database, keys and configuration file (current folder)' },
  {
    name: 'config',
    value: 'FILE',
    about: 'configuration file (config.yaml, config.yml or config.json in the data folder)',
  },
  { name: 'no-browser', about: 'do not open a browser' },
  { name: 'demo', about: 'temporary data folder and a simulated provider: nothing needed, nothing kept' },
  {
    name: 'new-master-key',
    about: 'start although saved sign-ins cannot be unsealed; those accounts must sign in again',
  },
  { name: 'version', about: 'print the version' },
  { name: 'help', alias: 'h', about: 'print this text' },
]

const json: OptionSpec = { name: 'json', about: 'print JSON' }

const keyLimits: readonly OptionSpec[] = [
  { name: 'rpm', value: 'N', about: 'requests per minute; 0, here and below: no limit' },
  { name: 'requests-per-day', value: 'N', about: 'requests per day' },
  { name: 'tokens-per-day', value: 'N', about: 'tokens per day, input and output' },
  { name: 'tokens-per-month', value: 'N', about: 'tokens per month' },
  { name: 'usd-per-month', value: 'N', about: 'dollars per month, by the price list' },
  { name: 'credits-per-month', value: 'N', about: 'the provider’s credits per month' },
  { name: 'concurrency', value: 'N', about: 'calls under way at a time' },
  { name: 'models', value: 'NAMES', about: 'the only models it may use, separated by commas, or `any`' },
  { name: 'expires', value: 'TIME', about: 'when it ends, like 2026-12-31T00:00:00Z, or `never`' },
]

const keyWays: readonly OptionSpec[] = [
  {
    name: 'repair',
    value: 'yes|no|inherit',
    about: 'ask once more for a reply that misses what was demanded; `inherit`: as the settings say',
  },
  {
    name: 'compression',
    value: 'WAY',
    about: 'shorten long conversations: `off`, on `overflow`, from a `share` of the window on, or `inherit`',
  },
]

const serviceOptions: readonly OptionSpec[] = [
  { name: 'user', about: 'of yourself alone, without rights over the system' },
  { name: 'name', value: 'NAME', about: 'name of the service (claude-server)' },
]
const dryRun: OptionSpec = { name: 'dry-run', about: 'print the file and the commands; nothing is changed' }

const userOptions: readonly OptionSpec[] = [
  { name: 'email', value: 'EMAIL', about: 'for your own use' },
  { name: 'notes', value: 'TEXT', about: 'for your own use' },
  {
    name: 'priority',
    value: 'N',
    about: '0 to 9; the higher goes first in the line for a free account; a VIP has 1 or more',
  },
  { name: 'accounts', value: 'IDS', about: 'the only accounts it may use, separated by commas, or `any`' },
]

export const commands = [
  {
    name: 'serve',
    operands: [],
    options: [
      {
        name: 'take-over',
        about: 'take the place of the server of this folder, which lets its streams finish, if there is one',
      },
    ],
    about: 'run the gateway (also without a command)',
  },
  {
    name: 'restart',
    operands: [],
    options: [json],
    about: 'start the running server anew: its port stays open, its streams finish in the old process',
  },
  {
    name: 'desktop',
    operands: [],
    options: [],
    about: 'run the gateway with a window of its own, until that is closed; data in a folder of your account',
  },
  {
    name: 'account add',
    operands: [],
    options: [
      { name: 'label', value: 'TEXT', about: 'name shown for the account' },
      { name: 'start-url', value: 'URL', about: 'IAM Identity Center start URL; without it: Builder ID' },
      { name: 'region', value: 'REGION', about: 'region of the identity service (us-east-1)' },
      { name: 'refresh-token-file', value: 'FILE', about: 'take a refresh token from a file instead of signing in' },
      { name: 'refresh-token-stdin', alias: 'stdin', about: 'take a refresh token from standard input' },
      {
        name: 'client-id',
        value: 'ID',
        about: 'OIDC client of the refresh token; without it the token is a social one',
      },
      { name: 'client-secret-file', value: 'FILE', about: 'secret of that client' },
      { name: 'api-key-stdin', about: 'take an official API key from standard input' },
      {
        name: 'import',
        value: 'FILE',
        about: 'sign-ins of any known form: exports, kiro-auth-token.json, token lists, a command line’s database',
      },
      { name: 'local', about: 'take the sign-ins of Kiro, Kiro CLI and Amazon Q CLI found on this machine' },
      { name: 'profile-arn', value: 'ARN', about: 'profile to use' },
      json,
    ],
    about: 'add an account: sign in with a browser, or by token, key or file',
  },
  { name: 'account list', operands: [], options: [json], about: 'list the accounts and their state' },
  {
    name: 'account check',
    operands: ['ID'],
    options: [json],
    about: 'refresh an account and read its quota and models',
  },
  { name: 'account remove', operands: ['ID'], options: [json], about: 'forget an account and its tokens' },
  {
    name: 'key create',
    operands: ['NAME'],
    options: [
      { name: 'accounts', value: 'IDS', about: 'the only accounts it may use, separated by commas (any)' },
      { name: 'user', value: 'ID', about: 'the user it belongs to (nobody in particular)' },
      ...keyLimits,
      ...keyWays,
      json,
    ],
    about: 'make an API key for clients; it is shown once',
  },
  { name: 'key list', operands: [], options: [json], about: 'list the API keys' },
  {
    name: 'key change',
    operands: ['ID'],
    options: [
      { name: 'name', value: 'NAME', about: 'its new name' },
      { name: 'accounts', value: 'IDS', about: 'the only accounts it may use, separated by commas, or `any`' },
      { name: 'enabled', value: 'yes|no', about: 'whether it is accepted' },
      ...keyLimits,
      ...keyWays,
      json,
    ],
    about: 'change an API key’s name, accounts, limits, ways or switch',
  },
  { name: 'key revoke', operands: ['ID'], options: [json], about: 'revoke an API key' },
  {
    name: 'user add',
    operands: ['NAME'],
    options: [...userOptions, ...keyLimits, json],
    about: 'add a user with its first API key, which is shown once',
  },
  { name: 'user list', operands: [], options: [json], about: 'list the users and what they have used' },
  { name: 'user show', operands: ['ID'], options: [json], about: 'show a user’s limits, use and keys' },
  {
    name: 'user change',
    operands: ['ID'],
    options: [
      { name: 'name', value: 'NAME', about: 'its new name' },
      { name: 'enabled', value: 'yes|no', about: 'whether its keys are accepted' },
      ...userOptions,
      ...keyLimits,
      json,
    ],
    about: 'change a user’s name, priority, limits or switch',
  },
  { name: 'user new-key', operands: ['ID'], options: [json], about: 'make its key anew: the old string ends at once' },
  { name: 'user remove', operands: ['ID'], options: [json], about: 'delete a user, its keys and its counters' },
  {
    name: 'model map',
    operands: ['NAME', 'TARGET'],
    options: [{ name: 'key', value: 'ID', about: 'the only API key it holds for (all)' }, json],
    about: 'lead a model name that clients send to a model; NAME may end in *',
  },
  { name: 'model mappings', operands: [], options: [json], about: 'list the mapped model names' },
  { name: 'model unmap', operands: ['ID'], options: [json], about: 'remove a mapping' },
  {
    name: 'password reset',
    operands: [],
    options: [
      { name: 'password-stdin', about: 'take the new password from standard input; without it one is made' },
      { name: 'user', value: 'NAME', about: 'of this console user instead of the owner' },
      json,
    ],
    about: 'set a new console password, turn its second factor off, sign out whoever has it',
  },
  {
    name: 'audit verify',
    operands: [],
    options: [json],
    about: 'check that no entry of the audit log was changed, removed or added from outside',
  },
  {
    name: 'import',
    operands: ['[SOURCE]'],
    options: [
      { name: 'dry-run', about: 'say what would be imported; nothing is changed' },
      { name: 'purge-original', about: 'delete the untouched copies of the original that imports have kept' },
      { name: 'yes', about: 'do not ask before deleting' },
      json,
    ],
    about: 'take over the original’s database: a file, or mysql://user:password@host:3306/database',
  },
  {
    name: 'backup',
    operands: ['[FILE]'],
    options: [
      { name: 'portable', about: 'for any machine and master key: encrypted with a passphrase that is asked for' },
      { name: 'request-log', about: 'a portable one with the rows of the request log' },
      { name: 'no-passphrase', about: 'a portable one in the clear, with every secret' },
      json,
    ],
    about: 'copy the database, beside a running server too (backups/… in the data folder)',
  },
  {
    name: 'restore',
    operands: ['FILE'],
    options: [
      {
        name: 'mode',
        value: 'merge|replace',
        about: '`merge` it into what is here, or `replace` everything with it (replace)',
      },
      { name: 'dry-run', about: 'check it and say what it would change; nothing is changed' },
      json,
    ],
    about:
      'put a backup in the place of what is here, which is kept, or merge it; a running server starts anew with it',
  },
  {
    name: 'health',
    operands: [],
    options: [{ name: 'ready', about: 'ask whether it can serve: database open, an account in service' }, json],
    about: 'ask the running server whether it lives; exit code 0: it does',
  },
  {
    name: 'service install',
    operands: [],
    options: [...serviceOptions, dryRun, json],
    about: 'run the gateway as a service: systemd, launchd, Task Scheduler of Windows',
  },
  {
    name: 'service uninstall',
    operands: [],
    options: [...serviceOptions, dryRun, json],
    about: 'stop and remove a service that was installed so; the data folder stays',
  },
  {
    name: 'service status',
    operands: [],
    options: [...serviceOptions, json],
    about: 'say how the service stands; exit code 0: running, 3: not running, 4: not installed',
  },
  {
    name: 'update',
    operands: [],
    options: [
      { name: 'check', about: 'say whether there is a newer version; exit code 0: no, 10: yes' },
      { name: 'from', value: 'URL', about: 'the address to ask (update.feed_url); no other is' },
      json,
    ],
    about: 'look for a newer version where you say; nothing is fetched or changed',
  },
  { name: 'doctor', operands: [], options: [json], about: 'show settings with their origin and check everything' },
  { name: 'selftest', operands: [], options: [json], about: 'run the whole path against the simulated provider' },
  { name: 'version', operands: [], options: [json], about: 'print the version' },
  { name: 'help', operands: [], options: [], about: 'print this text' },
] as const satisfies readonly CommandSpec[]

export type CommandName = (typeof commands)[number]['name']

const specs: readonly (CommandSpec & { readonly name: CommandName })[] = commands

export const findCommand = (name: string): (CommandSpec & { readonly name: CommandName }) | undefined =>
  specs.find((spec) => spec.name === name)

/** Usage text; of one command when its name (or its first word) is given. */
export function usage(name?: string): string {
  const shown = specs.filter((spec) => name === undefined || spec.name === name || spec.name.startsWith(`${name} `))
  const all = name === undefined || shown.length === 0
  const lines = ['Usage: claude-server [options] [command]', '', all ? 'Commands:' : 'Command:']
  for (const spec of all ? specs : shown) {
    lines.push(line([spec.name, ...spec.operands].join(' '), spec.about))
    if (!all) lines.push(...spec.options.map((option) => line(`  ${spelled(option)}`, option.about)))
  }
  return [...lines, '', 'Options:', ...globalOptions.map((option) => line(spelled(option), option.about)), ''].join(
    '\n',
  )
}

function spelled(option: OptionSpec): string {
  const alias = option.alias === undefined ? '' : `${option.alias.length === 1 ? '-' : '--'}${option.alias}, `
  return `${alias}--${option.name}${option.value === undefined ? '' : ` ${option.value}`}`
}

function line(left: string, about: string): string {
  return `  ${left.padEnd(30)} ${about}`
}
