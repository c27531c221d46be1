import { type Static, type TSchema, Type } from '@sinclair/typebox'

const text = (description: string, value = ''): ReturnType<typeof Type.String> =>
  Type.String({ description, default: value })
const flag = (description: string, value: boolean): ReturnType<typeof Type.Boolean> =>
  Type.Boolean({ description, default: value })
const whole = (description: string, value: number, minimum: number, maximum: number): ReturnType<typeof Type.Integer> =>
  Type.Integer({ description, default: value, minimum, maximum })
const word = <const Words extends readonly string[]>(description: string, words: Words, value: Words[number]) =>
  Type.Unsafe<Words[number]>({ type: 'string', enum: words, description, default: value })
/** An http(s) base URL; empty: the built-in one. */
const url = (description: string): ReturnType<typeof Type.String> =>
  Type.String({ description, default: '', format: 'http-url' })

/**
 * The configuration file: every key we act on, with default, bounds and unit. Keys are spelled as in the file (snake_case);
 * `Config` has the same tree in camelCase. An empty text, like a key left out, means the default.
 */
export const FileSchema = Type.Object({
  database: Type.Object({
    type: word('Storage engine; mysql is MySQL or MariaDB.', ['sqlite', 'mysql'], 'sqlite'),
    sqlite: Type.Object({
      path: text('Database file; a relative path starts at the data folder.', 'data.sqlite3'),
    }),
    mysql: Type.Object({
      host: text('Name or address of the database server.', 'localhost'),
      port: whole('Its TCP port.', 3306, 1, 65535),
      user: text('Who we are there.', 'root'),
      password: text('Password of that user.'),
      database: text('Database; it must exist. Tables of other programs in it are left alone.', 'claude-api'),
      tls: word(
        'on: encrypted, and the server must show a certificate that is valid for its name.',
        ['off', 'on'],
        'off',
      ),
      ca_file: text('Certificates (PEM) of the authority that signed it. Empty: those of the system.'),
      start_wait_seconds: whole('How long a start waits for a server that does not answer, seconds.', 30, 0, 3600),
    }),
  }),
  server: Type.Object({
    host: text(
      'Address to listen on. 0.0.0.0: all IPv4 addresses; :: all addresses; 127.0.0.1: this machine only.',
      '0.0.0.0',
    ),
    port: whole('TCP port. From the environment or the command line 0 asks for any free port.', 62311, 0, 65535),
    max_body_bytes: whole('Largest request body, bytes.', 64 * 1024 * 1024, 1024, 1024 * 1024 * 1024),
    shutdown_grace_seconds: whole('How long a stop waits for open streams, seconds.', 30, 0, 3600),
    trusted_proxies: Type.Array(Type.String({ format: 'ip-range' }), {
      description: 'Addresses or CIDR ranges of reverse proxies whose forwarding headers are believed.',
      default: ['127.0.0.0/8', '::1'],
    }),
    console_origins: Type.Array(Type.String({ format: 'http-url' }), {
      description:
        'Where the console is opened in a browser: scheme, name and port of its pages. Needed only behind a proxy that passes no Host on.',
      default: [],
    }),
    cors_origins: Type.Array(Type.String({ format: 'page-origin' }), {
      description:
        "Pages of other origins that may call the client APIs (/v1) from a browser: scheme, name and port. '*': all; none: only the gateway's own. A key is needed in any case; the admin API is never open to them.",
      default: ['*'],
    }),
    hsts_seconds: whole(
      'How long browsers that came by TLS, through a trusted proxy, are told to keep to it (Strict-Transport-Security), seconds. 0: they are not told.',
      15_552_000,
      0,
      63_072_000,
    ),
    headers_hold_ms: whole(
      'How long response headers wait for the first event of a stream, milliseconds.',
      5000,
      0,
      60_000,
    ),
    keep_alive_seconds: whole('Pause between keep-alive frames of a silent stream, seconds.', 15, 1, 300),
  }),
  debug: flag('Debug log lines; the same as log.level: debug.', false),
  log: Type.Object({
    level: word('Least important lines that are written.', ['debug', 'info', 'warn', 'error'], 'info'),
    format: word('auto: text on a terminal, JSON lines otherwise.', ['auto', 'text', 'json'], 'auto'),
  }),
  timezone: Type.String({
    description: 'IANA time zone in which a day begins, e.g. Asia/Shanghai. Empty: the time zone of the system.',
    default: '',
    format: 'time-zone',
  }),
  upstream: Type.Object({
    protocol: word('Wire form of calls to the provider.', ['rpc', 'rest'], 'rpc'),
    host: word('Family of provider hosts: q.{region}.amazonaws.com or runtime.{region}.kiro.dev.', ['q', 'kiro'], 'q'),
    origin: text('Product name the protocol asks for; the same for all accounts.', 'AI_EDITOR'),
    opt_out: flag('Tell the provider not to use content for improving its service.', true),
    region: Type.String({
      description: 'API region of accounts that do not carry their own.',
      default: 'us-east-1',
      pattern: '^[a-z]{2}(-[a-z]+)+-[0-9]$',
    }),
    q_url: url(
      'Base URL that replaces every data and control host of the provider; {region} is filled in. Empty: none.',
    ),
    oidc_url: url('Base URL that replaces the OIDC sign-in host; {region} is filled in. Empty: none.'),
    kiro_auth_url: url('Base URL that replaces the social sign-in host. Empty: none.'),
    connect_timeout_ms: whole(
      'Longest wait for a connection to the provider: TCP, a proxy on the way, TLS; milliseconds.',
      15_000,
      100,
      600_000,
    ),
    first_event_timeout_ms: whole(
      'Longest wait for the first event of a reply, headers included, once the connection stands; milliseconds.',
      180_000,
      100,
      3_600_000,
    ),
    idle_timeout_ms: whole('Longest silence between two events of a reply, milliseconds.', 120_000, 100, 3_600_000),
  }),
  pool: Type.Object({
    max_in_flight_per_account: whole(
      'Requests one account serves at a time, for accounts added from now on.',
      1000,
      1,
      1000,
    ),
    soft_in_flight_per_account: whole(
      'With this many requests in hand an account is taken only if no other is below it.',
      10,
      1,
      1000,
    ),
    soft_requests_per_minute_per_account: whole(
      'With this many requests started within a minute an account is taken only if no other is below it. 0: no such limit.',
      12,
      0,
      100_000,
    ),
    strategy: word(
      'How an account is chosen, until the console says otherwise.',
      ['least_loaded', 'quota_aware', 'round_robin', 'sequential', 'random', 'weighted_random'],
      'least_loaded',
    ),
    requests_per_minute_per_account: whole(
      'Requests one account starts within a minute; more wait or go to another account. 0: no limit.',
      0,
      0,
      100_000,
    ),
    quota_reserve_percent: whole('With this much quota left or less, quota_aware takes an account last.', 5, 0, 100),
    max_error_count: whole('Failures in a row after which an account is taken out.', 30, 1, 1_000_000),
  }),
  responses: Type.Object({
    kept_answers: whole(
      'Answers of the Responses API that are kept in memory for an hour, so that a request can go on from one.',
      10_000,
      1,
      10_000_000,
    ),
    kept_bytes: whole('Memory they may take together, bytes.', 64 * 1024 * 1024, 1024, 64 * 1024 * 1024 * 1024),
  }),
  logging: Type.Object({
    request_retention_days: whole('How long request records are kept, days. 0: for ever.', 7, 0, 3650),
  }),
  test: flag(
    'Test mode, for a public demo: dangerous admin routes also need the header X-Test-Password with the value of TEST_PASSWORD.',
    false,
  ),
  update: Type.Object({
    feed_url: url('Address that `update --check` asks for the latest version. Empty: none; nothing else asks it.'),
  }),
  vault: Type.Object({
    master_key_file: text('File with the master key. Empty: master.key in the data folder, made at the first start.'),
  }),
})

