import { expect, test } from 'bun:test'
import { anthropic } from '../../server/dialect/anthropic/anthropic.ts'
import { adminApp, password } from './admin-app.ts'

const clientApi = [{ method: 'POST', path: '/v1/messages', body: anthropic.body }]

test('the document has every admin route with its body, query and answer, and the client APIs', async () => {
  const { call } = await adminApp({ deps: { clientApi } })
  const { status, json } = await call('GET', '/v2/openapi.json')
  expect([status, json.openapi]).toEqual([200, '3.1.0'])
  for (const path of ['/v2/accounts', '/v2/accounts/export', '/v2/users', '/v2/logs', '/v2/settings', '/api/login']) {
    expect(Object.keys(json.paths)).toContain(path)
  }
  expect(Object.keys(json.paths['/v2/accounts/{id}']).sort()).toEqual(['delete', 'get', 'patch'])
  expect(Object.keys(json.paths).filter((path) => path.includes('/control/'))).toEqual([])
  const list = json.paths['/v2/accounts'].get
  expect(list.parameters.map(({ name }: { name: string }) => name)).toContain('pageSize')
  expect(list.responses[200].content['application/json'].schema.properties).toHaveProperty('statusStats')
  const patch = json.paths['/v2/accounts/{id}'].patch
  expect(patch.requestBody.content['application/json'].schema.properties).toHaveProperty('label')
  expect(patch.parameters).toEqual([{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }])
  expect(json.paths['/v1/messages'].post.security).toEqual([{ key: [] }, { xApiKey: [] }])
  const ids = Object.values(json.paths as Record<string, Record<string, { operationId: string }>>).flatMap(
    (operations) => Object.values(operations).map(({ operationId }) => operationId),
  )
  expect(new Set(ids).size).toBe(ids.length)
})

test('the reference is a page under the console’s policy: no script, no style of its own, nothing from elsewhere', async () => {
  const { ask, call } = await adminApp({ deps: { clientApi } })
  const page = await call('GET', '/v2/docs')
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
  expect(page.headers.get('content-type')).toContain('text/html')
  expect(page.text).not.toMatch(/<script|<style| style="| on\w+="|(?:src|href)="https?:/)
  expect(page.text).toContain('/v2/accounts/{id}')
  expect((await call('GET', '/v2/docs/style.css')).headers.get('content-type')).toContain('text/css')
  expect((await ask('GET', '/v2/docs')).status).toBe(401)
  expect(page.text).not.toContain(password)
})
