import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { placesOf, resolve } from '../../ui/src/i18n/dictionary.ts'
import { en } from '../../ui/src/i18n/en.ts'
import { zhCn } from '../../ui/src/i18n/zh-cn.ts'

const keys = Object.keys(en) as (keyof typeof en)[]

test('both languages have the same keys', () => {
  expect(Object.keys(zhCn).toSorted()).toEqual(keys.toSorted())
})

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
  ])
})

test('every text is used, and none is written into a component', () => {
  const root = path.join(import.meta.dir, '../../ui/src')
  const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.startsWith('i18n/'))
    .map((file) => readFileSync(path.join(root, file), 'utf8'))
  const text = sources.join('\n')
  // Keys put together at run time: t(`theme.${name}`) and the like.
  const built = [...text.matchAll(/`([\w.]+\.)\$\{/g)].map((match) => match[1] ?? '')
  const unused = keys.filter((key) => !text.includes(`'${key}'`) && !built.some((start) => key.startsWith(start)))
  expect(unused).toEqual([])
  const literal = sources.flatMap(
    (source) => source.match(/(?:aria-label|title|placeholder|alt)="[^"]*[A-Za-z]{2}[^"]*"/g) ?? [],
  )
  expect(literal).toEqual([])
})

test('a place is filled, and stays visible when there is nothing to fill it with', () => {
  expect(resolve('{a} of {b}', { a: 1, b: 'two' })).toBe('1 of two')
  expect(resolve('{a} of {b}', { a: 0 })).toBe('0 of {b}')
  expect(resolve('{constructor}')).toBe('{constructor}')
})
