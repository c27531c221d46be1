import { type TSchema, Type } from '@sinclair/typebox'
import { nearest } from '../config/nearest.ts'
import { AccountView } from './contract/accounts.ts'
import { CaptureView } from './contract/captures.ts'
import { IpBlockView, IpConfigView } from './contract/ips.ts'
import { KeyView } from './contract/keys.ts'
import { ModelMappingView } from './contract/model-mappings.ts'
import { OperatorView } from './contract/operators.ts'
import { ProxyView } from './contract/proxies.ts'
import { UserView } from './contract/users.ts'
import { VisitorView } from './contract/visitors.ts'
import { TwiceGiven, UnknownMember } from './unknown-member.ts'

/** A route as the framework knows it, with the schemas its body and its query must fit. */
export type BodyRoute = {
  readonly method: string
  readonly path: string
  readonly hooks: { readonly body?: unknown; readonly query?: unknown; readonly parse?: unknown }
}

/**
 * Bodies in which strangers are let pass: a sign-in comes from other tools with members of their own, settings are refused by the
 * service that has them all, and who signs in gets nothing by a member nobody reads.
 */
const lenient: ReadonlySet<string> = new Set([
  'POST /v2/accounts',
  'PUT /v2/settings',
  'PATCH /v2/settings',
  'POST /api/login',
  'POST /api/password',
])

/** The original's user has these two beside what ours has. */
const UserShown = Type.Object({ ...UserView.properties, last_reset_daily: Type.Any(), last_reset_monthly: Type.Any() })

/**
 * Everywhere else a member that is not understood is refused: it may leave a right without its bound, delete what it was to spare
 * (`preveiw`), or change nothing and say that it is done. What the thing has when it is read may come back with it, and is left as
 * it is.
 */
const shown: Readonly<Record<string, TSchema>> = {
  'PATCH /v2/keys/:id': KeyView,
  'POST /v2/users': UserShown,
  'POST /v2/users/create-many': UserShown,
  'PATCH /v2/users/:id': UserShown,
  'PATCH /v2/operators/:id': OperatorView,
  'PUT /v2/model-mappings/:id': ModelMappingView,
  'PUT /v2/captures/:keyId': CaptureView,
  'PATCH /v2/accounts/:id': AccountView,
  'POST /v2/proxies': ProxyView,
  'PUT /v2/proxies/:id': ProxyView,
  'POST /v2/ips/block': IpBlockView,
  'POST /v2/ips/unblock': IpBlockView,
  'PUT /v2/ips/config/:ip': Type.Object({ ...IpConfigView.properties, ...VisitorView.properties }),
}

/** What scripts and browsers add to an address so that nothing answers from a cache. */
const noise: ReadonlySet<string> = new Set(['_', '_t', 't', 'ts', 'timestamp', 'nocache'])

/** Of a setting only the case may differ: any other name is refused with its neighbour beside it. */
const byCase: ReadonlySet<string> = new Set(['PUT /v2/settings', 'PATCH /v2/settings'])

/**
 * Gives a body's members the names their route knows them by. The original read them in any case (`Password`, `apikey`), and so
 * do its scripts write them; of ours some have an underscore and some a capital. A member that is there in two spellings is
 * refused: one of them would be lost.
 */
export function createSpelling(routes: () => readonly BodyRoute[]) {
  let known: ReadonlyMap<string, Known> | undefined
  return ({ method, url }: Pick<Request, 'method' | 'url'>, route: string, body: unknown): unknown => {
    known ??= new Map(
      routes().map(({ method: of, path, hooks }) => {
        const name = `${of} ${trimmed(path)}`
        return [name, { members: namesOf(hooks.body, plainOf(name)), query: queryOf(hooks.query) }] as const
      }),
    )
    const place = `${method} ${trimmed(route)}`
    const plain = plainOf(place)
    const found = known.get(place)
    if (found === undefined) return body
    refuseQuery(url, found.query)
    const names = found.members
    if (names.size === 0 || !isMembers(body)) return body
    // The command line's own routes are those of the scripts.
    const rule = place.replace('/api/control/', '/v2/')
    if (!lenient.has(rule)) {
      const read = namesOf(shown[rule], plain)
      const stranger = Object.keys(body).find((name) => !names.has(plain(name)) && !read.has(plain(name)))
      if (stranger !== undefined) throw new UnknownMember(stranger, nearest(stranger, [...new Set(names.values())]))
    }
    refuseTwice(body, names, plain)
    const strange = Object.keys(body).filter((name) => isOtherwise(name, names.get(plain(name)), names, body))
    if (strange.length === 0) return body
    return Object.fromEntries(
      Object.entries(body).map(([name, value]) => [
        strange.includes(name) ? (names.get(plain(name)) ?? name) : name,
        value,
      ]),
    )
  }
}

/** Whether a route reads what is sent: it has a schema for it, or a reader of its own beside the one of all routes. */
export function createBodyReaders(routes: () => readonly BodyRoute[]) {
  let known: ReadonlySet<string> | undefined
  return (method: string, route: string): boolean => {
    known ??= new Set(
      routes()
        .filter(({ hooks: { body, parse } }) => body !== undefined || (Array.isArray(parse) && parse.length > 1))
        .map(({ method: of, path }) => `${of} ${trimmed(path)}`),
    )
    return known.has(`${method} ${trimmed(route)}`)
  }
}

type Known = { readonly members: ReadonlyMap<string, string>; readonly query: readonly string[] }

const queryOf = (schema: unknown): readonly string[] => [...new Set(namesOf(schema, (name) => name).values())]

/** A filter that is not understood would show, export or delete what was to be left out. */
function refuseQuery(url: string, names: readonly string[]): void {
  if (!url.includes('?')) return
  const { searchParams } = new URL(url)
  for (const name of searchParams.keys()) {
    if (!names.includes(name) && !noise.has(name)) throw new UnknownMember(name, nearest(name, names), 'query')
    if (!noise.has(name) && searchParams.getAll(name).length > 1) throw new TwiceGiven([name], 'query')
  }
}

/** Which of two spellings counts would be a guess. */
function refuseTwice(body: object, names: ReadonlyMap<string, string>, plain: (name: string) => string): void {
  const seen = new Map<string, string>()
  for (const name of Object.keys(body)) {
    const own = names.get(name) ?? names.get(plain(name))
    if (own === undefined) continue
    const before = seen.get(own)
    if (before !== undefined) throw new TwiceGiven([before, name], 'body')
    seen.set(own, name)
  }
}

function isOtherwise(name: string, own: string | undefined, names: ReadonlyMap<string, string>, body: object): boolean {
  return own !== undefined && own !== name && names.get(name) !== name && !Object.hasOwn(body, own)
}

function namesOf(schema: unknown, plain: (name: string) => string): ReadonlyMap<string, string> {
  const { properties = {} } = isMembers(schema) ? (schema as Partial<TSchema>) : {}
  const names = Object.keys(properties as object)
  return new Map([...names.map((name) => [plain(name), name] as const), ...names.map((name) => [name, name] as const)])
}

const plainOf = (place: string) =>
  byCase.has(place)
    ? (name: string): string => name.toLowerCase()
    : (name: string): string => name.toLowerCase().replaceAll('_', '')

const trimmed = (path: string): string => path.replace(/(?<=.)\/$/, '')
const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
