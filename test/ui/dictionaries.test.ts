import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { placesOf, resolve } from '../../ui/src/i18n/dictionary.ts'
import { type Area, loadParts } from '../../ui/src/i18n/parts.ts'
import { areas, en, keys, zhCn } from '../support/words.ts'

const root = path.join(import.meta.dir, '../../ui/src')

test('both languages have the same keys', () => {
  expect(Object.keys(zhCn).toSorted()).toEqual(keys.toSorted())
})

test('no word stands in two areas', async () => {
  const owners = new Map<string, Area[]>()
  for (const area of areas)
    for (const key of Object.keys(await loadParts('en', [area]))) owners.set(key, [...(owners.get(key) ?? []), area])
  expect([...owners].filter(([, owning]) => owning.length > 1)).toEqual([])
})

test('every page loads the areas whose words its code says, and no others', async () => {
  const routes = readFileSync(path.join(root, 'routes.tsx'), 'utf8')
  // The words of refusals come with the first one (`beforeRefusals`).
  const base = Object.keys(await loadParts('en', ['base', 'refusals']))
  const pages = [...routes.matchAll(/(?:page\(\[([^\]]*)\], |lazy\()\(\) => import\('\.\/(pages\/[\w-]+\.tsx)'\)/g)]
  expect(pages.length).toBeGreaterThan(8)
  for (const [, list = '', file = ''] of pages) {
    const named = [...list.matchAll(/'(\w+)'/g)].map((match) => match[1] as Area)
    const words = new Map<Area, string[]>()
    for (const area of named) words.set(area, Object.keys(await loadParts('en', [area])))
    const said = wordsSaid(path.join(root, file))
    const known = new Set([...base, ...[...words.values()].flat()])
    expect([file, said.filter((key) => !known.has(key))]).toEqual([file, []])
    const idle = [...words].filter(([, area]) => !area.some((key) => said.includes(key as (typeof said)[number])))
    expect([file, idle.map(([area]) => area)]).toEqual([file, []])
  }
})

/** The words in a module and in all it imports. Parts of their own (`lazyWith`, `laterWith`) load their areas themselves. */
function wordsSaid(entry: string) {
  const seen = new Set<string>()
  const said = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file) || file.includes('/i18n/') || !file.startsWith(root)) return
    seen.add(file)
    const text = readFileSync(file, 'utf8')
    for (const [, literal = ''] of text.matchAll(/'([\w.-]+)'/g)) said.add(literal)
    for (const [, start = ''] of text.matchAll(/`([\w.]+\.)\$\{/g))
      for (const key of keys) if (key.startsWith(start)) said.add(key)
    const parts = new Set(
      [...text.matchAll(/(?:lazy|later)With\([^;]*?import\('([^']+)'\)/gs)].map((match) => match[1]),
    )
    for (const [, imported = ''] of text.matchAll(/(?:from |import\(|import )'(\.[^']+\.tsx?)'/g))
      if (!parts.has(imported)) visit(path.join(path.dirname(file), imported))
  }
  visit(entry)
  return keys.filter((key) => said.has(key))
}

test('each text has the same places in both languages', () => {
  const different = keys.filter((key) => placesOf(en[key]).toSorted().join() !== placesOf(zhCn[key]).toSorted().join())
  expect(different).toEqual([])
})

test('no text is empty, and every Chinese text differs from the English unless it is a name', () => {
  expect(keys.filter((key) => en[key].trim() === '' || zhCn[key].trim() === '')).toEqual([])
  const same = keys.filter((key) => en[key] === zhCn[key])
  expect(same).toEqual([
    'accounts.quotaText',
    'method.builder-id',
    'method.identity-center',
    'device.builderId',
    'device.identityCenter',
    'import.form.kiro-account-manager',
    'import.form.kiro-token',
    'import.form.json-lines',
    'settings.unit.mib',
  ])
})

/** All code but the dictionaries, without its comments. */
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('i18n/parts/'))
  .sort()
  .map((file) => ({
    file,
    source: readFileSync(path.join(root, file), 'utf8').replace(/\/\*.*?\*\/|(?<=^|\s)\/\/[^\n]*/gs, ''),
  }))

test('every text is used', () => {
  const text = sources.map(({ source }) => source).join('\n')
  // Keys put together at run time: t(`theme.${name}`) and the like.
  const built = [...text.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? '')
  const said = new Set([...text.matchAll(/'([\w.-]+)'/g)].map((match) => match[1]))
  const unused = keys.filter((key) => !said.has(key) && !built.some((start) => key.startsWith(start)))
  expect(unused).toEqual([])
})

test('no text is written into the code: not into markup, not as a sentence, and nothing Chinese at all', () => {
  const found = (pattern: RegExp, ending = /\.tsx?$/): readonly string[] =>
    sources
      .filter(({ file }) => ending.test(file))
      .flatMap(({ file, source }) => [...source.matchAll(pattern)].map((match) => `${file}: ${match[1]}`))
  const named =
    /\b(?:aria-label|aria-description|title|placeholder|alt|label|heading|text|help)="([^"]*\p{L}{2}[^"]*)"/gu
  expect(found(named)).toEqual([])
  expect(found(/[>}]([^<>{}()=;,'`]*\p{L}{2}[^<>{}()=;,'`]*)<\//gu, /\.tsx$/)).toEqual([
    // What stands on the key.
    'features/shell/palette.tsx: Esc',
  ])
  expect(found(/['"`](\p{Lu}\p{Ll}+ \p{Ll}[^'"`]*)['"`]/gu)).toEqual([
    // For logs: an error without an answer has a text of ours by its code.
    'api/client.ts: The server cannot be reached.',
    'api/public.ts: The server cannot be reached.',
    // What that program itself calls its field.
    'features/integrations/editor-clients.ts: Custom model',
  ])
  expect(new Set(found(/(\p{Script=Han})/gu))).toEqual(
    new Set([
      // What is typed for a thousand, ten thousand and a hundred million, in either script.
      ...[...'千万萬亿億'].map((unit) => `features/users/amount.ts: ${unit}`),
      // The language by its own name.
      ...[...'简体中文'].map((sign) => `lib/appearance.ts: ${sign}`),
    ]),
  )
})

test('a place is filled, and stays visible when there is nothing to fill it with', () => {
  expect(resolve('{a} of {b}', { a: 1, b: 'two' })).toBe('1 of two')
  expect(resolve('{a} of {b}', { a: 0 })).toBe('0 of {b}')
  expect(resolve('{constructor}')).toBe('{constructor}')
  const copies = '{count} {count?copy|copies} on {place}'
  expect(resolve(copies, { count: '1', place: 'disk' })).toBe('1 copy on disk')
  expect(resolve(copies, { count: 2, place: 'disk' })).toBe('2 copies on disk')
  expect(resolve(copies, { count: '1,001', place: 'disk' })).toBe('1,001 copies on disk')
})