/** Known keys without a setting behind them: the original's, accepted so that its files still load. */
export const silentKeys: readonly string[] = ['database.mysql.charset'] // always utf8mb4
export const idleKeys: readonly string[] = ['compression_enabled']
/** Flat keys of the legacy config.json and what they are called now. */
export const legacyJsonKeys: Readonly<Record<string, string>> = { host: 'server.host', port: 'server.port' }

export type Leaf = { readonly key: string; readonly schema: TSchema }

/** Every setting by its dotted file key, in file order. */
export const leaves: readonly Leaf[] = leavesOf(FileSchema, '')

export function leavesOf(schema: TSchema, prefix: string): readonly Leaf[] {
  if (schema.type !== 'object') return [{ key: prefix, schema }]
  return Object.entries(schema.properties as Record<string, TSchema>).flatMap(([name, member]) =>
    leavesOf(member, prefix === '' ? name : `${prefix}.${name}`),
  )
}

type Camel<Text extends string> = Text extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : Text
type CamelTree<Tree> = Tree extends readonly (infer Item)[]
  ? readonly Item[]
  : Tree extends object
    ? { readonly [Key in keyof Tree as Camel<Key & string>]: CamelTree<Tree[Key]> }
    : Tree
type FileConfig = CamelTree<Static<typeof FileSchema>>

/** What the program was started with; frozen, made once. Times and sizes carry their unit in the name. */
export type Config = Omit<FileConfig, 'upstream' | 'timezone' | 'update' | 'vault' | 'debug'> & {
  readonly upstream: Omit<FileConfig['upstream'], 'qUrl' | 'oidcUrl' | 'kiroAuthUrl'> & {
    readonly qUrl?: string
    readonly oidcUrl?: string
    readonly kiroAuthUrl?: string
  }
  /** IANA name; absent: the system's zone. */
  readonly timezone?: string
  readonly update?: {
    readonly feedUrl?: string
  }
  readonly vault: {
    /** Absolute path, when one was given. */
    readonly masterKeyFile?: string
    /** MASTER_KEY: secret, never shown. */
    readonly masterKey?: string
  }
  /** Absolute folder of the database, the key file and the configuration file. */
  readonly dataDir: string
  /** Absolute path of the configuration file in use. */
  readonly configFile?: string
  /** `database.sqlite.path`, absolute. In use when the storage engine is SQLite. */
  readonly databasePath: string
  readonly noBrowser: boolean
  readonly demo: boolean
  /** `--new-master-key`: start although the sealed credentials cannot be opened; those accounts must sign in again. */
  readonly newMasterKey: boolean
  /** ADMIN_PASSWORD: secret, never shown. */
  readonly adminPassword?: string
  /** TEST_PASSWORD: secret, never shown. */
  readonly testPassword?: string
}

export const camel = (name: string): string => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
