import { controlHeader } from '../admin/gate.ts'
import type { Begun, News } from '../admin/succession.ts'
import { successionPath } from '../admin/succession-routes.ts'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import type { Listening } from '../http/server.ts'
import type { PortShare } from '../http/share-port.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Logger } from '../observe/log.ts'
import { type Control, readControl } from '../store/control.ts'
import type { FolderLock } from './data.ts'

export type SuccessorDeps = {
  readonly effects: Pick<Effects, 'now' | 'sleep' | 'fetch' | 'after'>
  readonly log: Logger
  readonly dataDir: string
  /** Of this process. */
  readonly controlToken: string
  readonly lock: FolderLock
  readonly isUp: () => boolean
  readonly isAlive: (pid: number) => boolean
  readonly listening: () => Listening | undefined
  readonly share: (port: number) => PortShare
  /** The process before this one has the port open, too. */
  readonly isPortShared: (port: number) => boolean
  /** Ends the work nobody asked for. */
  readonly stopJobs: () => Promise<void>
  readonly startJobs: () => void
  /** Brings to the store what waits for it; no token is renewed here any more. */
  readonly settle: () => Promise<void>
  /** Processes before this one that still finish what they have begun. */
  readonly elders: () => readonly number[]
  /** The successor serves: tell it all there is, and from now on what changes. */
  readonly handOver: (tell: (news: News) => void) => Promise<void>
}

/** `yielding`: the folder is given up, this process still serves. `replaced`: the successor serves, this one finishes what it has. */
type Phase = 'serving' | 'yielding' | 'replaced'

export type Successor = ReturnType<typeof createSuccessor>

const lookMs = 20
const mostTries = 50
/** A new process that has not served by then never will. */
const patienceMs = 120_000
/**
 * Connections that were begun before they were led to the successor bring their request later, on a busy machine much later. Closing
 * the port resets those that wait at it and those that have said nothing yet, so it stays until so long nothing has come, and not
 * longer than a stop leaves room for.
 */
const quietMs = 1_500
const lastArrivalsMs = 5_000
/** Of three processes at one port the last could not be led to: a hand-over waits so long for the first to close it. */
const aloneMs = 15_000
const newsBytes = 4 * 1024 * 1024
/** A successor that has not answered by then hangs: what was to be told is lost. */
const askMs = 90_000
/** More is not kept for a successor that does not listen. It forgets what the old one had under way once that one is gone. */
export const mostNews = 50_000

