/** How the console looks in this browser. The only thing the console keeps in local storage. */
export const languages = ['en', 'zh-CN'] as const
export type Language = (typeof languages)[number]
/** Each language in its own words, in every language. */
export const languageNames = { en: 'English', 'zh-CN': '简体中文' } as const satisfies Record<Language, string>

export const themes = ['system', 'light', 'dark'] as const
export type Theme = (typeof themes)[number]

const languageKey = 'console.language'
const themeKey = 'console.theme'

/** The saved choice, else the first preferred language we have: any `zh*` is zh-CN, any `en*` is en, else en. */
export function chooseLanguage(saved: string | null, preferred: readonly string[]): Language {
  const known = languages.find((language) => language === saved)
  if (known) return known
  for (const tag of preferred) {
    const primary = tag.toLowerCase().split('-')[0]
    if (primary === 'zh') return 'zh-CN'
    if (primary === 'en') return 'en'
  }
  return 'en'
}

export function chooseTheme(saved: string | null): Theme {
  return themes.find((theme) => theme === saved) ?? 'system'
}

export function resolveTheme(theme: Theme, systemIsDark: boolean): 'light' | 'dark' {
  if (theme === 'system') return systemIsDark ? 'dark' : 'light'
  return theme
}

/** Storage may be refused (private windows): then the choice lasts for the page. */
function read(key: string): string | null {
  try {
    return localStorage.getItem(key)
  } catch {
    return null
  }
}

function write(key: string, value: string): void {
  try {
    localStorage.setItem(key, value)
  } catch {
    // nothing to do: the choice still holds for this page
  }
}

export const savedLanguage = (): Language => chooseLanguage(read(languageKey), navigator.languages)
export const savedTheme = (): Theme => chooseTheme(read(themeKey))
export const saveLanguage = (language: Language): void => write(languageKey, language)
export const saveTheme = (theme: Theme): void => write(themeKey, theme)

const announcementKey = 'announcement'
export const isDismissed = (text: string): boolean => read(announcementKey) === text
export const dismissAnnouncement = (text: string): void => write(announcementKey, text)

const keysKey = 'console.keys'
/** Whether single letters are shortcuts. */
export const areKeysOn = (): boolean => read(keysKey) !== 'off'
export const saveKeysOn = (on: boolean): void => write(keysKey, on ? 'on' : 'off')

const narrowKey = 'console.narrow'
/** Whether the navigation shows icons only. */
export const isNarrow = (): boolean => read(narrowKey) === 'yes'
export const saveNarrow = (narrow: boolean): void => write(narrowKey, narrow ? 'yes' : 'no')

const recentKey = 'console.recent'
const mostRecent = 8
/** What was chosen in the palette, by id, newest first: no text, no secret. */
export const recentChoices = (): readonly string[] => (read(recentKey) ?? '').split(' ').filter((id) => id !== '')
export const noteChoice = (id: string): void =>
  write(recentKey, [id, ...recentChoices().filter((other) => other !== id)].slice(0, mostRecent).join(' '))

const dismissedKey = 'console.dismissed'
/** Ids of notes that were closed: no text, no secret. */
export const dismissedNotes = (): readonly string[] => (read(dismissedKey) ?? '').split(' ').filter((id) => id !== '')
export const saveDismissedNotes = (ids: readonly string[]): void => write(dismissedKey, ids.join(' '))

const darkQuery = '(prefers-color-scheme: dark)'

export function applyTheme(theme: Theme): void {
  document.documentElement.dataset.theme = resolveTheme(theme, matchMedia(darkQuery).matches)
}

/** Calls back whenever the system switches between light and dark; returns the way to stop. */
export function onSystemTheme(change: () => void): () => void {
  const query = matchMedia(darkQuery)
  query.addEventListener('change', change)
  return () => query.removeEventListener('change', change)
}
