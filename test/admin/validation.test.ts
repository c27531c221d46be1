import { afterAll, describe, expect, test } from 'bun:test'
import { otherAnswers } from '../../server/admin/openapi/responses.ts'
import { filledApp } from './filled-app.ts'
import { samples } from './route-samples.ts'

// Walks every route: a member of the wrong type is refused by its name, an id that nothing has is not found.

type Operation = {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: BodySchema } } }
}
type BodySchema = { readonly properties?: Readonly<Record<string, unknown>> }

const app = await filledApp()
afterAll(app.remove)
const { paths } = (await app.call('GET', '/v2/openapi.json')).json as {
  paths: Record<string, Record<string, Operation>>
}
const routes = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({
    name: `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`,
    members: Object.keys(operation.requestBody?.content['application/json'].schema.properties ?? {}),
    query: (operation.parameters ?? []).flatMap((one) => (one.in === 'query' ? [one.name] : [])),
  })),
)
/** No member of any body is an object, so that this is wrong for each. */
const wrong = { not: 'what is wanted' }
const split = (name: string): readonly [method: string, path: string] => {
  const [method = '', route = ''] = name.split(' ')
  return [method, app.fill(samples[name]?.path ?? route)]
}
const signedIn = async () => ({ cookie: await app.signIn(), 'x-requested-with': 'test' })

test('the walk sees the bodies there are', () => {
  expect(routes.flatMap(({ members }) => members).length).toBeGreaterThan(150)
})

describe('a member of the wrong type is refused by its name', () => {
  const rows = routes.flatMap(({ name, members }) => members.map((member) => [name, member] as const))
  // Of a sign-in every spelling is a member, so the schema does not list them.
  const ofSignIns = ['label', 'clientId', 'clientSecret', 'refreshToken', 'accessToken', 'enabled', 'errorCount']
  const all = [...rows, ...ofSignIns.map((member) => ['POST /v2/accounts', member] as const)]
  test.each(all)('%s %s', async (name, member) => {
    const [method, path] = split(name)
    for (const value of [wrong, [wrong]]) {
      const body = { ...(samples[name]?.send as object | undefined), [member]: value }
      const answer = await app.ask(method, path, { headers: await signedIn(), body })
      expect([answer.status, answer.json.code, String(answer.json.field).split('.')[0]]).toEqual([
        400,
        'INVALID_REQUEST',
        member,
      ])
      expect(answer.json.error).toContain(member)
      expect(answer.text).not.toContain(wrong.not)
    }
  })
})

describe('a member that nobody reads is refused by its name, with the nearest', () => {
  // A sign-in of another tool has members of its own, and who signs in gets nothing by one.
  const free = ['POST /v2/accounts', 'POST /api/login', 'POST /api/password']
  const rows = routes.filter(({ name, members }) => members.length > 0 && !free.includes(name))
  test.each(rows.map(({ name, members }) => [name, members] as const))('%s', async (name, members) => {
    const [method, path] = split(name)
    // Two members of the settings are none of them; short names have no neighbour.
    for (const member of members.filter((one) => one.length > 3 && one !== 'port' && one !== 'reset')) {
      const misspelt = `${member.slice(0, -2)}${member.at(-1)}${member.at(-2)}z`
      const body = { ...(samples[name]?.send as object | undefined), [misspelt]: 1 }
      const { status, json } = await app.ask(method, path, { headers: await signedIn(), body })
      expect([status, json.code, json.field]).toEqual([400, 'INVALID_REQUEST', misspelt])
      expect(json.error).toContain('Did you mean')
    }
  })
  test('and the walk sees them', () => expect(rows.length).toBeGreaterThan(35))
})

