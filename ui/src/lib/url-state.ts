import { useSearchParams } from '@solidjs/router'
import type { Param } from './url-params.ts'

type Params = Readonly<Record<string, Param<unknown>>>
type ValueOf<P> = P extends Param<infer T> ? T : never

export type UrlState<P extends Params> = {
  /** Read where used: `filters.status`. */
  readonly value: { readonly [Name in keyof P]: ValueOf<P[Name]> }
  /** Typing replaces the entry of the history (`typed`), picking makes a new one: Back goes to the choice before. */
  readonly set: (
    change: { readonly [Name in keyof P]?: ValueOf<P[Name]> | undefined },
    how?: { readonly typed?: boolean },
  ) => void
  readonly clear: () => void
  /** How many stand in the address: a filter bar says it. */
  readonly count: () => number
}

/** Filters, order and page of a list in the address bar: a reload, Back and a shared link show the same. */
export function createUrlState<P extends Params>(params: P): UrlState<P> {
  const [search, setSearch] = useSearchParams()
  const textOf = (name: string): string | undefined => {
    const text = search[name]
    return Array.isArray(text) ? text[0] : text
  }
  const value = {}
  for (const [name, param] of Object.entries(params)) {
    Object.defineProperty(value, name, { enumerable: true, get: () => param.read(textOf(name)) })
  }
  const put = (texts: Readonly<Record<string, string | undefined>>, typed = false): void =>
    setSearch(texts, { replace: typed, scroll: false })
  return {
    value: value as UrlState<P>['value'],
    set: (change, how) =>
      put(
        Object.fromEntries(
          Object.entries(change).map(([name, given]) => [
            name,
            given === undefined ? undefined : params[name]?.write(given),
          ]),
        ),
        how?.typed,
      ),
    clear: () => put(Object.fromEntries(Object.keys(params).map((name) => [name, undefined]))),
    count: () =>
      Object.entries(params).filter(([name, param]) => param.write(param.read(textOf(name))) !== undefined).length,
  }
}
