import { expect, test } from 'bun:test'
import { createAdmission } from '../../server/access/admit.ts'
import { adminApp } from './admin-app.ts'

const hourMs = 3_600_000

/** The admin API, and who its keys let in. */
async function rotationApp() {
  const app = await adminApp()
  const admission = createAdmission({ ...app.store, after: () => () => {}, now: () => app.clock.now })
  const letsIn = async (key: string): Promise<boolean | string> => {
    const admitted = await admission.admit({ xApiKey: key })
    return admitted.ok || admitted.error.message
  }
  const { id, key: first } = (await app.call('POST', '/v2/keys', { name: 'laptop' })).json
  const rotate = async (grace_seconds?: number) => {
    const body = grace_seconds === undefined ? undefined : { grace_seconds }
    const { key } = (await app.call('POST', `/v2/keys/${id}/regenerate`, body)).json
    admission.invalidate()
    return key as string
  }
  return { ...app, admission, letsIn, rotate, id, first }
}

test('without a grace the old string ends at once', async () => {
  const { letsIn, rotate, first, call, id } = await rotationApp()
  const second = await rotate()
  expect([await letsIn(first), await letsIn(second)]).toEqual(['This API key is not known.', true])
  expect((await call('GET', `/v2/keys/${id}`)).json.previous_until).toBeNull()
})

test('with a grace both open until it has passed, remembered or not', async () => {
  const { letsIn, rotate, first, clock } = await rotationApp()
  const second = await rotate(3_600)
  expect([await letsIn(first), await letsIn(second)]).toEqual([true, true])
  clock.now += hourMs - 1
  expect(await letsIn(first)).toBe(true)
  clock.now += 1
  expect([await letsIn(first), await letsIn(second)]).toEqual([
    'This API key was replaced by a new one and has ended.',
    true,
  ])
})

test('of three strings the last two open, and the middle one can be ended ahead of its time', async () => {
  const { letsIn, rotate, first, call, id, admission } = await rotationApp()
  const second = await rotate(3_600)
  const third = await rotate(86_400)
  expect([await letsIn(first), await letsIn(second), await letsIn(third)]).toEqual([
    'This API key is not known.',
    true,
    true,
  ])
  const ended = await call('DELETE', `/v2/keys/${id}/previous`)
  admission.invalidate()
  expect(ended.json).toMatchObject({ id, previous_until: null })
  expect([await letsIn(second), await letsIn(third)]).toEqual(['This API key is not known.', true])
})

test('a key comes back from deletion with both its strings', async () => {
  const { letsIn, rotate, first, call, id, admission } = await rotationApp()
  const second = await rotate(3_600)
  await call('DELETE', `/v2/keys/${id}`)
  admission.invalidate()
  expect(await letsIn(first)).not.toBe(true)
  await call('POST', `/v2/keys/${id}/restore`)
  admission.invalidate()
  expect([await letsIn(first), await letsIn(second)]).toEqual([true, true])
})

test('the owner’s key can be set back to the string it had before', async () => {
  const { call, store } = await adminApp()
  const first = 'sk-the-key-of-the-settings-0001'
  await call('PUT', '/v2/settings', { apiKey: first })
  const { id } = (await call('GET', '/v2/keys')).json.keys[0]
  await call('POST', `/v2/keys/${id}/regenerate`, { grace_seconds: 60 })
  expect((await call('PUT', '/v2/settings', { apiKey: first })).status).toBe(200)
  expect((await store.keys.list()).map(({ last4, previousHash }) => [last4, previousHash])).toEqual([
    ['0001', undefined],
  ])
})

test.each([[{ grace_seconds: -1 }], [{ grace_seconds: 604_801 }], [{ grace_seconds: '1h' }]])(
  'a grace of %j is refused by name',
  async (body) => {
    const { call, id } = await rotationApp()
    const answer = await call('POST', `/v2/keys/${id}/regenerate`, body)
    expect([answer.status, answer.json.field]).toEqual([400, 'grace_seconds'])
  },
)