/** The old one's half of a hand-over. If the new one fails, before it serves, everything is as it was. */
export function createSuccessor(deps: SuccessorDeps) {
  const { effects, log, lock } = deps
  let phase: Phase = 'serving'
  let decided = Promise.withResolvers<Control | undefined>()
  let isPortClosed = false
  /** Tokens are renewed by the successor. */
  let isLed = false
  const replaced = Promise.withResolvers<void>()
  const succeeded = Promise.withResolvers<Control>()
  let share: PortShare | undefined
  const waiting: News[] = []
  let lost = 0
  let telling: Promise<void> = Promise.resolve()

  let isBeginning = false
  const begin = async (pid: number): Promise<Result<Begun, string>> => {
    if (isBeginning) return err('Another process is taking this server over already.')
    isBeginning = true
    try {
      return await beginOnce(pid)
    } finally {
      isBeginning = false
    }
  }

  async function beginOnce(pid: number): Promise<Result<Begun, string>> {
    const listening = deps.listening()
    if (phase !== 'serving' || listening === undefined) {
      return err('Another process is taking this server over already.')
    }
    if (!deps.isUp()) return err('The database is away: what waits for it can be handed over to nobody.')
    for (const until = effects.now() + aloneMs; deps.isPortShared(listening.port); ) {
      if (effects.now() > until) return err('The process before this one still has the port. Ask again in a moment.')
      await effects.sleep(lookMs * 5)
    }
    phase = 'yielding'
    decided = Promise.withResolvers()
    isPortClosed = false
    await deps.stopJobs() // they may need tokens themselves
    isLed = true
    await deps.settle()
    lock.giveUp()
    log.info('succession.begun', { successor: pid })
    void watch(pid)
    return ok({ port: listening.port, elders: deps.elders() })
  }

  /** Until the new one has written down that it serves, or is gone. */
  async function watch(pid: number): Promise<void> {
    const until = effects.now() + patienceMs
    while (phase === 'yielding') {
      const place = readControl(deps.dataDir)
      if (place !== undefined && place.token !== deps.controlToken) return replace(place)
      if (!deps.isAlive(pid) || effects.now() > until) return goOn(pid)
      await effects.sleep(lookMs)
    }
  }

  async function replace(place: Control): Promise<void> {
    phase = 'replaced'
    // From here on every new connection is the successor's.
    share?.steer()
    deps.listening()?.lastAnswers()
    log.info('succession.done', { successor: place.pid })
    decided.resolve(place)
    succeeded.resolve(place)
    await deps.handOver(tell).catch((error) => log.warn('succession.news-lost', { cause: String(error) }))
    await telling
    await quiet()
    replaced.resolve()
  }

  /** Looks often rather than once: between two looks the system has what waits at the port taken in, however late they come. */
  async function quiet(): Promise<void> {
    const since = effects.now()
    for (let looks = 1; ; looks++) {
      await effects.sleep(lookMs)
      const now = effects.now()
      const isQuiet = now - Math.max(since, deps.listening()?.lastArrivalAt() ?? 0) >= quietMs
      if (looks * lookMs >= quietMs && (isQuiet || now - since >= lastArrivalsMs)) return
    }
  }

  async function goOn(pid: number): Promise<void> {
    while (!lock.takeBack()) await effects.sleep(lookMs) // it hangs, but is still there
    share?.close()
    const listening = deps.listening()
    if (isPortClosed) {
      const again = listening?.reopen()
      if (again?.ok === false) log.error('succession.port-lost', { message: again.error.message })
    }
    phase = 'serving'
    isLed = false
    decided.resolve(undefined)
    deps.startJobs()
    log.warn('succession.failed', {
      successor: pid,
      message: 'The new process has not come to serve. This one goes on.',
    })
  }

  /** Whoever owns the folder now: the successor may have one of its own by this time. */
  async function ask(path: string, body: object): Promise<Response> {
    for (let tries = 1; ; tries++) {
      const place = readControl(deps.dataDir)
      const isOther = place !== undefined && place.token !== deps.controlToken
      try {
        const answer = isOther ? await post(place, path, body) : undefined
        // A connection that came to the one before, or to the one after: its word is not what was asked for.
        if (answer !== undefined && answer.status !== 401) return answer
        if (tries === mostTries) throw new Error(isOther ? 'It answers to another name.' : 'It is gone.')
      } catch (error) {
        if (tries === mostTries || (error as { readonly name?: string }).name === 'AbortError') throw error
      }
      await effects.sleep(lookMs * 5)
    }
  }
  const post = async (place: Control, path: string, body: object): Promise<Response> => {
    const host = place.host.includes(':') ? `[${place.host}]` : place.host
    const controller = new AbortController()
    const cancel = effects.after(askMs, () => controller.abort())
    try {
      return await effects.fetch(`http://${host}:${place.port}${successionPath}${path}`, {
        method: 'POST',
        // A connection that is kept may be one to the process before.
        headers: { [controlHeader]: place.token, 'content-type': 'application/json', connection: 'close' },
        body: JSON.stringify(body),
        keepalive: false,
        proxy: false,
        signal: controller.signal,
      })
    } finally {
      cancel()
    }
  }

  /** In order, one message at a time, each with what has gathered meanwhile. */
  function tell(news: News): void {
    if (waiting.length >= mostNews) {
      if (lost++ === 0) log.warn('succession.news-lost', { cause: `More than ${mostNews} wait.` })
      return
    }
    waiting.push(news)
    if (waiting.length > 1) return
    telling = telling.then(async () => {
      while (waiting.length > 0) {
        const batch: News[] = []
        for (let bytes = 0; batch.length < waiting.length && bytes < newsBytes; ) {
          const next = waiting[batch.length]
          if (next === undefined) break
          bytes += next.type === 'answer' ? JSON.stringify(next).length : 200
          batch.push(next)
        }
        try {
          const answer = await ask('/news', { news: batch })
          if (!answer.ok) throw new Error(`status ${answer.status}`)
        } catch (error) {
          lost += batch.length
          log.warn('succession.news-lost', { items: batch.length, cause: String(error) })
        }
        waiting.splice(0, batch.length)
      }
    })
  }

  /** A token is renewed by the owner of the folder alone: by the successor, once there is one. */
  async function renewElsewhere(
    accountId: string,
    token: string | undefined,
  ): Promise<Result<void, GatewayError> | undefined> {
    const place = await decided.promise
    if (place === undefined) return undefined
    try {
      const answer = await ask('/token', { accountId, ...(token === undefined ? {} : { token }) })
      if (answer.ok) return ok(undefined)
      const { error } = (await answer.json()) as { readonly error?: string }
      return err(gatewayError('renewal-failed', error ?? 'The sign-in could not be renewed.'))
    } catch (error) {
      return err(gatewayError('renewal-failed', 'The sign-in could not be renewed.', { cause: String(error) }))
    }
  }

  return {
    begin,
    openPort: (): boolean => {
      const listening = deps.listening()
      if (phase !== 'yielding' || listening === undefined) return false
      share = deps.share(listening.port)
      if (share.open()) return true
      isPortClosed = true
      listening.closePort()
      return false
    },
    isHandedOver: (): boolean => phase !== 'serving',
    isReplaced: (): boolean => phase === 'replaced',
    renewElsewhere: () => (isLed ? renewElsewhere : undefined),
    /** Resolves once a hand-over that is under way is decided. */
    decided: async (): Promise<void> => {
      if (phase === 'yielding') await decided.promise
    },
    /** Resolves with the successor as soon as it serves. */
    succeeded: succeeded.promise,
    /** Resolves when this process has nothing left to do but finish the answers it has begun. */
    replaced: replaced.promise,
    /** Resolves when the successor has heard all. */
    told: () => telling,
    stats: () => ({ waiting: waiting.length, lost }),
  }
}
