import type { Words } from './parts.ts'

export type Key = keyof Words
export type Dictionary = Readonly<Record<Key, string>>

/** The `{names}` inside a text, those of `{name?one|other}` too. */
type Names<Text extends string> = Text extends `${string}{${infer Place}}${infer Rest}`
  ? (Place extends `${infer Name}?${string}` ? Name : Place) | Names<Rest>
  : never

/** No argument for a plain text, exactly its names for one with places. */
export type Params<K extends Key> = [Names<Words[K]>] extends [never]
  ? []
  : [params: Readonly<Record<Names<Words[K]>, string | number>>]

export type Translate = <K extends Key>(key: K, ...params: Params<K>) => string

/** Keys whose text has no places: these may be chosen at run time. */
export type PlainKey = { [K in Key]: [Names<Words[K]>] extends [never] ? K : never }[Key]

export const placesOf = (text: string): readonly string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')

/**
 * Fills `{name}` places; a place without a value stays visible, so that the mistake is seen. `{name?page|pages}` is the word that
 * goes with that number: the first one with 1 alone.
 */
export const resolve = (text: string, params?: Readonly<Record<string, string | number | boolean>>): string =>
  text.replace(/\{(\w+)(?:\?([^|}]*)\|([^}]*))?\}/g, (place, name: string, one?: string, other?: string) =>
    one === undefined || other === undefined
      ? String(params?.[name] ?? place)
      : String(params?.[name]) === '1'
        ? one
        : other,
  )
