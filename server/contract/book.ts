import { plus, type Used } from '../access/limits.ts'
import type { ErrorKind, GatewayError } from '../conversation/error.ts'
import type { Usage } from '../conversation/event.ts'
import type { Purpose, Repair, RouteRecord, SearchRecord, Summary, Turn } from '../relay/record.ts'
import { sumUsage } from './usage.ts'

/** A turn as it goes. */
export type OpenTurn = {
  readonly purpose: Purpose | undefined
  readonly startedMs: number
  /** Told by its `finish` when that passes, so that an end told to the caller can count it. */
  usage: Usage | undefined
  summary: Summary | undefined
  endedMs: number
}

/** How the whole request ended. */
export type Ending = {
  readonly outcome: 'ok' | ErrorKind
  readonly message?: string
  readonly cause?: string
  readonly firstTokenMs?: number
  /** Only with `context-too-long`. */
  readonly contextTokens?: GatewayError['contextTokens']
}

/** The caller has what was demanded. */
const isMet: ReadonlySet<Repair['outcome']> = new Set(['repaired', 'dropped'])

/** Keeps the turns of one request and makes one summary of them. */
export type Book = {
  readonly open: (purpose: Purpose | undefined) => OpenTurn
  readonly close: (turn: OpenTurn, summary: Summary) => void
  /** A turn of the caller's own that was over before there was a book. */
  readonly past: (summary: Summary) => void
  readonly hasOpen: () => boolean
  readonly tell: (repair: Repair) => void
  /** What the turns that are over count as. */
  readonly used: () => Used | undefined
  readonly usage: (isShown?: (purpose: Purpose | undefined) => boolean) => Usage | undefined
  readonly summary: (ending: Ending) => Summary
  readonly accountId: () => string | undefined
  readonly searched: (record: SearchRecord) => void
  /** Searches that the provider was asked for. */
  readonly searches: () => number
  /** Turns that went on from searches. */
  readonly rounds: () => number
}

export function createBook(elapsed: () => number, usedOf: (summary: Summary) => Used | undefined): Book {
  const turns: OpenTurn[] = []
  const searches: SearchRecord[] = []
  let used: Used | undefined
  let repair: Repair | undefined
  const ended = (): readonly Summary[] => turns.flatMap(({ summary }) => summary ?? [])
  const usage: Book['usage'] = (isShown = () => true) => {
    const sum = sumUsage(
      turns.flatMap((turn) => (isShown(turn.purpose) ? (turn.usage ?? turn.summary?.usage ?? []) : [])),
    )
    const done = searches.filter(({ outcome }) => outcome === 'ok').length
    return sum === undefined || done === 0 ? sum : { ...sum, searches: done }
  }

  const count = (summary: Summary): void => {
    const ofTurn = usedOf(summary)
    if (ofTurn !== undefined) used = used === undefined ? ofTurn : { ...plus(used, ofTurn), requests: 1 }
  }

  return {
    open: (purpose) => {
      const turn = { purpose, startedMs: elapsed(), usage: undefined, summary: undefined, endedMs: 0 }
      turns.push(turn)
      return turn
    },
    close: (turn, summary) => {
      turn.summary = summary
      turn.endedMs = elapsed()
      count(summary)
    },
    past: (summary) => {
      turns.push({ purpose: undefined, startedMs: 0, usage: summary.usage, summary, endedMs: summary.durationMs })
      count(summary)
    },
    tell: (told) => {
      repair = told
    },
    hasOpen: () => turns.some(({ summary }) => summary === undefined),
    used: () => used,
    accountId: () => turns.findLast(({ summary }) => summary?.accountId !== undefined)?.summary?.accountId,
    searched: (record) => void searches.push(record),
    searches: () => searches.filter(({ outcome }) => outcome !== 'invalid-input' && outcome !== 'uses-spent').length,
    rounds: () => turns.filter(({ purpose }) => purpose === 'search').length,
    usage,
    summary: (ending) => {
      const summaries = ended()
      // Whose answer it is: the caller's own turn where there was one, however many followed.
      const own = turns.find(
        ({ purpose, summary }) => purpose === undefined && summary?.accountId !== undefined,
      )?.summary
      const first = own ?? summaries.find(({ accountId }) => accountId !== undefined) ?? summaries[0]
      const lostCredits = summaries.reduce((sum, summary) => sum + (summary.lostCredits ?? 0), 0)
      const total = usage()
      return {
        ...ending,
        ...(first?.accountId === undefined ? {} : { accountId: first.accountId }),
        ...(first?.upstreamModel === undefined ? {} : { upstreamModel: first.upstreamModel }),
        durationMs: elapsed(),
        ...(total && { usage: total }),
        ...(used && { used }),
        ...(lostCredits > 0 && { lostCredits }),
        ...(repair && !isMet.has(repair.outcome) && { missed: repair.of }),
        route: {
          ...routeOf(turns, summaries),
          ...(repair && { repair }),
          ...(searches.length > 0 && { searches }),
        },
      }
    },
  }
}

function routeOf(turns: readonly OpenTurn[], summaries: readonly Summary[]): RouteRecord {
  const routes = summaries.map(({ route }) => route)
  const begun = routes.find(({ attempts }) => attempts.length > 0) ?? routes[0]
  const left = routes.at(-1)?.left
  return {
    considered: begun?.considered ?? [],
    ...(begun?.by && { by: begun.by }),
    attempts: routes.flatMap(({ attempts }) => attempts),
    ...(left && { left }),
    ...(turns.length > 1 && { turns: turns.flatMap(turnOf) }),
  }
}

function turnOf({ purpose, startedMs, endedMs, summary }: OpenTurn): readonly Turn[] {
  if (summary === undefined) return []
  const { outcome, upstreamModel, usage, lostCredits } = summary
  return [
    {
      ...(purpose && { purpose }),
      outcome,
      ...(upstreamModel === undefined ? {} : { upstreamModel }),
      startedMs,
      endedMs,
      ...(usage && { usage }),
      ...(lostCredits === undefined ? {} : { lostCredits }),
    },
  ]
}
