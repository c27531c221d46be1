import type { Words } from './parts.ts'

export type Key = keyof Words
export type Dictionary = Readonly<Record<Key, string>>

/** The `{names}` inside a text. */
type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never

/** No argument for a plain text, exactly its names for one with places. */
export type Params<K extends Key> = [Names<Words[K]>] extends [never]
  ? []
  : [params: Readonly<Record<Names<Words[K]>, string | number>>]

export type Translate = <K extends Key>(key: K, ...params: Params<K>) => string

/** Keys whose text has no places: these may be chosen at run time. */
export type PlainKey = { [K in Key]: [Names<Words[K]>] extends [never] ? K : never }[Key]

export const placesOf = (text: string): readonly string[] =>
  [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')

/** Fills `{name}` places; a place without a value stays visible, so that the mistake is seen. */
export const resolve = (text: string, params?: Readonly<Record<string, string | number | boolean>>): string =>
  text.replace(/\{(\w+)\}/g, (place, name: string) => String(params?.[name] ?? place))
