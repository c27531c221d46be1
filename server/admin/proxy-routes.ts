import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { jsonBody } from './body.ts'
import { pagedQuery } from './contract/common.ts'
import {
  type ProxyChanged,
  ProxyCreate,
  type ProxyList,
  type ProxyToggled,
  ProxyUpdate,
  type ProxyView,
} from './contract/proxies.ts'
import { fail, failConflict } from './failure.ts'
import { asksForCursor, countsOf, listPage, type Orders, textFilter } from './list-page.ts'
import type { ProxiesService, ProxyRefusal } from './proxies-service.ts'

const refused = ({ conflict, error }: ProxyRefusal) => (conflict ? failConflict(error) : fail(error))

const orders: Orders<ProxyView> = {
  created_at: ({ created_at }) => created_at,
  name: ({ name }) => name,
  account_count: (proxy) => proxy.account_count,
  weight: ({ weight }) => weight,
}

export function proxyRoutes(proxies: ProxiesService) {
  return new Elysia({ prefix: '/v2/proxies' })
    .get(
      '/',
      async ({ query }) => {
        const list = await proxies.list()
        const found = list.proxies.filter(textFilter(query.q, ({ id, name, url }) => [id, name, url]))
        if (!asksForCursor(query)) return { proxies: found, total: found.length }
        const page = listPage(found, query, { orders, usual: 'created_at', idOf: ({ id }) => id })
        if (!page.ok) return fail(page.error)
        const { items, total, nextCursor } = page.value
        const counts = countsOf(found, ({ enabled }) => (enabled ? 'enabled' : 'disabled'))
        return { proxies: [...items], total, next_cursor: nextCursor, counts } satisfies ProxyList
      },
      { query: Type.Object(pagedQuery) },
    )
    .get('/:id', async ({ params }) => {
      const found = await proxies.get(params.id)
      return found.ok ? found.value : refused(found.error)
    })
    .post(
      '/',
      async ({ body }) => {
        const created = await proxies.create(body)
        if (!created.ok) return refused(created.error)
        const answer: ProxyChanged = { message: 'The proxy was added.', proxy: created.value }
        return answer
      },
      { parse: jsonBody, body: ProxyCreate },
    )
    .put(
      '/:id',
      async ({ params, body }) => {
        const updated = await proxies.update(params.id, body)
        if (!updated.ok) return refused(updated.error)
        const answer: ProxyChanged = { message: 'The proxy was changed.', proxy: updated.value }
        return answer
      },
      { parse: jsonBody, body: ProxyUpdate },
    )
    .delete('/:id', async ({ params }) => {
      const removed = await proxies.remove(params.id)
      if (!removed.ok) return refused(removed.error)
      const count = removed.value
      return {
        message:
          count === 0
            ? 'The proxy was removed.'
            : `The proxy was removed; ${count} ${count === 1 ? 'account has none of its own' : 'accounts have none of their own'} now.`,
      }
    })
    .post('/:id/toggle', async ({ params }) => {
      const toggled = await proxies.toggle(params.id)
      if (!toggled.ok) return refused(toggled.error)
      const { enabled, account_count: count } = toggled.value
      const held =
        enabled || count === 0
          ? ''
          : count === 1
            ? ' The one account with it as its own sends nothing meanwhile.'
            : ` The ${count} accounts with it as their own send nothing meanwhile.`
      const answer: ProxyToggled = {
        message: `The proxy is ${enabled ? 'on' : 'off'}.${held}`,
        enabled,
        proxy: toggled.value,
      }
      return answer
    })
    .post('/:id/test', async ({ params }) => {
      const tested = await proxies.test(params.id)
      return tested.ok ? tested.value : refused(tested.error)
    })
}
