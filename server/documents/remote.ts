import { isIP } from 'node:net'
import { LRUCache } from 'lru-cache'
import type { DocumentPart, ImagePart, RemotePart, TextPart } from '../conversation/conversation.ts'
import { documentKindOf, readableDocuments, textOfDocument } from '../conversation/document-kind.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Effects, FetchLike, LookUpHost } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { createSeats } from '../lib/seats.ts'
import { unwatched, type WatchMemory } from '../lib/watch-memory.ts'
import { formatOf } from './images.ts'

export type Fetched = {
  readonly part: TextPart | ImagePart | DocumentPart
  /** For the record: host, size; never the path, which may hold a secret. */
  readonly about: string
  readonly bytes: number
  /** Nothing was fetched: `part` says in words what would be. */
  readonly isPromise?: true
}
/** Seats are shared between callers; those without a name are one. A dry one asks nobody for anything. */
export type FetchAsk = { readonly callerId?: string; readonly isDry?: boolean }
/** What stands at an address; at most `mostBytes` of it. Refusals name the part's field. */
export type FetchAttachment = (
  part: RemotePart,
  mostBytes: number,
  signal: AbortSignal,
  ask?: FetchAsk,
) => Promise<Result<Fetched, GatewayError>>

export type RemoteDeps = {
  readonly effects: Pick<Effects, 'after' | 'now'> & { readonly fetch: FetchLike }
  readonly lookUp: LookUpHost
  /** Whether an address may be connected to. */
  readonly isPublic: (address: string) => boolean
  /** The operator's setting; asked anew for every address. */
  readonly isAllowed: () => boolean
  readonly userAgent: string
  readonly memory?: WatchMemory
}

export const remoteLimits = {
  timeMs: 15_000,
  redirects: 3,
  urlCharacters: 8_192,
  atOnce: 8,
  atOnceForOne: 4,
  /** Why it was not fetched stays known, unless it had less than `fairMs` to answer. */
  deadMs: 60_000,
  mostDead: 1_000,
  fairMs: 10_000,
  /** What was fetched stays known, since clients send an address again with every turn. */
  keptMs: 600_000,
  keptCharacters: 64 * 1024 * 1024,
} as const

type Got = { readonly bytes: Uint8Array; readonly mediaType: string; readonly url: URL }
type Outcome = Result<Got, string>
/** It is as dead for whoever takes no more bytes of it. */
type Dead = { readonly reason: string; readonly mostBytes: number }

/**
 * Fetches attachments from http(s) addresses, for callers who may not be trusted with what this machine can reach: the name is
 * resolved here, every address it has must be public, and the connection is made to that very number, so that a second answer
 * of the name server changes nothing. A redirect is a new address and checked as such.
 */
