import { describe, expect, test } from 'bun:test'
import { Value } from '@sinclair/typebox/value'
import { responses } from '../../server/admin/openapi/responses.ts'
import { adminApp } from './admin-app.ts'

type App = Awaited<ReturnType<typeof adminApp>>
type Row = { readonly id: string }

const lists = [
  [
    'accounts',
    (app: App, name: string) => app.call('POST', '/v2/accounts', { label: name, ...clientOf(name) }),
    'label',
  ],
  ['users', (app: App, name: string) => app.call('POST', '/v2/users', { name }), 'name'],
  ['keys', (app: App, name: string) => app.call('POST', '/v2/keys', { name }), 'name'],
] as const
const clientOf = (name: string) => ({ clientId: `client-${name}`, clientSecret: `secret-of-${name}` })

describe.each(lists)('%s', (list, add, member) => {
  async function filled(added: readonly string[] = ['cy', 'ada', 'bo', 'eve', 'dan']) {
    const app = await adminApp()
    for (const name of added) {
      app.clock.now += 1_000
      await add(app, name)
    }
    const page = async (query: string) => {
      const { status, json } = await app.call('GET', `/v2/${list}?${query}`)
      const errors = status === 200 ? [...Value.Errors(responses[`GET /v2/${list}`] as never, json)] : []
      return { status, json, errors, names: (json[list] ?? []).map((row: Record<string, string>) => row[member]) }
    }
    return { ...app, page }
  }

  test('is walked by cursor in the order that was asked for, each row once', async () => {
    const { page } = await filled()
    const seen: string[] = []
    let cursor = ''
    for (let turn = 0; turn < 3; turn++) {
      const { json, names, errors } = await page(`limit=2&sort=${member}&cursor=${cursor}`)
      expect([errors, json.total]).toEqual([[], 5])
      seen.push(...names)
      cursor = json.next_cursor
    }
    expect([seen, cursor]).toEqual([['ada', 'bo', 'cy', 'dan', 'eve'], null as never])
    expect((await page('limit=5')).names).toEqual(['dan', 'eve', 'bo', 'ada', 'cy'])
    expect((await page(`limit=3&sort=-${member}`)).names).toEqual(['eve', 'dan', 'cy'])
  })

  test('what comes or goes between two pages neither repeats nor hides a row', async () => {
    const app = await filled()
    const first = await app.page(`limit=2&sort=${member}`)
    const gone = (first.json[list] as Row[])[1]?.id
    await app.call('DELETE', `/v2/${list}/${gone}`)
    await add(app, 'abe')
    const second = await app.page(`limit=2&sort=${member}&cursor=${first.json.next_cursor}`)
    expect([first.names, second.names]).toEqual([
      ['ada', 'bo'],
      ['cy', 'dan'],
    ])
  })

  test('is searched, counted by kind, and refuses what it does not know by name', async () => {
    // With a dash, which no random end of a key has: those are searched too.
    const { page } = await filled(['cy', 'a-da', 'bo', 'eve', '-dan'])
    expect((await page('q=-DA&limit=5')).names.toSorted()).toEqual(['-dan', 'a-da'])
    const { json } = await page('q=-da&limit=1')
    expect(Object.values(json.counts as Record<string, number>)).toEqual([2])
    for (const [query, field] of [
      ['sort=weather', 'sort'],
      ['sort=constructor', 'sort'],
      ['limit=0', 'limit'],
      ['limit=x', 'limit'],
      ['cursor=nonsense&limit=1', 'cursor'],
    ]) {
      const answer = await page(query ?? '')
      expect([query, answer.status, answer.json.field]).toEqual([query, 400, field])
    }
  })
})

test('without a page the lists are as the original has them', async () => {
  const { call } = await adminApp()
  await call('POST', '/v2/users', { name: 'Ada' })
  expect(Array.isArray((await call('GET', '/v2/users?q=ad')).json)).toBe(true)
  expect((await call('GET', '/v2/accounts?page=1&page_size=7')).json.pagination).toMatchObject({ page: 1, pageSize: 7 })
})
