import type { Dictionary, Key } from '../../ui/src/i18n/dictionary.ts'
import { type Area, loadParts, parts, type Words } from '../../ui/src/i18n/parts.ts'

export const areas = Object.keys(parts) as readonly Area[]

/** Every word of the console, as no page ever loads them: all areas at once. */
export const en = (await loadParts('en', areas)) as Words
export const zhCn = (await loadParts('zh-CN', areas)) as Dictionary

export const keys = Object.keys(en) as readonly Key[]
