import { type TSchema, Type } from '@sinclair/typebox'
import { nearest } from '../config/nearest.ts'
import { AccountView } from './contract/accounts.ts'
import { CaptureView } from './contract/captures.ts'
import { IpBlockView, IpConfigView } from './contract/ips.ts'
import { KeyView } from './contract/keys.ts'
import { ModelMappingView } from './contract/model-mappings.ts'
import { OperatorView } from './contract/operators.ts'
import { ProxyView } from './contract/proxies.ts'
import { VisitorView } from './contract/visitors.ts'
import { UnknownMember } from './unknown-member.ts'

/** A route as the framework knows it, with the schema its body must fit. */
export type BodyRoute = { readonly method: string; readonly path: string; readonly hooks: { readonly body?: unknown } }

/**
 * Where a member that is not understood would leave a right without its bound, or delete what it was to spare (`preveiw`), or
 * change nothing and say that it is done. What the thing has when it is read may come back with it, and is left as it is. The
 * original's scripts may send elsewhere what nobody reads.
 */
const strict: Readonly<Record<string, TSchema | undefined>> = {
  'POST /v2/keys': undefined,
  'POST /v2/keys/:id/regenerate': undefined,
  'POST /v2/keys/:id/hand-over': undefined,
  'PATCH /v2/keys/:id': KeyView,
  'POST /v2/admin-tokens': undefined,
  'POST /v2/operators': undefined,
  'PATCH /v2/operators/:id': OperatorView,
  'POST /v2/model-mappings': undefined,
  'PUT /v2/model-mappings/:id': ModelMappingView,
  'PUT /v2/captures/:keyId': CaptureView,
  'PATCH /v2/accounts/:id': AccountView,
  'POST /v2/accounts/reset-stats': undefined,
  'POST /v2/accounts/batch': undefined,
  'POST /v2/proxies': ProxyView,
  'PUT /v2/proxies/:id': ProxyView,
  'POST /v2/ips/block': IpBlockView,
  'PUT /v2/ips/config/:ip': Type.Object({ ...IpConfigView.properties, ...VisitorView.properties }),
  'POST /v2/logs/cleanup': undefined,
  'POST /v2/devtools/claude-code/config': undefined,
  'POST /v2/devtools/droid/config': undefined,
}

/** Of a setting only the case may differ: any other name is refused with its neighbour beside it. */
const byCase: ReadonlySet<string> = new Set(['PUT /v2/settings', 'PATCH /v2/settings'])

/**
 * Gives a body's members the names their route knows them by. The original read them in any case (`Password`, `apikey`), and so
 * do its scripts write them; of ours some have an underscore and some a capital. A member that is there in its own spelling is
 * never written over.
 */
export function createSpelling(routes: () => readonly BodyRoute[]) {
  let known: ReadonlyMap<string, ReadonlyMap<string, string>> | undefined
  return (method: string, route: string, body: unknown): unknown => {
    known ??= new Map(
      routes().map(({ method: of, path, hooks }) => {
        const name = `${of} ${trimmed(path)}`
        return [name, namesOf(hooks.body, plainOf(name))] as const
      }),
    )
    const place = `${method} ${trimmed(route)}`
    const plain = plainOf(place)
    const names = known.get(place)
    if (names === undefined || names.size === 0 || !isMembers(body)) return body
    if (Object.hasOwn(strict, place)) {
      const shown = namesOf(strict[place], plain)
      const stranger = Object.keys(body).find((name) => !names.has(plain(name)) && !shown.has(plain(name)))
      if (stranger !== undefined) throw new UnknownMember(stranger, nearest(stranger, [...new Set(names.values())]))
    }
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
