import type { Translate } from '../../i18n/dictionary.ts'
import { errorKindText } from '../routing/words.ts'
import type { AnswerFault } from './answer.ts'
import { faultText } from './fault.ts'

/** Kinds of failure whose words are the gateway's own, and say no more than ours do. */
const own: ReadonlySet<string> = new Set([
  'request-too-large',
  'request-timeout',
  'authentication',
  'permission',
  'renewal-failed',
  'upstream-unreachable',
  'empty-reply',
  'broken-reply',
  'unmet-demand',
  'timeout',
  'no-account',
  'no-healthy-account',
  'pool-cooling',
  'pool-exhausted',
  'pool-busy',
  'cancelled',
  'shutting-down',
  'internal',
])
export const saysAll = (kind: string | undefined): boolean => kind !== undefined && own.has(kind)

/** A failure by the kind in its record; without one by what the API called it. */
export const faultHead = (fault: AnswerFault, kind: string | undefined, t: Translate): string =>
  kind === undefined ? t(faultText(fault)) : errorKindText(kind, t)
