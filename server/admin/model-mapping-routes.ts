import { Elysia } from 'elysia'
import { gatewayError } from '../conversation/error.ts'
import { jsonBody } from './body.ts'
import { type ModelMappingChanged, ModelMappingCreate, ModelMappingUpdate } from './contract/model-mappings.ts'
import { fail, failConflict } from './failure.ts'
import type { MappingRefusal, ModelMappingsService } from './model-mappings-service.ts'

const refused = ({ conflict, error }: MappingRefusal) => (conflict ? failConflict(error) : fail(error))

export function modelMappingRoutes<const Prefix extends string>(prefix: Prefix, mappings: ModelMappingsService) {
  return new Elysia({ prefix })
    .get('/', () => mappings.list())
    .get('/:id', async ({ params }) => {
      const found = (await mappings.list()).mappings.find(({ id }) => id === params.id)
      return found ?? fail(gatewayError('not-found', 'There is no mapping with this id.'))
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
