import { headerText } from '../lib/header-text.ts'
import { cutText } from '../lib/sound-text.ts'
import { redact } from '../observe/redact.ts'
import type { AuditEntry } from '../store/store.ts'
import type { Entry } from './actor.ts'
import type { AdminDeps } from './deps.ts'
import { isPreview, isRead, needOf } from './permissions.ts'

type Json = unknown
type Doer = { readonly kind: AuditEntry['actorKind']; readonly id: string; readonly name: string }
type Draft = {
  readonly route: string
  readonly target?: string
  readonly body: Json
  readonly before: Json
}

export type AuditTrail = {
  /** Before a route's handler: keeps how things are. */
  readonly begin: (
    request: Request,
    call: { readonly route: string; readonly params: Readonly<Record<string, string>>; readonly body: unknown },
  ) => Promise<void>
  /** After it: writes the entry, unless nothing was changed. Resolves when it is on disk. */
  readonly end: (request: Request, entry: Entry | undefined, response: Response) => Promise<void>
  /** What no route's answer tells: a sign-in, a sign-out, a link that was opened. */
  readonly note: (request: Request, actor: Doer, action: string, target?: string) => Promise<void>
}

type TrailDeps = Pick<AdminDeps, 'effects' | 'log' | 'peerOf' | 'requestIdOf'> & {
  readonly store: { readonly audit: Pick<AdminDeps['store']['audit'], 'append'> }
  /** Patterns of the routes that show something: `/v2/accounts/:id`. */
  readonly views: () => ReadonlySet<string>
  /** What such a route answers to the owner; undefined when it is no JSON or not 200. */
  readonly show: (path: string) => Promise<Json | undefined>
}

/** Larger values are cut: the log is kept for ever. */
const longestValue = 8_000

/**
 * Writes down every change that goes through a route, whatever the route: who, from where, what, and how it was before and
 * after. Both come from the route that shows the same thing, so that a new route needs nothing of its own to be in the log.
 */
export function createAuditTrail(deps: TrailDeps): AuditTrail {
  const drafts = new WeakMap<Request, Draft>()

  const append = async (
    request: Request,
    actor: Doer,
    rest: Pick<AuditEntry, 'action' | 'status'> & Partial<AuditEntry>,
  ) => {
    const requestId = deps.requestIdOf?.(request)
    try {
      await deps.store.audit.append({
        at: deps.effects.now(),
        actorKind: actor.kind,
        actorId: actor.id,
        actorName: actor.name,
        peer: deps.peerOf(request).address,
        userAgent: headerText(request.headers.get('user-agent') ?? '').slice(0, 256),
        ...(requestId === undefined ? {} : { requestId }),
        ...rest,
      })
    } catch (error) {
      deps.log('error', 'audit.failed', { action: rest.action, cause: cutText(String(error), 300) })
    }
  }

  /** How the thing a route changes looks now. */
  const look = async (route: string, target: string | undefined): Promise<Json | undefined> => {
    const view = viewOf(route, deps.views())
    if (view === undefined) return undefined
    if (!view.includes(':id')) {
      const shown = await deps.show(view)
      return target === undefined ? shown : memberOf(shown, target)
    }
    return target === undefined ? undefined : deps.show(view.replace(':id', encodeURIComponent(target)))
  }

  return {
    begin: async (request, { route: found, params, body }) => {
      const route = found.replace(/(?<=.)\/$/, '')
      if (!needOf(request.method, route).audited || route === '/api/login' || route === '/api/logout') return
      if (isPreview(request, route, body)) return
      const target = Object.values(params)[0]
      const before =
        !isRead(request.method) && changesOne(request.method, route) ? await look(route, target) : undefined
      drafts.set(request, { route, ...(target === undefined ? {} : { target }), body, before })
    },
    end: async (request, entry, response) => {
      const draft = drafts.get(request)
      // A refused request has changed nothing; one that broke may have.
      if (draft === undefined || entry === undefined || entry.by === 'nobody') return
      if (response.status >= 400 && response.status < 500) return
      const { route, target, body } = draft
      const looked = draft.before !== undefined && request.method !== 'DELETE' ? await look(route, target) : undefined
      const changed = looked === undefined ? undefined : difference(draft.before, looked)
      const before = changed === undefined ? draft.before : changed.before
      const after = changed === undefined ? ((await answered(response)) ?? body) : changed.after
      await append(request, entry.actor, {
        action: `${request.method} ${route}`,
        status: response.status,
        ...(target === undefined ? {} : { target: cutText(target, 200) }),
        ...textOf('before', isRead(request.method) ? undefined : before),
        ...textOf(
          'after',
          isRead(request.method) || (request.method === 'DELETE' && before !== undefined) ? undefined : after,
        ),
      })
    },
    note: (request, actor, action, target) =>
      append(request, actor, { action, status: 200, ...(target === undefined ? {} : { target }) }),
  }
}

/** Whether a route changes one thing that can be looked at: what is made is not there before, and lists are too long. */
const changesOne = (method: string, route: string): boolean => method !== 'POST' || route.includes(':id')

/** The route that shows what another one changes: its own path, the thing it is about, or the list the thing is in. */
function viewOf(route: string, views: ReadonlySet<string>): string | undefined {
  const plain = route.replace(/^\/api\/control\//, '/v2/')
  const one = /^(.*\/:id)(\/|$)/.exec(plain)?.[1]
  return [plain, one, one?.replace(/\/:id$/, '')].find((path) => path !== undefined && views.has(path))
}

/** The one with an id in the lists of an answer. */
function memberOf(shown: Json, id: string): Json | undefined {
  if (typeof shown !== 'object' || shown === null) return undefined
  for (const list of Object.values(shown).filter(Array.isArray)) {
    const found = list.find(
      (item: unknown) => typeof item === 'object' && item !== null && 'id' in item && item.id === id,
    )
    if (found !== undefined) return found
  }
  return undefined
}

/** The members that are not the same. */
function difference(before: Json, after: Json): { readonly before: Json; readonly after: Json } {
  if (!isRecord(before) || !isRecord(after)) return { before, after }
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]),
  )
  const pick = (from: Readonly<Record<string, Json>>): Json =>
    Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]))
  return { before: pick(before), after: pick(after) }
}

const isRecord = (value: Json): value is Readonly<Record<string, Json>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A JSON answer that is there whole; a stream is left alone. */
async function answered(response: Response): Promise<Json | undefined> {
  if (response.headers.get('content-type')?.startsWith('application/json') !== true) return undefined
  try {
    return await response.clone().json()
  } catch {
    return undefined
  }
}

/** As JSON without secrets, by the names of fields and the shapes of texts; cut where it is too long. */
function textOf<Name extends 'before' | 'after'>(name: Name, value: Json): { readonly [Key in Name]?: string } {
  if (value === undefined) return {}
  // A text is what somebody sent in no form we know: it may be anything.
  const safe = typeof value === 'string' ? `(${value.length} characters)` : redact(value)
  const text = JSON.stringify(safe)
  const short = text.length <= longestValue ? text : JSON.stringify({ cut: cutText(text, longestValue) })
  return { [name]: short } as { readonly [Key in Name]?: string } // one member, by its name
}
