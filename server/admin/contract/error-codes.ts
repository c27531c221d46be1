/** Every `code` of the admin API. They are stable, and the console has words for each in its languages. */
export const errorCodes = [
  // what was asked
  'INVALID_REQUEST',
  'INVALID_JSON',
  'TOO_LARGE',
  'UNSUPPORTED_ENCODING',
  'NOT_FOUND',
  'CONFLICT',
  'CANCELLED',
  // who asks
  'UNAUTHORIZED',
  'FORBIDDEN',
  'FORBIDDEN_ORIGIN',
  'BLOCKED',
  'LOOPBACK_ONLY',
  'LOCKED',
  'INVALID_PASSWORD',
  'SETUP_CODE_REQUIRED',
  'SETUP_CODE_LOCKED',
  'SECOND_FACTOR_REQUIRED',
  'SECOND_FACTOR_WRONG',
  'SECOND_FACTOR_UNREADABLE',
  'PASSWORD_CHANGE_REQUIRED',
  'PASSWORD_SHORT',
  'PASSWORD_LONG',
  'PASSWORD_COMMON',
  'TEST_MODE_PASSWORD_REQUIRED',
  // how much
  'LIMIT_REACHED',
  'ACCOUNT_LIMIT_REACHED',
  'TOO_MANY_JOBS',
  'TOO_MANY_LISTENERS',
  'TOO_MANY_STREAMS',
  // one account
  'SIGN_IN_EXPIRED',
  'ACCOUNT_SUSPENDED',
  'ACCOUNT_REFUSED',
  'ACCOUNT_RESTRICTED',
  'QUOTA_EXHAUSTED',
  'RATE_LIMITED',
  // the provider, and the pool
  'PROVIDER_BUSY',
  'PROVIDER_FAILED',
  'PROVIDER_UNREACHABLE',
  'TIMEOUT',
  'NO_ACCOUNT',
  // files on the server's machine
  'UNREADABLE_FILE',
  'NOT_WRITTEN',
  // us
  'SHUTTING_DOWN',
  'INTERNAL',
] as const

export type ErrorCode = (typeof errorCodes)[number]
