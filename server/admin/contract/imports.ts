import { type Static, Type } from '@sinclair/typebox'

const Text = Type.Union([Type.String(), Type.Null()])

/** What came of one sign-in. `present`: its account is there and was left as it is. */
export const ImportOutcome = Type.Union([
  Type.Literal('added'),
  Type.Literal('renewed'),
  Type.Literal('present'),
  Type.Literal('refused'),
])
export type ImportOutcome = Static<typeof ImportOutcome>

/** One line or item of an import, in every answer. `index` counts from 0, `line` from 1 in a text of lines. */
export const ImportResult = Type.Object({
  index: Type.Integer(),
  source: Type.Integer({ description: 'which of the files given together, from 0' }),
  line: Type.Optional(Type.Integer()),
  outcome: ImportOutcome,
  /** The account it became, or the one it belongs to. */
  id: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  email: Type.Optional(Type.String()),
  userId: Type.Optional(Type.String()),
  /** Why it was refused or left, in words; with `added`, what is the matter with it all the same. */
  error: Type.Optional(Type.String()),
  /** The same in a stable word. */
  code: Type.Optional(Type.String()),
  /** The member at fault, in the item's own spelling. */
  field: Type.Optional(Type.String()),
})
export type ImportResult = Static<typeof ImportResult>

/** What one file or text is: `form` is a stable word, `title` its name in English. */
export const ImportSourceView = Type.Object({
  name: Text,
  form: Type.String(),
  title: Type.String(),
  count: Type.Integer(),
})
export type ImportSourceView = Static<typeof ImportSourceView>

/** `renews`: the account is there and this is newer; `present`: nothing would change; `repeated`: the same as `same_as`. */
export const ImportVerdict = Type.Union([
  Type.Literal('new'),
  Type.Literal('renews'),
  Type.Literal('present'),
  Type.Literal('repeated'),
  Type.Literal('refused'),
])
export type ImportVerdict = Static<typeof ImportVerdict>

/** One sign-in as it was read; no secret is in it and nobody was asked. */
export const ImportPreviewItem = Type.Object({
  index: Type.Integer(),
  source: Type.Integer(),
  line: Type.Union([Type.Integer(), Type.Null()]),
  verdict: ImportVerdict,
  name: Text,
  email: Text,
  method: Text,
  provider: Text,
  /** Of the identity service, and of the profile. */
  identity_region: Text,
  profile_region: Text,
  enabled: Type.Boolean(),
  /** How the file's own program saw it: active, expired, suspended, exhausted, disabled. */
  stated_status: Text,
  account_id: Text,
  account_name: Text,
  same_as: Type.Union([Type.Integer(), Type.Null()]),
  error: Text,
  code: Text,
  field: Text,
})
export type ImportPreviewItem = Static<typeof ImportPreviewItem>

/** `POST /v2/accounts/import-preview` */
export const ImportPreview = Type.Object({
  sources: Type.Array(ImportSourceView),
  items: Type.Array(ImportPreviewItem),
})
export type ImportPreview = Static<typeof ImportPreview>

/** `POST /v2/accounts/import-preview` and `import-checked`: files and pasted texts that belong together. */
export const ImportTexts = Type.Object({
  sources: Type.Array(Type.Object({ name: Type.Optional(Type.String()), text: Type.String() }), { maxItems: 200 }),
  /** Only these items of it, by their index in the preview; absent: all. */
  indexes: Type.Optional(Type.Array(Type.Integer(), { maxItems: 5000 })),
})
export type ImportTexts = Static<typeof ImportTexts>

/** `POST /v2/accounts/import-checked`: each sign-in is checked before it counts. */
export const ImportDone = Type.Object({ results: Type.Array(ImportResult) })
export type ImportDone = Static<typeof ImportDone>

/** `POST /v2/accounts/import-by-token`: the original's members; `outcome` and what goes with it are ours. */
export const TokenImportResult = Type.Object({
  success: Type.Boolean(),
  total: Type.Integer(),
  imported: Type.Integer(),
  failed: Type.Integer(),
  duplicate: Type.Integer(),
  limitReached: Type.Boolean(),
  message: Type.String(),
  results: Type.Array(
    Type.Composite([
      ImportResult,
      Type.Object({
        success: Type.Boolean(),
        label: Type.Optional(Type.String()),
        /** Not added: it is the same login as the account `id`, whose sign-in it has replaced. */
        renewed: Type.Optional(Type.Boolean()),
      }),
    ]),
  ),
})
export type TokenImportResult = Static<typeof TokenImportResult>

/** `POST /v2/accounts/feed` */
export const AccountFed = Type.Object({
  created: Type.Array(Type.String()),
  count: Type.Integer(),
  /** Items that made no account, and why. */
  skipped: Type.Array(Type.Object({ index: Type.Integer(), error: Type.String() })),
  results: Type.Array(ImportResult),
})
export type AccountFed = Static<typeof AccountFed>

/** `POST /v2/accounts/import` */
export const AccountImported = Type.Object({
  success: Type.Boolean(),
  total: Type.Integer(),
  valid: Type.Integer(),
  duplicate: Type.Integer(),
  invalid: Type.Integer(),
  imported: Type.Integer(),
  limitReached: Type.Boolean(),
  message: Type.String(),
  results: Type.Array(ImportResult),
})
export type AccountImported = Static<typeof AccountImported>
