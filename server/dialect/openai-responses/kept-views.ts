import { gatewayError } from '../../conversation/error.ts'
import { err, ok } from '../../lib/result.ts'
import { type Decoded, refuse } from '../validate.ts'
import type { KeptAnswer } from './kept-answers.ts'
import { shownResponse } from './output.ts'

/** `GET /v1/responses/{id}`: the response as it was given; `include` may ask for more of it. */
export function viewAnswer(answer: KeptAnswer, query: URLSearchParams): Decoded<object> {
  if (query.get('stream') === 'true') return refuse('stream', 'an answer that is over cannot be streamed again')
  return ok(shownResponse(answer.response, listOf(query, 'include').includes('reasoning.encrypted_content')))
}

const defaultLimit = 20
const maxLimit = 100

/** `GET /v1/responses/{id}/input_items`: the items of that request alone, newest first unless `order=asc`. */
export function pageOfInput({ input }: KeptAnswer, query: URLSearchParams): Decoded<object> {
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') return refuse('order', 'must be asc or desc')
  const limit = Number(query.get('limit') ?? defaultLimit)
  if (!Number.isInteger(limit) || limit < 1 || limit > maxLimit) {
    return refuse('limit', `must be an integer from 1 to ${maxLimit}`)
  }
  const items = order === 'asc' ? input : input.toReversed()
  const after = query.get('after')
  const first = after === null ? 0 : items.findIndex(({ id }) => id === after) + 1
  if (after !== null && first === 0) return refuse('after', 'names no item of this response')
  const data = items.slice(first, first + limit)
  return ok({
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: first + limit < items.length,
  })
}

/** What is left of an answer that was deleted. */
export const viewDeleted = (id: string): object => ({ id, object: 'response', deleted: true })

/** The same for an answer that never was, is forgotten, or is another key's. */
export const noAnswer = (id: string) => err(gatewayError('not-found', `Response with id '${id}' not found.`))

// Lists are sent as `include[]=…`, or as the same name several times.
const listOf = (query: URLSearchParams, name: string): readonly string[] => [
  ...query.getAll(name),
  ...query.getAll(`${name}[]`),
]
