import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { jsonBody } from './body.ts'
import { pagedQuery } from './contract/common.ts'
import {
  type ModelMappingChanged,
  ModelMappingCreate,
  type ModelMappingList,
  ModelMappingUpdate,
  type ModelMappingView,
} from './contract/model-mappings.ts'
import { fail, failConflict } from './failure.ts'
import { asksForCursor, countsOf, listPage, type Orders, textFilter } from './list-page.ts'
import type { MappingRefusal, ModelMappingsService } from './model-mappings-service.ts'

const refused = ({ conflict, error }: MappingRefusal) => (conflict ? failConflict(error) : fail(error))

const orders: Orders<ModelMappingView> = {
  created_at: ({ created_at }) => created_at,
  name: ({ name }) => name,
  target: ({ target }) => target,
}

export function modelMappingRoutes<const Prefix extends string>(prefix: Prefix, mappings: ModelMappingsService) {
  return new Elysia({ prefix })
    .get(
      '/',
      async ({ query }) => {
        const list = await mappings.list()
        const found = list.mappings.filter(textFilter(query.q, ({ id, name, target }) => [id, name, target]))
        if (!asksForCursor(query)) return { mappings: found, total: found.length }
        const page = listPage(found, query, { orders, usual: 'created_at', idOf: ({ id }) => id })
        if (!page.ok) return fail(page.error)
        const { items, total, nextCursor } = page.value
        const counts = countsOf(found, ({ key_id: keyId }) => (keyId === null ? 'all_keys' : 'one_key'))
        return { mappings: [...items], total, next_cursor: nextCursor, counts } satisfies ModelMappingList
      },
      { query: Type.Object(pagedQuery) },
    )
    .get('/:id', async ({ params }) => {
      const found = await mappings.get(params.id)
      return found.ok ? found.value : refused(found.error)
    })
    .post(
      '/',
      async ({ body }) => {
        const created = await mappings.create(body)
        if (!created.ok) return refused(created.error)
        const answer: ModelMappingChanged = { message: 'The mapping was added.', mapping: created.value }
        return answer
      },
      { parse: jsonBody, body: ModelMappingCreate },
    )
    .put(
      '/:id',
      async ({ params, body }) => {
        const updated = await mappings.update(params.id, body)
        if (!updated.ok) return refused(updated.error)
        const answer: ModelMappingChanged = { message: 'The mapping was changed.', mapping: updated.value }
        return answer
      },
      { parse: jsonBody, body: ModelMappingUpdate },
    )
    .delete('/:id', async ({ params }) => {
      const removed = await mappings.remove(params.id)
      return removed.ok ? { message: 'The mapping was removed.' } : refused(removed.error)
    })
}
