import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { createTurns } from '../lib/turns.ts'
import { type LogLevel, type LogLine, lineText, logLevels } from '../observe/log.ts'
import { matches } from '../store/request-filter.ts'
import { filterQuery } from './contract/logs.ts'
import type { AdminDeps } from './deps.ts'
import { lastIdOf, resume } from './event-streams.ts'
import { fail } from './failure.ts'
import { invalidRequest } from './invalid-request.ts'
import { createLiveNames } from './live-names.ts'
import { readFilter, readWhole } from './log-query.ts'
import { requestView } from './log-view.ts'

const text = Type.Optional(Type.String())

/** What happens now: the server's own log, and requests as they end. */
export function streamRoutes({
  store,
  effects,
  streams,
  serverLog,
  finished,
  log,
}: Pick<AdminDeps, 'store' | 'effects' | 'streams' | 'serverLog' | 'finished' | 'log'>) {
  const named = createLiveNames(store, effects)
  // Ids of another start mean other lines.
  const instance = effects.now().toString(36)

  return new Elysia({ prefix: '/v2' })
    .get(
      '/server-logs/stream',
      ({ request, query }) => {
        const level = levelOf(query.level)
        if (level === undefined) return refused('level', logLevels)
        const format = query.format || 'text'
        if (format !== 'text' && format !== 'json') return refused('format', ['text', 'json'])
        const tail = readWhole(query, 'tail')
        if (!tail.ok) return fail(tail.error)
        const data = format === 'json' ? (line: LogLine) => JSON.stringify(line) : lineText
        const isShown = (line: LogLine): boolean => logLevels.indexOf(line.level) >= logLevels.indexOf(level)
        return streams.open((send) => {
          const sendLine = (line: LogLine): void => {
            if (isShown(line)) send({ event: 'log', id: `${instance}-${line.id}`, data: data(line) })
          }
          send({ event: 'connected', data: 'ok' })
          const after = lastIdOf(request, query)
          const { items, resync } = resume({ instance, after }, (id) => serverLog.recent(undefined, id))
          if (resync !== undefined) send(resync)
          const shown =
            after === undefined
              ? serverLog
                  .recent()
                  .filter(isShown)
                  .slice(-(tail.value ?? 0))
              : items
          if (after !== undefined || (tail.value ?? 0) > 0) for (const line of shown) sendLine(line)
          return serverLog.subscribe(sendLine)
        })
      },
      { query: Type.Object({ level: text, format: text, tail: text, last_event_id: text }) },
    )
    .get(
      '/logs/stream',
      async ({ request, query }) => {
        const { timezone = '', owner_key_id } = await store.settings.all()
        const asked = readFilter(query, timezone)
        if (!asked.ok) return fail(asked.error)
        const { filter } = asked.value
        return streams.open((send) => {
          send({ event: 'connected', data: 'ok' })
          // In the order they ended, whoever's names have to be read first.
          const inTurn = createTurns()
          const sendRequest = ({ id, value }: ReturnType<typeof finished.recent>[number]): void => {
            if (!matches(filter, value)) return
            void inTurn(async () => {
              const view = requestView(await named(value), owner_key_id)
              send({ event: 'request', id: `${instance}-${id}`, data: JSON.stringify(view) })
            }).catch((error: unknown) => log('error', 'stream.failed', { cause: String(error) }))
          }
          const { items, resync } = resume({ instance, after: lastIdOf(request, query) }, finished.recent)
          if (resync !== undefined) send(resync)
          for (const item of items) sendRequest(item)
          return finished.subscribe(sendRequest)
        })
      },
      { query: Type.Object({ ...filterQuery, last_event_id: text }) },
    )
}

const refused = (field: string, words: readonly string[]) => {
  const choices = words.join(', ')
  return fail(invalidRequest({ reason: 'choice', choices }, `${field} must be one of ${choices}.`, { field }))
}

function levelOf(given: string | undefined): LogLevel | undefined {
  const word = (given ?? '').toLowerCase()
  if (word === '' || word === 'all') return 'debug'
  return logLevels.find((level) => level === word)
}
