import { expect, test } from 'bun:test'
import type { SettingField } from '../../server/admin/contract/settings.ts'
import { needOf, openRoutes } from '../../server/admin/permissions.ts'
import { settingsTable } from '../../server/admin/settings-table.ts'
import { resolveConfig } from '../../server/config/resolve.ts'
import { configRows } from '../../server/config/rows.ts'
import { ok } from '../../server/lib/result.ts'
import { knownAction, settingTitle, subjectOf } from '../../ui/src/features/settings/audit-words.ts'
import { sectionOfStart, settingNames, startKeys } from '../../ui/src/features/settings/registry.ts'
import {
  amount,
  conflictsOf,
  faultOf,
  shownAmount,
  updateOf,
  withEdit,
} from '../../ui/src/features/settings/settings-draft.ts'
import { adminApp } from '../admin/admin-app.ts'
import { en, sayIn } from '../support/words.ts'

const field = (more: Partial<SettingField>): SettingField => ({
  ...{ name: 'x', type: 'integer', initial: 7, changed: false, takesEffect: true },
  ...more,
})

test('every setting of the server has its place and its words', () => {
  expect<readonly string[]>(settingNames.toSorted()).toEqual(settingsTable.map(({ json }) => json).toSorted())
  const words = en as Readonly<Record<string, string>>
  for (const name of settingNames) {
    expect([name, words[`settings.field.${name}`], words[`settings.help.${name}`]]).toEqual([
      ...[name, expect.any(String), expect.any(String)],
    ])
  }
})

test('everything that the audit log holds has its words', async () => {
  const { routes } = await adminApp()
  const written = routes.filter(({ method, path }) => needOf(method, path).audited && !openRoutes.has(path))
  const own = ['POST /api/login', 'POST /api/logout', 'POST /api/hand-over/open']
  const actions = [...own, ...written.map(({ method, path }) => `${method} ${path.replace(/(?<=.)\/$/, '')}`)]
  expect(actions.length).toBeGreaterThan(80)
  const words = en as Readonly<Record<string, string>>
  const speechless = (action: string): boolean => words[`audit.do.${knownAction(action)}`] === undefined
  expect(actions.filter(speechless)).toEqual([])
  expect(knownAction('POST /v3/new-thing')).toBeUndefined()
})

test('an entry names what it is about: what was made, what is gone, or the settings that differ', () => {
  const subject = (action: string, before: unknown, after: unknown) =>
    subjectOf({ action, before, after }, (names) => names.map((name) => settingTitle(name, sayIn('en'))).join(' + '))
  expect(subject('POST /v2/users', null, { id: 'usr_1', name: 'Li Wei' })).toBe('Li Wei')
  expect(subject('DELETE /v2/accounts/:id', { label: 'team-01' }, null)).toBe('team-01')
  expect(subject('PATCH /v2/keys/:id', { enabled: true }, { enabled: false })).toBeUndefined()
  expect(subject('PUT /v2/settings', { debugLog: false }, { debugLog: true, maxErrorCount: 3 })).toBe(
    'Debug log + Take an account out after',
  )
  expect(subject('POST /v2/jobs/:id/cancel', null, 'gone')).toBeUndefined()
})

test('every value the server is started with has its words', () => {
  const resolved = resolveConfig([], {}, () => ok(undefined), '/tmp')
  if (!resolved.ok) throw new Error(resolved.error.message)
  const keys = configRows(resolved.value).map(({ key }) => key)
  expect(keys.filter((key) => !startKeys.some((known) => known === key))).toEqual([])
  expect(sectionOfStart('server.port')).toBe('network')
  expect(sectionOfStart('vault.master_key_file')).toBe('advanced')
})

test.each<[Partial<SettingField>, number | string, string | undefined]>([
  [{ minimum: 1, maximum: 10 }, 5, undefined],
  [{ minimum: 1, maximum: 10 }, 0, 'range'],
  [{ minimum: 1, maximum: 10 }, 11, 'range'],
  [{}, 1.5, 'whole'],
  [{}, 'seven', 'whole'],
  [{ type: 'text', longest: 3 }, 'four', 'long'],
  [{ type: 'text', longest: 4 }, 'four', undefined],
  [{ type: 'prices' }, '{', 'json'],
  [{ type: 'prices' }, '{"a": [1, 2]}', undefined],
  [{ type: 'webhook' }, 'hooks.example', 'url'],
  [{ type: 'webhook' }, 'https://hooks.example/••••abcd', undefined],
  [{ type: 'secret' }, 'short', 'secret'],
  [{ type: 'secret' }, '', undefined],
])('%j takes %p: %s', (more, value, kind) => {
  expect<string | undefined>(faultOf(field(more), value)?.kind).toBe(kind)
})

test('an amount is read in its unit, and what is none stays as it was typed', () => {
  expect([amount('12'), amount(' 1.5 ', 1_000_000), amount('1,5', 1_000_000), amount('1x')]).toEqual([
    ...[12, 1_500_000, 1_500_000, '1x'],
  ])
  expect([shownAmount(1_500_000, 1_000_000), shownAmount('1x')]).toEqual(['1.5', '1x'])
})

test('an edit that is as it is anyway is none, and one to the default takes the setting back', () => {
  const base = { a: 1, b: true, list: ['x'] }
  const edits = withEdit(withEdit({}, base, 'a', 7), base, 'b', false)
  expect(edits).toEqual({ a: 7, b: false })
  expect(withEdit(edits, base, 'a', 1)).toEqual({ b: false })
  expect(withEdit({}, base, 'list', ['x'])).toEqual({})
  expect<object>(
    updateOf(edits, [field({ name: 'a', initial: 7 }), field({ name: 'b', type: 'boolean', initial: true })]),
  ).toEqual({
    b: false,
    reset: ['a'],
  })
})

test('what others set meanwhile is a conflict only where both changed the same, to different values', () => {
  const base = { a: 1, b: 2, c: 3, d: 4 }
  const now = { a: 9, b: 2, c: 8, d: 7 }
  expect(conflictsOf({ a: 5, b: 6, d: 7 }, base, now)).toEqual([{ name: 'a', mine: 5, theirs: 9 }])
})
