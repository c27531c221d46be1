import { LRUCache } from 'lru-cache'
import type { KeptResponse, OutputItem } from './form.ts'
import { isInputItemId, responseIdOf } from './output.ts'

export type KeptAnswer = { readonly response: KeptResponse; readonly input: readonly OutputItem[] }

/** Answers of the last hour, for the callers they were given to; in memory only. */
export type KeptAnswers = {
  readonly keep: (callerId: string, answer: KeptAnswer) => void
  readonly find: (callerId: string, responseId: string) => KeptAnswer | undefined
  /** True when there was one. */
  readonly forget: (callerId: string, responseId: string) => boolean
  /** The items of an answer and of all before it that it goes on from, oldest first; undefined when one of them is gone. */
  readonly history: (callerId: string, responseId: string) => readonly OutputItem[] | undefined
  /** Looks up single items of answers and of their requests, by their own ids: for one request, which may name many. */
  readonly itemFinder: (callerId: string) => (itemId: string) => OutputItem | undefined
  /** All there are, each caller's least recently used first. */
  readonly all: () => Iterable<readonly [callerId: string, answer: KeptAnswer]>
  readonly stats: () => { readonly answers: number; readonly bytes: number }
}

export type KeptLimits = { readonly keptAnswers: number; readonly keptBytes: number; readonly ttlMs: number }

// As bytes of JSON: their size is then what they take. Apart, because an item is found without reading a whole request.
type Stored = { readonly response: Buffer; readonly input: Buffer }
type Shelf = LRUCache<string, Stored>

/**
 * Bounded and forgetful: each answer goes `ttlMs` after its last use. Where room is needed, the caller who takes most of it
 * gives up the least recently used: nobody drives out what others go on from. `now` is epoch ms.
 */
export function createKeptAnswers({ keptAnswers, keptBytes, ttlMs }: KeptLimits, now: () => number): KeptAnswers {
  const shelves = new Map<string, Shelf>()
  const createShelf = (): Shelf =>
    new LRUCache({
      maxSize: keptBytes,
      sizeCalculation: ({ response, input }) => response.byteLength + input.byteLength,
      ttl: ttlMs,
      updateAgeOnGet: true,
      ttlResolution: 0,
      perf: { now },
    })

  const stats = (): { answers: number; bytes: number } => {
    let answers = 0
    let bytes = 0
    for (const { size, calculatedSize } of shelves.values()) {
      answers += size
      bytes += calculatedSize
    }
    return { answers, bytes }
  }
  const dropStale = (): void => {
    for (const [callerId, shelf] of shelves) {
      shelf.purgeStale()
      if (shelf.size === 0) shelves.delete(callerId)
    }
  }
  const makeRoom = (): void => {
    let { answers, bytes } = stats()
    if (answers <= keptAnswers && bytes <= keptBytes) return
    dropStale()
    for ({ answers, bytes } = stats(); answers > keptAnswers || bytes > keptBytes; { answers, bytes } = stats()) {
      const takes = answers > keptAnswers ? countOf : bytesOf
      const [callerId, shelf] = [...shelves].reduce((most, other) => (takes(other[1]) > takes(most[1]) ? other : most))
      shelf.pop()
      if (shelf.size === 0) shelves.delete(callerId)
    }
  }

  const find = (callerId: string, responseId: string): KeptAnswer | undefined => {
    const stored = shelves.get(callerId)?.get(responseId)
    return stored && { response: parsed<KeptResponse>(stored.response), input: parsed<OutputItem[]>(stored.input) }
  }
  return {
    keep: (callerId, { response, input }) => {
      const shelf = shelves.get(callerId) ?? createShelf()
      shelves.set(callerId, shelf)
      shelf.set(response.id, { response: bytesOfJson(response), input: bytesOfJson(input) })
      makeRoom()
    },
    find,
    forget: (callerId, responseId) => shelves.get(callerId)?.delete(responseId) ?? false,
    history: (callerId, responseId) => {
      const rounds: (readonly OutputItem[])[] = []
      for (let id: unknown = responseId; typeof id === 'string'; ) {
        const answer = find(callerId, id)
        if (answer === undefined) return undefined
        rounds.push([...answer.input, ...answer.response.output])
        id = answer.response.previous_response_id
      }
      return rounds.reverse().flat()
    },
    itemFinder: (callerId) => {
      const read = new Map<string, ReadonlyMap<string, OutputItem>>()
      const itemsOf = (responseId: string, ofInput: boolean): ReadonlyMap<string, OutputItem> => {
        const key = `${ofInput} ${responseId}`
        const known = read.get(key)
        if (known !== undefined) return known
        const stored = shelves.get(callerId)?.get(responseId)
        const list =
          stored && (ofInput ? parsed<OutputItem[]>(stored.input) : parsed<KeptResponse>(stored.response).output)
        const items = new Map(list?.map((item) => [item.id, item]))
        read.set(key, items)
        return items
      }
      return (itemId) => {
        const responseId = responseIdOf(itemId)
        return responseId === undefined ? undefined : itemsOf(`resp_${responseId}`, isInputItemId(itemId)).get(itemId)
      }
    },
    all: function* () {
      for (const [callerId, shelf] of shelves) {
        for (const stored of shelf.rvalues()) {
          if (stored === undefined) continue
          const { response, input } = stored
          yield [callerId, { response: parsed<KeptResponse>(response), input: parsed<OutputItem[]>(input) }]
        }
      }
    },
    stats: () => {
      dropStale()
      return stats()
    },
  }
}

const countOf = ({ size }: Shelf): number => size
const bytesOf = ({ calculatedSize }: Shelf): number => calculatedSize
const bytesOfJson = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))
/** What `bytesOfJson` was given. */
const parsed = <T>(bytes: Buffer): T => JSON.parse(bytes.toString('utf8')) as T