export function createRemote({
  effects,
  lookUp,
  isPublic,
  isAllowed,
  userAgent,
  memory = unwatched,
}: RemoteDeps): FetchAttachment {
  const seats = createSeats(remoteLimits.atOnce, remoteLimits.atOnceForOne)
  const kept = new LRUCache<string, Fetched>({
    maxSize: remoteLimits.keptCharacters,
    sizeCalculation: ({ bytes }) => Math.max(1, Math.ceil((bytes * 4) / 3)),
    ttl: remoteLimits.keptMs,
    perf: { now: effects.now },
  })
  const dead = new LRUCache<string, Dead>({
    max: remoteLimits.mostDead,
    ttl: remoteLimits.deadMs,
    perf: { now: effects.now },
  })
  memory('unfetched_addresses', () => dead.size, remoteLimits.mostDead)
  memory('fetched_attachment_characters', () => kept.calculatedSize, remoteLimits.keptCharacters)

  async function addressOf(url: URL): Promise<Result<string, string>> {
    const bare = url.hostname.replace(/^\[(.*)\]$/, '$1')
    if (isIP(bare) !== 0) return isPublic(bare) ? ok(bare) : err(notPublic)
    const addresses = await lookUp(bare).catch(() => [])
    // One answer for both: names of an inner network are not to be told from those that are none.
    const [first] = addresses
    return first !== undefined && addresses.every(isPublic) ? ok(first) : err(notPublic)
  }

  async function request(url: URL, mostBytes: number, signal: AbortSignal): Promise<Outcome | URL> {
    const refusal = refusalOf(url)
    if (refusal !== undefined) return err(refusal)
    const address = await addressOf(url)
    if (!address.ok) return address
    if (signal.aborted) return err(tooSlow)
    const numbered = new URL(url)
    numbered.hostname = isIP(address.value) === 6 ? `[${address.value}]` : address.value
    const response = await effects.fetch(numbered.href, {
      headers: { host: url.host, 'user-agent': userAgent, accept: '*/*', 'accept-encoding': 'identity' },
      redirect: 'manual',
      decompress: false,
      keepalive: false,
      signal,
      ...(url.protocol === 'https:' && isIP(url.hostname.replace(/[[\]]/g, '')) === 0
        ? { tls: { serverName: url.hostname } }
        : {}),
    })
    const { status, headers, body } = response
    const location = headers.get('location')
    if (status >= 300 && status < 400 && location !== null) {
      void body?.cancel()
      return URL.parse(location, url.href) ?? err('it leads to an address that is none')
    }
    if (status !== 200) {
      void body?.cancel()
      return err(`its server answered with status ${status}`)
    }
    const packing = headers.get('content-encoding') ?? 'identity'
    if (!/^(identity)?$/i.test(packing.trim())) {
      void body?.cancel()
      return err('its server sent it compressed, which was not asked for')
    }
    if (Number(headers.get('content-length') ?? 0) > mostBytes) {
      void body?.cancel()
      return err(tooLarge(mostBytes))
    }
    const bytes = await readAll(response, mostBytes)
    return bytes === undefined
      ? err(tooLarge(mostBytes))
      : ok({ bytes, mediaType: headers.get('content-type') ?? '', url })
  }

  async function follow(given: URL, mostBytes: number, signal: AbortSignal): Promise<Outcome> {
    let url = given
    for (let redirects = 0; redirects <= remoteLimits.redirects; redirects++) {
      const got = await request(url, mostBytes, signal)
      if (!(got instanceof URL)) return got
      url = got
    }
    return err(`it is redirected more than ${remoteLimits.redirects} times`)
  }

  async function within(given: URL, mostBytes: number, signal: AbortSignal): Promise<Outcome> {
    const ending = new AbortController()
    const end = (): void => ending.abort()
    signal.addEventListener('abort', end, { once: true })
    const cancelTimer = effects.after(remoteLimits.timeMs, end)
    // A name server may take longer than we wait.
    const ended = new Promise<Outcome>((resolve) =>
      ending.signal.addEventListener('abort', () => resolve(err(tooSlow)), { once: true }),
    )
    try {
      return await Promise.race([
        follow(given, mostBytes, ending.signal).catch(() =>
          err<string>(ending.signal.aborted ? tooSlow : 'its server could not be reached'),
        ),
        ended,
      ])
    } finally {
      cancelTimer()
      signal.removeEventListener('abort', end)
    }
  }

  /** What can be said of an address without a call to anybody. */
  const promise = (part: RemotePart, url: URL): Result<Fetched, string> => {
    const bare = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const refusal = refusalOf(url) ?? (isIP(bare) !== 0 && !isPublic(bare) ? notPublic : undefined)
    if (refusal !== undefined) return err(refusal)
    const text = `[${part.holds} at ${url.host}: fetched when the request is sent]`
    return ok({ part: { type: 'text', text }, about: url.host, bytes: 0, isPromise: true })
  }

  return async (part, mostBytes, signal, { callerId, isDry = false } = {}) => {
    const { field } = part
    const refuse = (reason: string): Result<never, GatewayError> =>
      err(gatewayError('invalid-request', `${field}: the address was not fetched: ${reason}.`, { field }))
    if (!isAllowed()) {
      const instead = `${field}: addresses are not fetched; send base64 data instead. The operator may allow it with the setting fetchAttachments.`
      return err(gatewayError('invalid-request', instead, { field }))
    }
    const key = JSON.stringify([part.holds, part.url, part.title, part.byPage])
    const known = kept.get(key)
    if (known !== undefined && known.bytes <= mostBytes) return ok(withField(known, field))
    const url = part.url.length > remoteLimits.urlCharacters ? null : URL.parse(part.url.trim())
    if (url === null) return refuse('it is none, or too long')
    if (isDry) {
      const promised = promise(part, url)
      return promised.ok ? promised : refuse(promised.error)
    }
    const failure = dead.get(key)
    if (failure !== undefined && mostBytes <= failure.mostBytes) return refuse(failure.reason)
    if (!(await seats.take(signal, callerId)))
      return err(gatewayError('pool-busy', `${field}: ${notItsTurn}`, { field, retryAfterMs: remoteLimits.timeMs }))
    const begunAt = effects.now()
    const refuseFor = (reason: string): Result<never, GatewayError> => {
      const isFair = reason !== tooSlow || effects.now() - begunAt >= remoteLimits.fairMs
      const most = reason === tooLarge(mostBytes) ? mostBytes : Number.POSITIVE_INFINITY
      if (isFair) dead.set(key, { reason, mostBytes: most })
      return refuse(reason)
    }
    try {
      const got = await within(url, mostBytes, signal)
      if (!got.ok) return refuseFor(got.error)
      const read = partOf(part, got.value)
      if (!read.ok) return refuseFor(read.error)
      const { bytes } = got.value
      const fetched = { part: read.value, bytes: bytes.length, about: `${url.host}, ${bytes.length} bytes` }
      kept.set(key, fetched)
      return ok(fetched)
    } finally {
      seats.giveBack(callerId)
    }
  }
}

