import { describe, expect, test } from 'bun:test'
import { adminApp } from './admin-app.ts'

type Operation = { readonly parameters: readonly { readonly name: string; readonly in: string }[] }

const app = await adminApp({ deps: { testChat: async () => Response.json({}) } })
const { paths } = (await app.call('GET', '/v2/openapi.json')).json as {
  paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}
/** Every route of the admin API that is asked with a query, but those whose answers do not end. */
const asked = Object.entries(paths).flatMap(([path, methods]) =>
  Object.entries(methods).flatMap(([method, { parameters }]) => {
    const names = parameters.filter((one) => one.in === 'query').map(({ name }) => name)
    const ends = !path.endsWith('/stream') && path !== '/v2/events'
    return path.startsWith('/v2/') && names.length > 0 && ends ? [[method.toUpperCase(), path, names] as const] : []
  }),
)
const words = ['__proto__', 'constructor', '-1', '%00', '%E0%A4%A', 'x'.repeat(5_000)]

test('the walk sees the queries there are', () => {
  expect(asked.length).toBeGreaterThan(20)
})

describe('whatever stands in a query, it is answered or refused in words', () => {
  test.each(asked)('%s %s', async (method, path, names) => {
    for (const name of names) {
      for (const word of words) {
        const route = `${path.replace(/\{\w+\}/g, 'none')}?${name}=${word}`
        const answer = await app.call(method, route, method === 'GET' || method === 'DELETE' ? undefined : {})
        expect([route.slice(0, 100), answer.status < 500]).toEqual([route.slice(0, 100), true])
        if (answer.status >= 400)
          expect([route.slice(0, 100), typeof answer.json.error]).toEqual([route.slice(0, 100), 'string'])
      }
    }
  })
})
