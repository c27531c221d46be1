import { LRUCache } from 'lru-cache'
import { sha256Hex } from '../access/digest.ts'
import type { Effects } from '../lib/effects.ts'
import { unwatched, type WatchMemory } from '../lib/watch-memory.ts'
import type { Entry } from './actor.ts'
import { BodyTooLarge, readAheadBody } from './body.ts'
import { refuse } from './failure.ts'
import { tooLarge } from './gate.ts'

export const idempotencyHeader = 'idempotency-key'
export const replayedHeader = 'idempotency-replayed'

/** A request that may be sent again answers as it did the first time. */
export type Idempotency = (
  request: Request,
  entry: Entry | undefined,
  serve: () => Promise<Response>,
) => Promise<{ readonly response: Response; readonly replayed: boolean }>

type Answer = {
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  /** Undefined: too long to be kept. */
  readonly body: string | undefined
}
type Kept = { readonly asked: string; readonly until: number; readonly answer: Promise<Answer | undefined> }

const keptMs = 3_600_000
const mostKept = 1_000
const mostBytes = 8 * 1024 * 1024
const longestAnswer = 256 * 1024

/**
 * Remembers for an hour what was answered to a write that came with an `Idempotency-Key`: a script whose connection broke sends it
 * again and gets that answer, and nothing is done twice. A second one that comes meanwhile waits for the first. In memory alone,
 * for an answer may hold a new key; failures are forgotten, so that they can be tried again.
 */
export function createIdempotency({ now }: Pick<Effects, 'now'>, memory: WatchMemory = unwatched): Idempotency {
  const answers = new LRUCache<string, Kept>({ max: mostKept, maxSize: mostBytes, sizeCalculation: () => 1_024 })
  memory('idempotent_answers', () => answers.size, mostKept)
  memory('idempotent_answer_bytes', () => answers.calculatedSize, mostBytes)

  return async (request, entry, serve) => {
    const key = request.headers.get(idempotencyHeader)
    const { pathname, search } = new URL(request.url)
    const isMeant = key !== null && isWrite(request.method) && !isChat(pathname) && !makesNothing.test(pathname)
    if (!isMeant || entry === undefined || entry.by === 'nobody') return { response: await serve(), replayed: false }
    if (!/^[\x21-\x7e]{1,255}$/.test(key)) return { response: badKey(), replayed: false }
    const place = `${entry.actor.subject} ${credentialsOf(request)} ${request.method} ${pathname} ${key}`
    const read = await bodyOf(request)
    if (typeof read !== 'string') return { response: read, replayed: false }
    const asked = sha256Hex(JSON.stringify([search, read]))
    // Of many that waited for one that failed, the first goes on and the others wait for it.
    for (let known = answers.get(place); known !== undefined && known.until > now(); known = answers.get(place)) {
      if (known.asked !== asked) return { response: otherBody(), replayed: false }
      const answer = await known.answer
      if (answer !== undefined) return { response: again(answer), replayed: true }
    }
    let settle = (_: Answer | undefined): void => {}
    const answer = new Promise<Answer | undefined>((resolve) => {
      settle = resolve
    })
    const kept: Kept = { asked, until: now() + keptMs, answer }
    answers.set(place, kept)
    try {
      const response = await serve()
      const done = await answerOf(response)
      if (done === undefined) answers.delete(place)
      else answers.set(place, kept, { size: 1_024 + 2 * (done.body?.length ?? 0) })
      settle(done)
      return { response, replayed: false }
    } catch (thrown) {
      answers.delete(place)
      settle(undefined)
      throw thrown
    }
  }
}

async function bodyOf(request: Request): Promise<string | Response> {
  try {
    return await readAheadBody(request)
  } catch (thrown) {
    if (thrown instanceof BodyTooLarge) return tooLarge()
    return refuse(400, { error: 'The body is no UTF-8 text.', code: 'INVALID_JSON' })
  }
}

/** Asks for a password, for others to see secrets by: each caller is looked at anew. */
const makesNothing = /^\/v2\/(?:accounts\/export|backup\/export|confirmation)$/

/** What a caller proved itself with, as a digest: nobody gets an answer that was given to other rights of the same name. */
const credentialsOf = ({ headers }: Request): string =>
  sha256Hex(JSON.stringify(['authorization', 'cookie', 'x-confirm-password'].map((name) => headers.get(name))))

/** A chat is no thing that is made, and reads its body by itself. */
const isChat = (pathname: string): boolean => pathname.startsWith('/v2/test/')
const isWrite = (method: string): boolean => ['POST', 'PUT', 'PATCH', 'DELETE'].includes(method)

/** Undefined for what may be tried again, and for what goes on. */
async function answerOf(response: Response): Promise<Answer | undefined> {
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  if (response.status >= 300 || !isJson) return undefined
  const body = await response.clone().text()
  return {
    status: response.status,
    headers: [...response.headers].filter(([name]) => name !== 'set-cookie'),
    body: body.length > longestAnswer ? undefined : body,
  }
}

function again({ status, headers, body }: Answer): Response {
  if (body === undefined) {
    const error = 'This was done already; its answer was too long to be kept.'
    return refuse(409, { error, code: 'IDEMPOTENCY_ANSWER_GONE' })
  }
  return new Response(body, {
    status,
    headers: [...headers.map(([name, value]) => [name, value] as [string, string]), [replayedHeader, 'true']],
  })
}

const badKey = (): Response =>
  refuse(400, {
    error: 'Idempotency-Key must have 1 to 255 printable characters without spaces.',
    code: 'INVALID_REQUEST',
    field: 'Idempotency-Key',
    params: { reason: 'printable' },
  })

const otherBody = (): Response =>
  refuse(409, {
    error: 'This Idempotency-Key came with another body or query before: take a new key for a new request.',
    code: 'IDEMPOTENCY_KEY_REUSED',
    field: 'Idempotency-Key',
  })
