import { type Static, Type } from '@sinclair/typebox'

const RoleName = Type.Union([Type.Literal('viewer'), Type.Literal('admin'), Type.Literal('owner')])
const ScopeName = Type.Union([
  Type.Literal('read'),
  Type.Literal('accounts'),
  Type.Literal('users'),
  Type.Literal('settings'),
  Type.Literal('logs'),
  Type.Literal('write'),
])
const NullableText = Type.Union([Type.String(), Type.Null()])
const name = Type.String({ minLength: 1, maxLength: 64 })

/** Somebody who signs in to the console by name. */
export const OperatorView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  role: RoleName,
  enabled: Type.Boolean(),
  secondFactor: Type.Boolean(),
  lastSignInAt: NullableText,
  createdAt: Type.String(),
})
export type OperatorView = Static<typeof OperatorView>

/** `GET /v2/operators` */
export const OperatorList = Type.Object({ operators: Type.Array(OperatorView) })
export type OperatorList = Static<typeof OperatorList>

/** `POST /v2/operators` */
export const OperatorCreate = Type.Object(
  { name, password: Type.String(), role: RoleName },
  { additionalProperties: false },
)
export type OperatorCreate = Static<typeof OperatorCreate>

/** `PATCH /v2/operators/:id`. A new password, another role or switching off signs the person out. */
export const OperatorPatch = Type.Object(
  {
    name: Type.Optional(name),
    password: Type.Optional(Type.String()),
    role: Type.Optional(RoleName),
    enabled: Type.Optional(Type.Boolean()),
    /** False turns a lost second factor off; nobody turns one on for somebody else. */
    secondFactor: Type.Optional(Type.Literal(false)),
  },
  { additionalProperties: false },
)
export type OperatorPatch = Static<typeof OperatorPatch>

/** A token for scripts, after creation: only its last four characters are kept. */
export const AdminTokenView = Type.Object({
  id: Type.String(),
  name: Type.String(),
  last4: Type.String(),
  scopes: Type.Array(ScopeName),
  /** Who made it; it may never more than that person. */
  owner: Type.String(),
  createdAt: Type.String(),
  expiresAt: NullableText,
  lastUsedAt: NullableText,
  lastAddress: NullableText,
})
export type AdminTokenView = Static<typeof AdminTokenView>

/** `GET /v2/admin-tokens`: one's own; the owner sees all. */
export const AdminTokenList = Type.Object({ tokens: Type.Array(AdminTokenView) })
export type AdminTokenList = Static<typeof AdminTokenList>

/** `POST /v2/admin-tokens`. Without `expiresInDays` it lasts until it is revoked. */
export const AdminTokenCreate = Type.Object(
  {
    name,
    scopes: Type.Array(ScopeName, { minItems: 1, maxItems: 6 }),
    expiresInDays: Type.Optional(Type.Integer({ minimum: 1, maximum: 3650 })),
  },
  { additionalProperties: false },
)
export type AdminTokenCreate = Static<typeof AdminTokenCreate>

/** `POST /v2/admin-tokens`: the only answer that carries the token itself. */
export const AdminTokenCreated = Type.Composite([AdminTokenView, Type.Object({ token: Type.String() })])
export type AdminTokenCreated = Static<typeof AdminTokenCreated>

/** `GET /v2/second-factor`: one's own. */
export const SecondFactorView = Type.Object({
  on: Type.Boolean(),
  since: NullableText,
  recoveryCodesLeft: Type.Integer(),
})
export type SecondFactorView = Static<typeof SecondFactorView>

/** `POST /v2/second-factor`: begins one. The password is asked for again. */
export const SecondFactorBegin = Type.Object({ password: Type.String() })
/** `uri` is what an authenticator reads as a QR code. It counts once it is confirmed. */
export const SecondFactorBegun = Type.Object({ secret: Type.String(), uri: Type.String() })
export type SecondFactorBegun = Static<typeof SecondFactorBegun>
/** `POST /v2/second-factor/confirm` */
export const SecondFactorConfirm = Type.Object({ code: Type.String({ maxLength: 100 }) })
/** Each opens once; they are shown only now. */
export const SecondFactorConfirmed = Type.Object({ recoveryCodes: Type.Array(Type.String()) })
export type SecondFactorConfirmed = Static<typeof SecondFactorConfirmed>
/** `POST /v2/second-factor/remove` */
export const SecondFactorRemove = Type.Object({ password: Type.String(), code: Type.String({ maxLength: 100 }) })

/** `POST /v2/confirmation`: the password given again, with the code where a second factor is on. */
export const ConfirmationGive = Type.Object(
  { password: Type.String(), code: Type.Optional(Type.String({ maxLength: 100 })) },
  { additionalProperties: false },
)
export type ConfirmationGive = Static<typeof ConfirmationGive>

/** `GET /v2/confirmation` */
export const ConfirmationView = Type.Object({
  validUntil: Type.Union([Type.String(), Type.Null()], {
    description: 'until then this session need not give the password again',
  }),
  secondFactor: Type.Boolean({ description: 'a code is asked for beside it' }),
})
export type ConfirmationView = Static<typeof ConfirmationView>

/** A console sign-in that is alive. */
export const SignedInView = Type.Object({
  id: Type.String(),
  user: Type.String(),
  address: Type.String(),
  userAgent: Type.String(),
  signedInAt: Type.String(),
  lastSeenAt: Type.String(),
  /** When it ends at the latest. */
  expiresAt: Type.String(),
  current: Type.Boolean({ description: 'the one that asks' }),
})
export type SignedInView = Static<typeof SignedInView>

/** `GET /v2/sessions`: one's own; the owner sees all. */
export const SignedInList = Type.Object({ sessions: Type.Array(SignedInView) })
export type SignedInList = Static<typeof SignedInList>
