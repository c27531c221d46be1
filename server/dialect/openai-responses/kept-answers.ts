import { LRUCache } from 'lru-cache'
import type { KeptResponse, OutputItem } from './form.ts'
import { responseIdOf } from './output.ts'

export type KeptAnswer = { readonly response: KeptResponse; readonly input: readonly OutputItem[] }

/** Answers of the last hour, for the callers they were given to; in memory only. */
export type KeptAnswers = {
  readonly keep: (callerId: string, answer: KeptAnswer) => void
  readonly find: (callerId: string, responseId: string) => KeptAnswer | undefined
  /** True when there was one. */
  readonly forget: (callerId: string, responseId: string) => boolean
  /** The items of an answer and of all before it that it goes on from, oldest first; undefined when one of them is gone. */
  readonly history: (callerId: string, responseId: string) => readonly OutputItem[] | undefined
  /** One item of an answer, by its own id. */
  readonly findItem: (callerId: string, itemId: string) => OutputItem | undefined
  readonly stats: () => { readonly answers: number; readonly bytes: number }
}

export type KeptLimits = { readonly keptAnswers: number; readonly keptBytes: number; readonly ttlMs: number }

/** Bounded and forgetful: the least recently used go first, each goes `ttlMs` after its last use. `now` is epoch ms. */
export function createKeptAnswers({ keptAnswers, keptBytes, ttlMs }: KeptLimits, now: () => number): KeptAnswers {
  // As bytes of JSON: their size is then what they take.
  const answers = new LRUCache<string, Buffer>({
    max: keptAnswers,
    maxSize: keptBytes,
    sizeCalculation: (bytes) => bytes.byteLength,
    ttl: ttlMs,
    updateAgeOnGet: true,
    ttlResolution: 0,
    perf: { now },
  })
  const keyOf = (callerId: string, responseId: string): string => `${callerId} ${responseId}`
  const find = (callerId: string, responseId: string): KeptAnswer | undefined => {
    const bytes = answers.get(keyOf(callerId, responseId))
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as KeptAnswer) // written by `keep`
  }
  return {
    keep: (callerId, answer) => {
      answers.set(keyOf(callerId, answer.response.id), Buffer.from(JSON.stringify(answer)))
    },
    find,
    forget: (callerId, responseId) => answers.delete(keyOf(callerId, responseId)),
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
    findItem: (callerId, itemId) => {
      const responseId = responseIdOf(itemId)
      if (responseId === undefined) return undefined
      return find(callerId, `resp_${responseId}`)?.response.output.find(({ id }) => id === itemId)
    },
    stats: () => ({ answers: answers.size, bytes: answers.calculatedSize }),
  }
}
