import { describe, expect, test } from 'bun:test'
import type { ModelInfo } from '../../server/conversation/model.ts'
import { adminApp } from './admin-app.ts'

const model = (id: string): ModelInfo => ({ id, name: id, maxInputTokens: 1, maxOutputTokens: 1, acceptsImages: true })
const route = '/v2/model-mappings'

async function setUp() {
  const app = await adminApp()
  app.world.offered = ['auto', 'claude-sonnet-4.5', 'claude-opus-4.5', 'claude-haiku-4.5'].map(model)
  await app.addKey('key_a', 'sk-of-a')
  const add = (body: object) => app.call('POST', route, body)
  return { ...app, add }
}

describe('mappings of model names', () => {
  test('are added, listed with what they lead to, and hold at once', async () => {
    const { call, add, world } = await setUp()
    const added = await add({ name: ' gpt-4o ', target: 'claude-sonnet-4-5' })
    expect(added.status).toBe(200)
    const { id } = added.json.mapping
    expect(id).toStartWith('map_')
    await add({ name: 'gpt-*', target: 'auto', key_id: 'key_a' })
    expect((await call('GET', route)).json).toEqual({
      mappings: [
        {
          id,
          name: 'gpt-4o',
          target: 'claude-sonnet-4-5',
          key_id: null,
          key_name: null,
          served_by: 'claude-sonnet-4.5',
          created_at: '2023-11-14T22:13:20.000Z',
          updated_at: '2023-11-14T22:13:20.000Z',
        },
        expect.objectContaining({ name: 'gpt-*', key_id: 'key_a', key_name: 'key_a', served_by: 'auto' }),
      ],
      total: 2,
    })
    expect(world.mappingsChanged).toBe(2)
    expect(world.logged.join()).toContain('info model-mapping.created')
  })

  test.each([
    [{ target: 'auto' }, 'name', 400],
    [{ name: 'x' }, 'target', 400],
    [{ name: 7, target: 'auto' }, 'name', 400],
    [{ name: ' ', target: 'auto' }, 'name', 400],
    [{ name: 'n'.repeat(201), target: 'auto' }, 'name', 400],
    [{ name: 'gpt-*-mini', target: 'auto' }, 'name', 400],
    [{ name: 'gpt-**', target: 'auto' }, 'name', 400],
    [{ name: 'gpt\u0000', target: 'auto' }, 'name', 400],
    [{ name: 'x', target: ' ' }, 'target', 400],
    [{ name: 'x', target: 't'.repeat(201) }, 'target', 400],
    [{ name: 'x', target: 'claude-*' }, 'target', 400],
    [{ name: 'x', target: 'glm-5' }, 'target', 400],
    [{ name: 'x', target: 'x' }, 'target', 400],
    [{ name: 'x', target: 'auto', key_id: 'key_gone' }, 'key_id', 400],
    [{ name: 'x', target: 'auto', key_id: 5 }, 'key_id', 400],
    [{ name: 'GPT-4o', target: 'auto' }, 'name', 409],
  ])('%j is refused and names %s', async (body, field, status) => {
    const { add, store } = await setUp()
    await add({ name: 'gpt-4o', target: 'auto' })
    const refused = await add(body)
    expect(refused).toMatchObject({ status, json: { field } })
    expect(await store.modelMappings.list()).toHaveLength(1)
  })

  test('an unknown target is answered with near names, what is there already with where it leads', async () => {
    const { add } = await setUp()
    expect((await add({ name: 'gpt-4o', target: 'claude-opus-9' })).json.error).toContain('claude-opus-4.5')
    await add({ name: 'gpt-4o', target: 'auto' })
    expect((await add({ name: 'gpt-4o', target: 'auto' })).json.error).toContain('gpt-4o to auto')
  })

  test('the same name may be mapped once for all keys and once for each', async () => {
    const { add } = await setUp()
    await add({ name: 'gpt-4o', target: 'auto' })
    expect((await add({ name: 'gpt-4o', target: 'claude-opus-4.5', key_id: 'key_a' })).status).toBe(200)
    expect((await add({ name: 'gpt-4o', target: 'claude-opus-4.5', key_id: 'key_a' })).status).toBe(409)
  })

  test('may lead on, but not in a circle', async () => {
    const { call, add } = await setUp()
    const b = (await add({ name: 'b', target: 'auto' })).json.mapping.id
    expect((await add({ name: 'a', target: 'b' })).json.mapping.served_by).toBe('auto')
    const refused = await call('PUT', `${route}/${b}`, { target: 'a' })
    expect(refused).toMatchObject({
      status: 400,
      json: { field: 'target', error: 'From a the mappings lead back to b.' },
    })
  })

  test('are changed member by member, and a key is taken off with null', async () => {
    const { call, add } = await setUp()
    const { id } = (await add({ name: 'gpt-4o', target: 'auto', key_id: 'key_a' })).json.mapping
    const put = async (body: object) => (await call('PUT', `${route}/${id}`, body)).json.mapping
    expect(await put({ target: 'claude-opus-4.5' })).toMatchObject({
      name: 'gpt-4o',
      key_id: 'key_a',
      served_by: 'claude-opus-4.5',
    })
    expect(await put({ name: 'gpt-4*' })).toMatchObject({ name: 'gpt-4*', target: 'claude-opus-4.5' })
    expect(await put({ key_id: null })).toMatchObject({ key_id: null, key_name: null })
    expect((await call('PUT', `${route}/${id}`, {})).status).toBe(400)
    expect((await call('PUT', `${route}/map_gone`, { name: 'x' })).status).toBe(404)
  })

  test('are removed, once', async () => {
    const { call, add, world } = await setUp()
    const { id } = (await add({ name: 'gpt-4o', target: 'auto' })).json.mapping
    expect((await call('DELETE', `${route}/${id}`)).status).toBe(200)
    expect((await call('DELETE', `${route}/${id}`)).status).toBe(404)
    expect((await call('GET', route)).json.total).toBe(0)
    expect(world.mappingsChanged).toBe(2)
  })

  test('say so when their target is no longer offered', async () => {
    const { call, add, world } = await setUp()
    await add({ name: 'gpt-4o', target: 'auto' })
    world.offered = [model('claude-sonnet-4.5')]
    expect((await call('GET', route)).json.mappings[0].served_by).toBeNull()
  })

  test('are taken as they are while no list is known', async () => {
    const { add, world } = await setUp()
    world.offered = []
    expect((await add({ name: 'gpt-4o', target: 'claude-sonnet-9' })).json.mapping).toMatchObject({ served_by: null })
  })

  test('need a sign-in', async () => {
    const { ask } = await setUp()
    expect((await ask('GET', route)).status).toBe(401)
    expect((await ask('POST', route, { body: { name: 'a', target: 'auto' } })).status).toBe(401)
  })
})

describe('forceModel', () => {
  test('must lead to a model, and has an effect', async () => {
    const { call } = await setUp()
    const refused = await call('PUT', '/v2/settings', { forceModelEnabled: true, forceModel: 'claude-opus-9' })
    expect(refused).toMatchObject({ status: 400, json: { field: 'forceModel' } })
    const saved = await call('PUT', '/v2/settings', { forceModelEnabled: true, forceModel: 'claude-opus-4-5-20251101' })
    expect(saved.json).toMatchObject({ forceModelEnabled: true, forceModel: 'claude-opus-4-5-20251101', warnings: [] })
    expect(saved.json.withoutEffect).not.toContain('forceModel')
    expect(saved.json.withoutEffect).not.toContain('forceModelEnabled')
  })

  test('that has gone meanwhile does not stop the whole answer from being sent back', async () => {
    const { call, world } = await setUp()
    await call('PUT', '/v2/settings', { forceModel: 'auto' })
    world.offered = [model('claude-sonnet-4.5')]
    const shown = (await call('GET', '/v2/settings')).json
    expect((await call('PUT', '/v2/settings', shown)).status).toBe(200)
    expect((await call('PUT', '/v2/settings', { forceModel: '' })).status).toBe(200)
  })
})
