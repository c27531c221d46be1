import { expect, test } from 'bun:test'
import type { SettingField } from '../../server/admin/contract/settings.ts'
import { settingsTable } from '../../server/admin/settings-table.ts'
import { adminApp } from './admin-app.ts'

const startedWith = () => [
  { key: 'server.port', value: '62311', from: 'env' as const, where: 'PORT' },
  { key: 'log.level', value: 'info', from: 'default' as const },
]

async function fieldsOf({ call }: Awaited<ReturnType<typeof adminApp>>) {
  const { json } = await call('GET', '/v2/settings/fields')
  return new Map((json.fields as readonly SettingField[]).map((field) => [field.name, field]))
}

test('every setting says what it may be and what it is at first, and the start says where its values came from', async () => {
  const app = await adminApp({ deps: { startedWith, configured: { max_error_count: '12' } } })
  const fields = await fieldsOf(app)
  expect([...fields.keys()]).toEqual(settingsTable.map(({ json }) => json))
  expect(fields.get('quotaRefreshInterval')).toEqual({
    ...{ name: 'quotaRefreshInterval', type: 'integer', initial: 120, changed: false, takesEffect: true },
    ...{ minimum: 60, maximum: 600 },
  })
  // What the configuration says is what it is at first.
  expect(fields.get('maxErrorCount')?.initial).toBe(12)
  expect(fields.get('accountSelectionMode')?.choices).toContain('least_loaded')
  const { json } = await app.call('GET', '/v2/settings/fields')
  expect(json.start).toEqual([
    { key: 'server.port', value: '62311', from: 'env', where: 'PORT' },
    { key: 'log.level', value: 'info', from: 'default', where: null },
  ])
})

test('what differs from the default is changed, and goes back to it by name', async () => {
  const app = await adminApp({ deps: { configured: { max_error_count: '12' } } })
  const changed = async () =>
    [...(await fieldsOf(app)).values()].flatMap((field) => (field.changed ? [field.name] : []))
  await app.call('PUT', '/v2/settings', {
    ...{ maxErrorCount: 5, logRetentionDays: 7, timezone: 'Asia/Shanghai' },
    ...{ alertWebhookSecret: 'a secret of the webhook', blockedIPs: ['203.0.113.9'] },
  })
  // Set to what it is anyway: nothing was changed.
  expect(await changed()).toEqual(['blockedIPs', 'maxErrorCount', 'alertWebhookSecret', 'timezone'])
  const reset = ['maxErrorCount', 'alertWebhookSecret', 'blockedIPs']
  const answer = await app.call('PUT', '/v2/settings', { reset, logRetentionDays: 30 })
  expect(answer.json).toMatchObject({ maxErrorCount: 12, alertWebhookSecret: '', blockedIPs: [], logRetentionDays: 30 })
  expect(await changed()).toEqual(['logRetentionDays', 'timezone'])
  expect((await app.store.settings.all()).max_error_count).toBeUndefined()
  expect(app.world.applied.at(-1)).toEqual({ max_error_count: null, log_retention_days: '30' })
})

test.each([
  [{ reset: ['maxErrorCuont'] }, 'is not a setting'],
  [{ reset: ['maxErrorCount'], maxErrorCount: 3 }, 'is given a value too'],
])('%j is refused and writes nothing', async (body, words) => {
  const { call, store } = await adminApp()
  const before = await store.settings.all()
  const answer = await call('PUT', '/v2/settings', { ...body, logRetentionDays: 3 })
  expect([answer.status, answer.json.field]).toEqual([400, 'reset'])
  expect(answer.json.error).toContain(words)
  expect(await store.settings.all()).toEqual(before)
})

test('alerts that are on keep their receiver', async () => {
  const { call } = await adminApp()
  const alertWebhookUrl = 'https://hooks.example/x'
  await call('PUT', '/v2/settings', {
    alertsEnabled: true,
    alertWebhookUrl,
    alertWebhookSecret: 'a secret of the hook',
  })
  const answer = await call('PUT', '/v2/settings', { reset: ['alertWebhookUrl'] })
  expect([answer.status, answer.json.field]).toEqual([400, 'alertWebhookUrl'])
  expect((await call('PUT', '/v2/settings', { reset: ['alertsEnabled', 'alertWebhookUrl'] })).status).toBe(200)
})
