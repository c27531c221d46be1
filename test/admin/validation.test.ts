import { afterAll, describe, expect, test } from 'bun:test'
import { otherAnswers } from '../../server/admin/openapi/responses.ts'
import { filledApp } from './filled-app.ts'
import { samples } from './route-samples.ts'

// Walks every route: a member of the wrong type is refused by its name, an id that nothing has is not found.

type Operation = {
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
    for (const raw of ['x', '5', '"text"', 'null', '[]', '{"a":']) {
      const answer = await app.ask(method, path, { headers: await signedIn(), raw })
      expect([raw, answer.status, typeof answer.json.error]).toEqual([raw, 400, 'string'])
    }
  })
})
