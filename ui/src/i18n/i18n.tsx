import { translator } from '@solid-primitives/i18n'
import {
  type Accessor,
  batch,
  type Component,
  createContext,
  createMemo,
  createRoot,
  createSignal,
  lazy,
  type ParentProps,
  useContext,
} from 'solid-js'
import { createStore } from 'solid-js/store'
import { type Language, saveLanguage } from '../lib/appearance.ts'
import { createFormat, type Format } from '../lib/format.ts'
import { type Later, later } from '../lib/later.tsx'
import type { Key, Params, Translate } from './dictionary.ts'
import { resolve } from './dictionary.ts'
import { type Area, loadParts } from './parts.ts'

export type I18n = {
  readonly t: Translate
  readonly format: Accessor<Format>
  readonly language: Accessor<Language>
  /** Loads the language, then switches every text on the page without a reload. */
  readonly setLanguage: (language: Language) => Promise<void>
  /** The words of more areas, in whatever language is spoken when they arrive. */
  readonly load: (areas: readonly Area[]) => Promise<void>
}

/** Speaks `start`; the words every page needs are on their way, and there before any others. */
export function createI18n(start: Language): I18n {
  const loaded = new Set<Area>()
  const [language, speak] = createSignal(start)
  // Word by word: those that come later change nothing for who shows others, and nothing that is made of a text is made anew.
  const [dictionary, setDictionary] = createStore<Record<string, string>>({})
  const translate = translator(() => dictionary, resolve)
  const t = <K extends Key>(key: K, ...params: Params<K>): string =>
    (translate as (key: Key, params?: Readonly<Record<string, string | number>>) => string)(key, params[0])
  const format = createRoot(() => createMemo(() => createFormat(language(), () => t('common.justNow'))))

  const load = async (areas: readonly Area[]): Promise<void> => {
    const missing = (['base', ...areas] as const).filter((area) => !loaded.has(area))
    if (missing.length === 0) return
    const spoken = language()
    const more = await loadParts(spoken, missing)
    if (spoken !== language()) return load(areas)
    for (const area of missing) loaded.add(area)
    setDictionary(more)
  }
  const setLanguage = async (next: Language): Promise<void> => {
    const count = loaded.size
    const translated = await loadParts(next, loaded)
    if (count !== loaded.size) return setLanguage(next)
    saveLanguage(next)
    document.documentElement.lang = next
    batch(() => {
      speak(next)
      setDictionary(translated)
    })
  }
  // Whoever cannot do without them asks again.
  void load([]).catch(() => undefined)
  return { t, format, language, setLanguage, load }
}

/** A page or part whose code and words are fetched together when it is first shown. */
export const lazyWith = <Props extends object = object>(
  i18n: I18n,
  areas: readonly Area[],
  load: () => Promise<{ default: Component<Props> }>,
): Component<Props> =>
  lazy(async () => {
    const [module] = await Promise.all([load(), i18n.load(areas)])
    return module
  })

/** The same for what a page shows later: asked for again until it comes. */
export const laterWith = <Props extends object = object>(
  i18n: I18n,
  areas: readonly Area[],
  load: () => Promise<{ default: Component<Props> }>,
): Later<Props> =>
  later(async () => {
    const [module] = await Promise.all([load(), i18n.load(areas)])
    return module
  })

const I18nContext = createContext<I18n>()

export function I18nProvider(props: ParentProps<{ i18n: I18n }>) {
  return <I18nContext.Provider value={props.i18n}>{props.children}</I18nContext.Provider>
}

export function useI18n(): I18n {
  const i18n = useContext(I18nContext)
  if (!i18n) throw new Error('I18nProvider is missing')
  return i18n
}
