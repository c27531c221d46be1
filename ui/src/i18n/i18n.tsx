import { translator } from '@solid-primitives/i18n'
import { type Accessor, createContext, createMemo, createSignal, type ParentProps, useContext } from 'solid-js'
import { type Language, saveLanguage } from '../lib/appearance.ts'
import { createFormat, type Format } from '../lib/format.ts'
import type { Dictionary, Key, Params, Translate } from './dictionary.ts'
import { resolve } from './dictionary.ts'

const loaders = {
  en: () => import('./en.ts').then((module) => module.en),
  'zh-CN': () => import('./zh-cn.ts').then((module) => module.zhCn),
} as const satisfies Record<Language, () => Promise<Dictionary>>

export const loadDictionary = (language: Language): Promise<Dictionary> => loaders[language]()

export type I18n = {
  readonly t: Translate
  readonly format: Accessor<Format>
  readonly language: Accessor<Language>
  /** Loads the language, then switches every text on the page without a reload. */
  readonly setLanguage: (language: Language) => Promise<void>
}

const I18nContext = createContext<I18n>()

export function I18nProvider(props: ParentProps<{ language: Language; dictionary: Dictionary }>) {
  // The two props are only the start; afterwards this provider owns the language.
  const [current, setCurrent] = createSignal({ language: props.language, dictionary: props.dictionary })
  const translate = translator(() => current().dictionary, resolve)
  const t = <K extends Key>(key: K, ...params: Params<K>): string =>
    (translate as (key: Key, params?: Readonly<Record<string, string | number>>) => string)(key, params[0])
  const format = createMemo(() => createFormat(current().language))
  const setLanguage = async (language: Language): Promise<void> => {
    const dictionary = await loadDictionary(language)
    saveLanguage(language)
    document.documentElement.lang = language
    setCurrent({ language, dictionary })
  }
  return (
    <I18nContext.Provider value={{ t, format, language: () => current().language, setLanguage }}>
      {props.children}
    </I18nContext.Provider>
  )
}

export function useI18n(): I18n {
  const i18n = useContext(I18nContext)
  if (!i18n) throw new Error('I18nProvider is missing')
  return i18n
}
