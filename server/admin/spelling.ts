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
        return [name, { body: hooks.body, query: queryOf(hooks.query) }] as const
      }),
    )
    const place = `${method} ${trimmed(route)}`
    const plain = plainOf(place)
    const found = known.get(place)
    if (found === undefined) return body
    refuseQuery(url, found.query)
    // The command line's own routes are those of the scripts.
    const rule = place.replace('/api/control/', '/v2/')
    return speltAs(found.body, shown[rule], { plain, isLenient: lenient.has(rule) })(body)
  }
}

type How = { readonly plain: (name: string) => string; readonly isLenient: boolean }

/** A value in the spelling of its schema, and so all objects inside of it; `read`: what the thing has when it is read. */
function speltAs(schema: unknown, read: unknown, how: How, place: readonly string[] = []) {
  const { plain, isLenient } = how
  const names = namesOf(schema, plain)
  const shownNames = namesOf(read, plain)
  return (value: unknown): unknown => {
    if (Array.isArray(value)) {
      const inner = itemOf(schema)
      return inner === undefined
        ? value
        : value.map((one, at) => speltAs(inner, itemOf(read), how, [...place, `${at}`])(one))
    }
    if (names.size === 0 || !isMembers(value)) return value
    const path = (name: string): string => [...place, name].join('.')
    if (!isLenient) {
      const stranger = Object.keys(value).find((name) => !names.has(plain(name)) && !shownNames.has(plain(name)))
      if (stranger !== undefined)
        throw new UnknownMember(path(stranger), nearest(stranger, [...new Set(names.values())]))
    }
    refuseTwice(value, names, plain, path)
    return Object.fromEntries(
      Object.entries(value).map(([name, member]) => {
        const own = isOtherwise(name, names.get(plain(name)), names, value) ? (names.get(plain(name)) ?? name) : name
        return [own, speltAs(memberOf(schema, own), memberOf(read, own), how, [...place, name])(member)]
      }),
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

type Known = { readonly body: unknown; readonly query: readonly string[] }

const queryOf = (schema: unknown): readonly string[] => [...new Set(namesOf(schema, (name) => name).values())]

/** A filter that is not understood would show, export or delete what was to be left out. */
function refuseQuery(url: string, names: readonly string[]): void {
  if (!url.includes('?')) return
  const { searchParams } = new URL(url)
  const seen = new Map<string, string>()
  for (const name of searchParams.keys()) {
    if (noise.has(name)) continue
    if (!names.includes(name)) throw new UnknownMember(name, nearest(name, names), 'query')
    const before = seen.get(joined(name))
    if (before !== undefined) throw new TwiceGiven(before === name ? [name] : [before, name], 'query')
    seen.set(joined(name), name)
  }
}

/** Which of two spellings counts would be a guess. */
function refuseTwice(
  value: object,
  names: ReadonlyMap<string, string>,
  plain: (name: string) => string,
  path: (name: string) => string,
): void {
  const seen = new Map<string, string>()
  for (const name of Object.keys(value)) {
    const own = names.get(name) ?? names.get(plain(name))
    if (own === undefined) continue
    const before = seen.get(own)
    if (before !== undefined) throw new TwiceGiven([path(before), path(name)], 'body')
    seen.set(own, name)
  }
}

function isOtherwise(name: string, own: string | undefined, names: ReadonlyMap<string, string>, body: object): boolean {
  return own !== undefined && own !== name && names.get(name) !== name && !Object.hasOwn(body, own)
}

function namesOf(schema: unknown, plain: (name: string) => string): ReadonlyMap<string, string> {
  const names = choicesOf(schema).flatMap(({ properties = {} }) => Object.keys(properties))
  return new Map([...names.map((name) => [plain(name), name] as const), ...names.map((name) => [name, name] as const)])
}

const memberOf = (schema: unknown, name: string): unknown => find(schema, ({ properties }) => properties?.[name])
const itemOf = (schema: unknown): unknown => find(schema, ({ items }) => items)

function find(schema: unknown, of: (choice: Choice) => unknown): unknown {
  for (const choice of choicesOf(schema)) {
    const found = of(choice)
    if (found !== undefined) return found
  }
  return undefined
}

type Choice = { readonly properties?: Readonly<Record<string, unknown>>; readonly items?: unknown }

/** A schema, or those of which a value may fit any. */
function choicesOf(schema: unknown): readonly Choice[] {
  if (!isMembers(schema)) return []
  const { anyOf } = schema as Partial<TSchema> // its other members are what is looked for
  return Array.isArray(anyOf) ? anyOf.flatMap(choicesOf) : [schema]
}

const joined = (name: string): string => name.toLowerCase().replaceAll('_', '')
const plainOf = (place: string) => (byCase.has(place) ? (name: string): string => name.toLowerCase() : joined)

const trimmed = (path: string): string => path.replace(/(?<=.)\/$/, '')
const isMembers = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
