import { productName } from '../config/build.ts'

/** Why somebody is not let in. `code` is what the answer says; `retryAfterMs` only with LOCKED. */
export type Refusal = {
  readonly code:
    | 'INVALID_PASSWORD'
    | 'SETUP_CODE_REQUIRED'
    | 'SETUP_CODE_LOCKED'
    | 'SECOND_FACTOR_REQUIRED'
    | 'SECOND_FACTOR_WRONG'
    | 'SECOND_FACTOR_UNREADABLE'
    | 'LOCKED'
    | 'UNAUTHORIZED'
  readonly message: string
  readonly retryAfterMs?: number
}

export const wrongNameOrPassword: Refusal = { code: 'INVALID_PASSWORD', message: 'That name or password is not right.' }
export const codeWanted: Refusal = {
  code: 'SECOND_FACTOR_REQUIRED',
  message: 'A code of your authenticator, or a recovery code, is needed too (`code`).',
}
export const wrongCode: Refusal = {
  code: 'SECOND_FACTOR_WRONG',
  message: 'That code is not right, or was used already.',
}
export const unreadableFactor: Refusal = {
  code: 'SECOND_FACTOR_UNREADABLE',
  message: `The second factor cannot be read with this master key: turn it off on the machine with \`${productName} password reset\`.`,
}
export const tokenInstead: Refusal = {
  code: 'SECOND_FACTOR_REQUIRED',
  message: 'A second factor is on, so that the password alone opens nothing: scripts use an admin token (adm_…).',
}
export const wrongPassword: Refusal = { code: 'INVALID_PASSWORD', message: 'That password is not right.' }
export const keyInstead: Refusal = {
  code: 'UNAUTHORIZED',
  message: 'This is an API key: it opens /v1. Here the console password is the bearer, or an admin token.',
}
export const locked = (retryAfterMs: number): Refusal => ({
  code: 'LOCKED',
  message: `Too many wrong tries. Wait ${Math.max(1, Math.ceil(retryAfterMs / 1000))} s.`,
  retryAfterMs,
})
