import type { AccountFilter } from '../../api/accounts.ts'
import { choiceParam, listParam, numberParam, textParam } from '../../lib/url-params.ts'
import { statusFilters } from './status.ts'

export const methods = ['builder-id', 'identity-center', 'social', 'api-key'] as const
export const quotas = ['any', '70', '90', '100'] as const

const states = statusFilters.filter((name) => name !== 'all')

/** What stands in the address of the accounts. */
export const accountParams = {
  status: listParam(states),
  q: textParam,
  method: listParam(methods),
  proxy: textParam,
  quota: choiceParam(quotas, 'any'),
} as const
export const pageParam = { page: numberParam(1) } as const

export const filterOf = (value: {
  readonly status: readonly string[]
  readonly q: string
  readonly method: readonly string[]
  readonly proxy: string
  readonly quota: (typeof quotas)[number]
}): AccountFilter => ({
  status: value.status,
  q: value.q,
  method: value.method,
  proxy: value.proxy,
  quota: value.quota === 'any' ? '' : value.quota,
})

/** With it or without it. */
export const toggled = <Word extends string>(words: readonly Word[], word: Word): readonly Word[] =>
  words.includes(word) ? words.filter((one) => one !== word) : [...words, word]
