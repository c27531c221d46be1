import { twiceIn } from '../lib/given-twice.ts'
import { parseJson } from '../lib/json.ts'
import { isShownLine, isShownText, isSoundText } from '../lib/sound-text.ts'
import { TwiceGiven, UnknownMember } from './unknown-member.ts'

/** Largest admin request body; an import of the largest size fits, as text inside of JSON too. */
export const maxBodyBytes = 16 * 1024 * 1024

/** Of a body that anybody may send. */
const maxOpenBytes = 64 * 1024
/** Of a backup that is restored; it is read as it comes. Larger ones are restored from a file on the machine. */
export const maxBackupBytes = 1024 * 1024 * 1024
export const backupImportPath = '/v2/backup/import'

/** How large the body of a path may be. Chats are read by the client APIs' reader, which has a limit of its own. */
export function mostBytesOf(path: string): number {
  // News are the program's own: whatever it holds within its bounds, its successor takes.
  if (path.startsWith('/v2/test/') || path.startsWith('/api/control/succession/')) return Number.POSITIVE_INFINITY
  return path === backupImportPath ? maxBackupBytes : maxBodyBytes
}

/** Thrown while reading, since the framework's parse step knows no other way; `index.ts` answers it with 413. */
export class BodyTooLarge extends Error {
  constructor(readonly maxBytes: number) {
    super()
  }
}

/** Reads a JSON object whatever the content type says, as the original did: scripts send none. */
export async function jsonBody(context: { readonly request: Request }): Promise<object> {
  return objectOnly(parsed(await textBody(context)))
}

/** The same from another process of this program: whatever that one holds within its bounds, however deep, it tells. */
export async function ownJsonBody({ request }: { readonly request: Request }): Promise<object> {
  return objectOnly(objectIn(await readText(request, Number.POSITIVE_INFINITY), maxOwnDepth))
}

/** The same for who has not signed in yet, and must not cost much. */
export async function openJsonBody({ request }: { readonly request: Request }): Promise<object> {
  return objectOnly(parsed(await readText(request, maxOpenBytes)))
}

/** The same where a list comes by mistake, and the route can say where it belongs. */
export async function jsonBodyOrList(context: { readonly request: Request }): Promise<object> {
  return parsed(await textBody(context))
}

/** A list has no members: where all of them may be left out it would pass for an empty object. */
function objectOnly(value: object): object {
  if (Array.isArray(value)) throw new SyntaxError('not an object')
  return value
}

/** What clients sent is in it, which may nest 1,000 levels deep. */
const maxOwnDepth = 1_100

/** More than any body nests; what refuses one writes it out indented, so each level makes that longer. */
const maxDepth = 64

/** Which of two values counts would be a guess. */
function parsed(text: string): object {
  const value = objectIn(text)
  const twice = twiceIn(text)
  if (twice !== undefined) throw new TwiceGiven([twice], 'body')
  return value
}

function objectIn(text: string, depth = maxDepth): object {
  const read = parseJson(text, depth)
  if (!read.ok) throw new SyntaxError(read.error.reason)
  // What is sent so is meant to do harm; deeper in, where text of others may stand, it is only left out.
  if (text.includes('__proto__') && isMembers(read.value) && Object.hasOwn(read.value, '__proto__'))
    throw new UnknownMember('__proto__')
  // Neither can come but by an escape.
  if (/\\u(?:0000|d[89a-f])/i.test(text)) refuseUnsound(read.value)
  refuseHidden(read.value)
  // A member of this name would become an object's prototype where it is copied carelessly.
  const value: unknown = text.includes('__proto__')
    ? JSON.parse(text, (name, member: unknown) => (name === '__proto__' ? undefined : member))
    : read.value
  if (typeof value !== 'object' || value === null) throw new SyntaxError('not an object or an array')
  return value
}

/** A text of a body holds what no database keeps; `field`: where. */
export class UnsoundText extends Error {
  constructor(
    readonly field: string,
    readonly fault = 'a NUL or half of a character',
  ) {
    super()
  }
}

/** Members that are shown as they are kept, by their plain names; true: of several lines. */
const shownMembers: ReadonlyMap<string, boolean> = new Map([
  ...['name', 'label', 'email', 'target'].map((name) => [name, false] as const),
  ['notes', true],
])

function refuseHidden(value: unknown): void {
  if (!isMembers(value)) return
  for (const [name, member] of Object.entries(value)) {
    const hasLines = shownMembers.get(name.toLowerCase())
    if (hasLines === undefined || typeof member !== 'string') continue
    if (!(hasLines ? isShownText : isShownLine)(member))
      throw new UnsoundText(name, 'a control character, or one that turns the direction of text,')
  }
}

function refuseUnsound(value: unknown, place: readonly string[] = []): void {
  if (typeof value === 'string' && !isSoundText(value)) throw new UnsoundText(place.join('.'))
  if (typeof value !== 'object' || value === null) return
  for (const [name, member] of Object.entries(value)) {
    if (!isSoundText(name)) throw new UnsoundText(place.join('.'))
    refuseUnsound(member, [...place, name])
  }
}

const isMembers = (value: unknown): value is object => typeof value === 'object' && value !== null

/** The same where a body may be left out: none is an object without members. */
export async function optionalJsonBody(context: { readonly request: Request }): Promise<object> {
  const text = await textBody(context)
  return text.trim() === '' ? {} : objectOnly(parsed(text))
}

/** The same where `null` is none too, as scripts of the original send it. */
export async function nullableJsonBody(context: { readonly request: Request }): Promise<object> {
  const text = await textBody(context)
  return ['', 'null'].includes(text.trim()) ? {} : objectOnly(parsed(text))
}

/** A body came to a route that reads none; `field`: its first member. */
export class BodyNotTaken extends Error {
  constructor(readonly field?: string) {
    super()
  }
}

/** For a route without a body: scripts of the original send none, `{}` or `null`; whoever sends more expects it to count. */
export async function noBody({ request }: { readonly request: Request }): Promise<null> {
  const text = (await readText(request, maxOpenBytes)).trim()
  if (text === '') return null
  const read = parseJson(text, maxDepth)
  if (!read.ok || Array.isArray(read.value)) throw new BodyNotTaken()
  if (read.value === null) return null
  const [first] = isMembers(read.value) ? Object.keys(read.value) : ['']
  if (first !== undefined) throw new BodyNotTaken(first === '' ? undefined : first)
  return null
}

/** Bodies that were read ahead of their route; each goes with its request. A copy of the request would read without bound. */
const readAhead = new WeakMap<Request, string>()

/** Reads the body now and keeps it for the route. */
export async function readAheadBody(request: Request): Promise<string> {
  const text = await textBody({ request })
  readAhead.set(request, text)
  return text
}

/** The body as it is, its bytes counted as they come: a chunked body has no length to look at. */
export const textBody = ({ request }: { readonly request: Request }): Promise<string> => readText(request, maxBodyBytes)

async function readText(request: Request, maxBytes: number): Promise<string> {
  const known = readAhead.get(request)
  if (known !== undefined) return known
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let text = ''
  let bytes = 0
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) throw new BodyTooLarge(maxBytes)
    text += decoder.decode(chunk, { stream: true })
  }
  return text + decoder.decode()
}
