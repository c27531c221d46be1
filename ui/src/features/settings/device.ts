import type { Translate } from '../../i18n/dictionary.ts'

const browsers: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/\bEdgA?\/([\d]+)/, 'Edge'],
  [/\bOPR\/([\d]+)/, 'Opera'],
  [/\bFirefox\/([\d]+)/, 'Firefox'],
  [/\b(?:Headless)?Chrome\/([\d]+)/, 'Chrome'],
  [/\bVersion\/([\d]+).* Safari\//, 'Safari'],
  [/^curl\/([\d.]+)/, 'curl'],
]
const systems: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/Windows NT/, 'Windows'],
  [/iPhone|iPad/, 'iOS'],
  [/Android/, 'Android'],
  [/Mac OS X/, 'macOS'],
  [/CrOS/, 'ChromeOS'],
  [/Linux/, 'Linux'],
]

/** "Firefox 140, Linux" of what a browser says of itself; undefined: it says nothing that is known. */
export function deviceName(userAgent: string): string | undefined {
  const browser = browsers.flatMap(([pattern, name]) => {
    const found = pattern.exec(userAgent)
    return found ? [`${name} ${found[1]}`] : []
  })[0]
  const system = systems.find(([pattern]) => pattern.test(userAgent))?.[1]
  return [browser, system].filter(Boolean).join(', ') || undefined
}

/** Whose a device or a token is: the owner has no name of its own. */
export const personText = (name: string, t: Translate): string => (name === 'owner' ? t('role.owner') : name)
