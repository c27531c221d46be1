import { Elysia } from 'elysia'
import { jsonBody } from './body.ts'
import { type ProxyChanged, ProxyCreate, type ProxyToggled, ProxyUpdate } from './contract/proxies.ts'
import { fail, failConflict } from './failure.ts'
import type { ProxiesService, ProxyRefusal } from './proxies-service.ts'

const refused = ({ conflict, error }: ProxyRefusal) => (conflict ? failConflict(error) : fail(error))

export function proxyRoutes(proxies: ProxiesService) {
  return new Elysia({ prefix: '/v2/proxies' })
    .get('/', () => proxies.list())
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
