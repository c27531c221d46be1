import { type Static, Type } from '@sinclair/typebox'

/** `GET /api/session`: what the console must know before and after sign-in. */
export const SessionView = Type.Object({
  name: Type.String({ description: 'Product name shown in the interface.' }),
  signedIn: Type.Boolean(),
  /** True: only `POST /api/password` is open to this session. */
  mustChangePassword: Type.Boolean(),
  /** True while the first password is in force and this peer is not loopback: sign-in also needs the set-up code. */
  setupCodeRequired: Type.Boolean(),
  /** True: no password has been set yet. The page asks for one, and signs in with the first password by itself. */
  firstVisit: Type.Boolean(),
  /** True: answers are simulated (`--demo`). */
  demo: Type.Boolean(),
  /** Only in demo mode before sign-in, while it holds: the console is entered with it by one click. */
  demoPassword: Type.Optional(Type.String()),
  demoKey: Type.Optional(Type.String()),
  /** Before sign-in, on a server with data of its own: what resets the password. Only who sits at the machine is told the folder. */
  resetCommand: Type.Optional(Type.String()),
  version: Type.Optional(Type.String({ description: 'After sign-in only.' })),
  /** After sign-in, while it is on: what the operator wants everybody to read. Plain text. */
  announcement: Type.Optional(Type.String()),
  /** After sign-in: pages use the whole width of the window. */
  fullWidth: Type.Optional(Type.Boolean()),
  /** True: somebody besides the owner may sign in, by name. */
  namedSignIn: Type.Boolean(),
  /** After sign-in only: who it is. */
  user: Type.Optional(
    Type.Object({
      name: Type.String(),
      role: Type.Union([Type.Literal('viewer'), Type.Literal('admin'), Type.Literal('owner')]),
    }),
  ),
})
export type SessionView = Static<typeof SessionView>

/** `user`: absent or blank for the owner. `code`: of the second factor, once SECOND_FACTOR_REQUIRED was answered. */
export const LoginBody = Type.Object({
  password: Type.String(),
  user: Type.Optional(Type.String({ maxLength: 200 })),
  code: Type.Optional(Type.String({ maxLength: 100 })),
  setupCode: Type.Optional(Type.String()),
})
export type LoginBody = Static<typeof LoginBody>
/** 200, also the body of 401, 403 (set-up code locked) and 429 (`success: false`; 429 carries Retry-After). */
export const LoginResult = Type.Object({
  success: Type.Boolean(),
  message: Type.String(),
  mustChangePassword: Type.Optional(Type.Boolean()),
  code: Type.Optional(
    Type.String({
      description:
        'INVALID_PASSWORD, SETUP_CODE_REQUIRED (missing or wrong), SETUP_CODE_LOCKED, SECOND_FACTOR_REQUIRED, SECOND_FACTOR_WRONG, SECOND_FACTOR_UNREADABLE, LOCKED',
    }),
  ),
})
export type LoginResult = Static<typeof LoginResult>

export const PasswordBody = Type.Object({ currentPassword: Type.String(), newPassword: Type.String() })
export type PasswordBody = Static<typeof PasswordBody>

const members = {
  error: Type.String({ description: 'for people' }),
  code: Type.String({ description: 'stable' }),
  field: Type.Optional(Type.String({ description: 'of the body or the address, that it is about' })),
}
const params = Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]), {
  description: 'what the words have in them, for who says it in other words',
})
const retryAfter = Type.Optional(Type.Integer({ description: 'seconds' }))
const requestId = Type.String()

/** An admin error as a route makes it. */
export const AdminError = Type.Object({
  ...members,
  params: Type.Optional(params),
  requestId: Type.Optional(requestId),
  retryAfter,
})
export type AdminError = Static<typeof AdminError>

/** The same as it goes out: `message` is `error` under the console's name. */
export const AdminErrorShown = Type.Object({
  ...members,
  message: Type.String({ description: 'the same as error' }),
  params,
  requestId: Type.Optional(requestId),
  retryAfter,
})
export type AdminErrorShown = Static<typeof AdminErrorShown>
