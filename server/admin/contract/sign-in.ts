import { type Static, Type } from '@sinclair/typebox'
import { AccountView } from './accounts.ts'

/** `POST /v2/auth/start`: Builder ID unless a start URL (IAM Identity Center) is given. */
export const SignInStart = Type.Object({
  label: Type.Optional(Type.Union([Type.String({ maxLength: 100 }), Type.Null()])),
  enabled: Type.Optional(Type.Union([Type.Boolean(), Type.Null()])),
  startUrl: Type.Optional(Type.String()),
  region: Type.Optional(Type.String()),
  /** Sign this account in again: keeps its id and history. */
  accountId: Type.Optional(Type.String()),
  /** Outbound proxy of the sign-in itself, which the account keeps. */
  proxyId: Type.Optional(Type.Union([Type.String(), Type.Null()])),
})
export type SignInStart = Static<typeof SignInStart>

export const SignInStarted = Type.Object({
  authId: Type.String(),
  verificationUri: Type.String(),
  verificationUriComplete: Type.String(),
  userCode: Type.String(),
  expiresIn: Type.Integer({ description: 'seconds' }),
  interval: Type.Integer({ description: 'seconds' }),
})
export type SignInStarted = Static<typeof SignInStarted>

/** `GET /v2/auth/status/:authId`. The server polls by itself from the start; claiming is not needed. */
export const SignInStatus = Type.Object({
  status: Type.Union([Type.Literal('pending'), Type.Literal('completed'), Type.Literal('error')]),
  remaining: Type.Integer({ description: 'seconds, >= 0' }),
  error: Type.Union([Type.String(), Type.Null()]),
  /** Machine-readable cause when `error`: denied, expired, network, failed, cancelled. */
  code: Type.Union([Type.String(), Type.Null()]),
  accountId: Type.Union([Type.String(), Type.Null()]),
  /** Seconds between two polls, once the provider has asked for fewer of them. */
  slowedTo: Type.Optional(Type.Integer()),
})
export type SignInStatus = Static<typeof SignInStatus>

/** `POST /v2/auth/claim/:authId`: waits for the end. `account` when completed. */
export const SignInClaimed = Type.Object({
  status: Type.String(),
  accountId: Type.Union([Type.String(), Type.Null()]),
  error: Type.Union([Type.String(), Type.Null()]),
  account: Type.Optional(AccountView),
})
export type SignInClaimed = Static<typeof SignInClaimed>
