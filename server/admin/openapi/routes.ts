import { Elysia } from 'elysia'
import { securityHeaders } from '../../console/security-headers.ts'
import { type ClientRoute, type KnownRoute, type OpenApi, openApiDocument } from './document.ts'
import { referencePage, referenceStyle } from './page.ts'

/** The OpenAPI document and a page to read it by. Both are made when they are first asked for. */
export function openApiRoutes(admin: () => readonly KnownRoute[], clients: readonly ClientRoute[], version: string) {
  let made: { readonly json: OpenApi; readonly page: string } | undefined
  const make = () => {
    if (made === undefined) {
      const json = openApiDocument(admin(), clients, version)
      made = { json, page: referencePage(json) }
    }
    return made
  }
  const answer = (request: Request, body: string, type: string): Response =>
    new Response(body, {
      headers: { ...securityHeaders(new URL(request.url), false), 'content-type': `${type}; charset=utf-8` },
    })
  return new Elysia({ prefix: '/v2' })
    .get('/openapi.json', () => make().json)
    .get('/docs', ({ request }) => answer(request, make().page, 'text/html'))
    .get('/docs/style.css', ({ request }) => answer(request, referenceStyle, 'text/css'))
}
