import { type Dictionary, type Key, resolve, type Translate } from '../../ui/src/i18n/dictionary.ts'
import { type Area, loadParts, parts, type Words } from '../../ui/src/i18n/parts.ts'
import type { Language } from '../../ui/src/lib/appearance.ts'
import { createFormat, type Format } from '../../ui/src/lib/format.ts'

export const areas = Object.keys(parts) as readonly Area[]

/** Every word of the console, as no page ever loads them: all areas at once. */
export const en = (await loadParts('en', areas)) as Words
export const zhCn = (await loadParts('zh-CN', areas)) as Dictionary

/** What a page says, with its places filled, in a browser of that language. */
export const sayIn = (locale: string): Translate => {
  const words = locale.startsWith('zh') ? zhCn : en
  // As in the browser: nothing for a word that is not there.
  return (key, ...[params]) => words[key] && resolve(words[key], params)
}

export const keys = Object.keys(en) as readonly Key[]

/** Numbers, dates and times as a page writes them. */
export const formatIn = (language: Language): Format =>
  createFormat(language, () => (language === 'en' ? en : zhCn)['common.justNow'])
