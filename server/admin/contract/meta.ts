import { type Static, Type } from '@sinclair/typebox'

/** `GET /api/meta`, and for scripts `GET /v2/meta`: what a client must know before it shows anything. */
export const MetaView = Type.Object({
  name: Type.String(),
  languages: Type.Array(Type.String()),
  demo: Type.Boolean(),
  /** While the first password is in force. */
  setup: Type.Object({ open: Type.Boolean(), code_required: Type.Boolean() }),
  named_sign_in: Type.Boolean({ description: 'somebody besides the owner may sign in, by name' }),
  signed_in: Type.Boolean(),
  /** From here on: after sign-in alone. */
  version: Type.Optional(Type.String()),
  features: Type.Optional(
    Type.Object({
      responses: Type.Boolean(),
      same_host: Type.Boolean({
        description: 'the browser is on the machine of the server: files of its tools can be written',
      }),
      soft_delete: Type.Boolean(),
      schedule: Type.Boolean(),
      test_chat: Type.Boolean(),
      test_mode: Type.Boolean({ description: 'dangerous routes need the header X-Test-Password' }),
    }),
  ),
  time_zone: Type.Optional(Type.String({ description: 'of "today"; empty: the system’s' })),
  system_time_zone: Type.Optional(Type.String({ description: 'what holds where none is set' })),
  time_zones: Type.Optional(Type.Array(Type.String())),
  limits: Type.Optional(
    Type.Object({
      body_bytes: Type.Integer(),
      import_bytes: Type.Integer(),
      import_items: Type.Integer(),
      batch_items: Type.Integer(),
      accounts: Type.Integer({ description: 'how many may be added' }),
      page_rows: Type.Integer({ description: 'of accounts' }),
      log_rows: Type.Integer({ description: 'of a page of the request log' }),
      jobs: Type.Integer({ description: 'at a time' }),
      streams: Type.Integer({ description: 'at a time' }),
      deleted_days: Type.Integer({ description: 'how long what was deleted can be restored' }),
    }),
  ),
  locked_settings: Type.Optional(
    Type.Array(Type.String(), { description: 'set by flag, environment or file: not to be changed here' }),
  ),
  reached: Type.Optional(
    Type.Object(
      {
        url: Type.String({ description: 'the address of this request: what clients may use too' }),
        by_proxy: Type.Boolean({ description: 'a proxy passed it on' }),
        disbelieved: Type.Boolean({ description: 'that proxy is none of `server.trusted_proxies`: it may be another' }),
        lan: Type.Array(Type.String(), { description: 'other addresses of this machine that it listens on' }),
      },
      { description: 'how the server was reached, as it sees it' },
    ),
  ),
  reset_command: Type.Optional(Type.String({ description: 'what resets the password; not in a demo' })),
})
export type MetaView = Static<typeof MetaView>