const notPublic = 'its host is not known or has no public address'
const tooSlow = `it took longer than ${remoteLimits.timeMs / 1_000} seconds with the request's other addresses`
const notItsTurn = `the address was not fetched: others were being fetched for ${remoteLimits.timeMs / 1_000} seconds.`
const tooLarge = (mostBytes: number): string => `it is larger than ${mostBytes} bytes`

const withField = (fetched: Fetched, field: string): Fetched =>
  fetched.part.type === 'text' ? fetched : { ...fetched, part: { ...fetched.part, field } }

/** Web servers stand at these ports; below 1024 all others belong to something else. */
const isWebPort = (port: string): boolean => port === '' || port === '80' || port === '443' || Number(port) >= 1_024

function refusalOf(url: URL): string | undefined {
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return 'only http and https addresses are'
  if (url.username !== '' || url.password !== '') return 'it holds a user name or a password'
  if (!isWebPort(url.port)) return `port ${url.port} is no web server's`
  return url.hostname === '' ? 'it names no host' : undefined
}

async function readAll({ body }: Response, mostBytes: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of body ?? []) {
    length += chunk.byteLength
    if (length > mostBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** What an address ends in. Its escapes may be of any charset, or none at all: those that are no UTF-8 stand as they are. */
const fileNameIn = ({ pathname }: URL): string =>
  (/[^/]*$/.exec(pathname)?.[0] ?? '').replace(/(?:%[0-9a-f]{2})+/gi, (escapes) => {
    try {
      return decodeURIComponent(escapes)
    } catch {
      return escapes
    }
  })

/** What it is by its bytes, else by what its server and its name say. */
function partOf(part: RemotePart, { bytes, mediaType, url }: Got): Result<Fetched['part'], string> {
  const { holds, field, title, byPage } = part
  const base64 = (): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
  if (holds === 'image') {
    const format = formatOf(Buffer.from(bytes.subarray(0, 12)))
    return format === undefined
      ? err('it is not a PNG, JPEG, GIF or WebP image')
      : ok({ type: 'image', format, base64: base64(), field })
  }
  const name = title ?? fileNameIn(url)
  const isPdf = Buffer.from(bytes.subarray(0, 5)).toString('latin1') === '%PDF-'
  const kind = isPdf ? 'pdf' : documentKindOf(mediaType, name)
  const titled = name === '' ? {} : { title: name }
  if (kind === undefined) return err(`only ${readableDocuments} can be read`)
  if (kind === 'text')
    return ok({ type: 'text', text: [name, textOfDocument(bytes, mediaType)].filter((one) => one !== '').join('\n\n') })
  return ok({ type: 'document', kind, base64: base64(), field, ...titled, ...(byPage === true ? { byPage } : {}) })
}
