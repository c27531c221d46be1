import { applyTheme, savedLanguage, savedTheme } from './lib/appearance.ts'

document.documentElement.lang = savedLanguage()
applyTheme(savedTheme())
