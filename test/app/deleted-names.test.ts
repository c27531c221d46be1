import { afterAll, beforeAll, expect, test } from 'bun:test'
import { type ClockedGateway, startClockedGateway } from '../support/clocked-gateway.ts'

let gateway: ClockedGateway
beforeAll(async () => {
  gateway = await startClockedGateway()
}, 240_000)
afterAll(() => gateway.stop())

const get = async (path: string) => (await gateway.call('GET', path)).json

test('who was deleted is told by name in the log and its figures as long as they can come back', async () => {
  const made = (await gateway.call('POST', '/v2/users', { name: 'Li Wei' })).json
  const key = (await gateway.call('POST', '/v2/keys', { name: 'the laptop' })).json
  expect((await gateway.ask('One.', made.api_key)).status).toBe(200)
  expect((await gateway.ask('Two.', key.key)).status).toBe(200)
  await gateway.pass(2_000)
  const names = async () => {
    const { logs } = await get('/v2/logs?limit=2&brief=true')
    const { top_users, top_keys, groups } = await get('/v2/logs/stats?group=user')
    const ofKeys = (top_keys as { id: string; name?: string }[]).find(({ id }) => id === key.id)
    return [logs[0].api_key_name, logs[1].user_name, top_users[0].name, groups[0].name, ofKeys?.name]
  }
  const known = ['the laptop', 'Li Wei', 'Li Wei', 'Li Wei', 'the laptop']
  expect(await names()).toEqual(known)
  await gateway.call('DELETE', `/v2/users/${logsUser(await get('/v2/logs?limit=2'))}`)
  await gateway.call('DELETE', `/v2/keys/${key.id}`)
  await gateway.pass(6_000)
  expect(await names()).toEqual(known)
  const { logs } = await get('/v2/logs/tail')
  expect(logs.map(({ user_name }: { user_name?: string }) => user_name)).toContain('Li Wei')
})

const logsUser = ({ logs }: { logs: readonly { user_id?: string }[] }): string =>
  logs.find(({ user_id }) => user_id !== undefined)?.user_id ?? ''