describe('a name of a query that nobody reads is refused, with the nearest', () => {
  const paths = routes.filter(({ name }) => name.includes(' /v2/') && name !== 'GET /v2/docs/style.css')
  test.each(paths.map(({ name, query }) => [name, query] as const))('%s', async (name, query) => {
    const [method, path] = split(name)
    const send = samples[name]?.send
    const names = query.filter((one) => one.length > 3).map((one) => [one, `${one.slice(0, 1)}${one.slice(2)}`])
    for (const [near, misspelt = ''] of [...names, [undefined, 'nonsense']]) {
      const answer = await app.ask(method, `${path}${path.includes('?') ? '&' : '?'}${misspelt}=1`, {
        headers: await signedIn(),
        ...(send === undefined ? {} : { body: send }),
      })
      expect([answer.status, answer.json.code, answer.json.field]).toEqual([400, 'INVALID_REQUEST', misspelt])
      if (near !== undefined) expect(answer.json.error).toMatch(/Did you mean \w+\?/)
    }
  })
  test.each(['_', 't', '_t', 'ts', 'timestamp', 'nocache'])(
    '%s, which keeps caches away, is let pass',
    async (name) => {
      expect((await app.call('GET', `/v2/accounts?${name}=1`)).status).toBe(200)
    },
  )
})

describe('a text with a NUL or half of a character is refused by its place', () => {
  const rows = routes.flatMap(({ name, members }) => members.map((member) => [name, member] as const))
  test.each(rows)('%s %s', async (name, member) => {
    const [method, path] = split(name)
    for (const bad of ['a\0b', 'a\ud800', '\udc00b']) {
      const body = { ...(samples[name]?.send as object | undefined), [member]: [bad] }
      const { status, json } = await app.ask(method, path, { headers: await signedIn(), body })
      expect([status, json.code, json.field]).toEqual([400, 'INVALID_REQUEST', `${member}.0`])
    }
  })
  test.each(['feed', 'import', 'import-by-token'])('an account of %s', async (route) => {
    for (const label of ['a\0b', 'a\ud800']) {
      const item = { refreshToken: 'aorRefreshTokenWithABadLabel01', clientId: 'c', clientSecret: 's', label }
      const { json } = await app.call('POST', `/v2/accounts/${route}`, [item, item])
      expect(json.results).toMatchObject([
        { outcome: 'refused', field: 'label' },
        { outcome: 'refused', field: 'label' },
      ])
    }
  })
  test('whole characters of any plane are kept as they are', async () => {
    const name = '😀 名 \u{10ffff}'
    const made = await app.call('POST', '/v2/keys', { name, notes: name })
    expect((await app.call('GET', `/v2/keys/${made.json.id}`)).json).toMatchObject({ name, notes: name })
  })
})

describe('an id that nothing has is not found', () => {
  const isStream = (name: string): boolean => otherAnswers[name] !== undefined && !name.startsWith('GET /v2/jobs')
  const withId = routes.filter(({ name }) => name.includes('/:') && !name.includes('/:ip') && !isStream(name))
  test.each(withId.map(({ name }) => name))('%s', async (name) => {
    const [method = '', route = ''] = name.split(' ')
    const send = samples[name]?.send
    for (const id of ['none', '%00', 'a%2Fb', "'; drop table users", '__proto__', 'x'.repeat(2_000)]) {
      const path = route.replace(/:\w+/, id)
      const answer = await app.ask(method, path, {
        headers: await signedIn(),
        ...(send === undefined ? {} : { body: send }),
      })
      expect([id, answer.status, answer.json.code]).toEqual([id, 404, 'NOT_FOUND'])
    }
  })
})

describe('a body that is no object', () => {
  const withBody = routes.filter(({ members }) => members.length > 0)
  test.each(withBody.map(({ name }) => name))('%s', async (name) => {
    const [method, path] = split(name)
    // Scripts of the original send `null` where they have nothing to say.
    const none = name === 'POST /v2/users/batch-vip' ? [] : ['null']
    for (const raw of ['x', '5', '"text"', ...none, '[]', '{"a":']) {
      const answer = await app.ask(method, path, { headers: await signedIn(), raw })
      expect([raw, answer.status, typeof answer.json.error]).toEqual([raw, 400, 'string'])
    }
  })
})
