import type { Admission } from '../access/admit.ts'
import type { IpRules } from '../access/ip-rules.ts'
import type { Ledger } from '../access/ledger.ts'
import { stateOf } from '../admin/account-view.ts'
import { mostAlerts } from '../admin/alerts.ts'
import { type EventStreams, mostStreams } from '../admin/event-streams.ts'
import { jobLimits } from '../admin/job-board.ts'
import type { Live } from '../admin/live.ts'
import type { Config } from '../config/schema.ts'
import { type FarJudges, mostJudgementsWaiting } from '../contract/far-judge.ts'
import { type Holds, mostHeldCharacters } from '../contract/hold.ts'
import { mostPatternsKept } from '../contract/judging.ts'
import { mostSchemasKept, type SchemaJudges } from '../contract/schema-judges.ts'
import type { KeptAnswers } from '../dialect/openai-responses/kept-answers.ts'
import { mostUnwritten, type RequestLog } from '../jobs/request-log.ts'
import type { Metrics } from '../observe/metrics.ts'
import { mostAddresses, type Online } from '../observe/online.ts'
import type { Pool, PoolSettings } from '../pool/pool.ts'
import type { RelayDeps } from '../relay/relay.ts'
import type { UnwrittenKeeper } from '../store/unwritten.ts'
import { mostNews, type Successor } from './successor.ts'

/** What holds memory, or stands for something that does. */
export type Holders = {
  readonly pool: Pool
  readonly pooled: Pick<PoolSettings, 'maxWaiting' | 'affinityMax'>
  readonly requestLog: RequestLog
  readonly ledger: Pick<Ledger, 'stats'>
  readonly ips: Pick<IpRules, 'stats'>
  readonly admission: Pick<Admission, 'stats'>
  readonly traffic: Pick<RelayDeps, 'routes' | 'models'>
  readonly holds: Pick<Holds, 'stats'>
  readonly judges: Pick<SchemaJudges, 'stats'>
  readonly farJudges: Pick<FarJudges, 'waiting'>
  readonly kept: Pick<KeptAnswers, 'stats'>
  readonly responses: Config['responses']
  readonly streams: Pick<EventStreams, 'size'>
  readonly online: Pick<Online, 'count'>
  readonly tokens: { readonly waiting: () => number }
  readonly unwritten: Pick<UnwrittenKeeper, 'stats'>
  readonly successor: Pick<Successor, 'stats'>
  readonly isUp: () => boolean
  readonly now: () => number
}

/** Every holder of memory has a size that can be watched. */
export function watchSizes(metrics: Metrics, holders: Holders): void {
  const { pool, pooled, requestLog, ledger, ips, admission, traffic, holds, judges, farJudges } = holders
  const { kept, responses, streams, online, tokens, unwritten, successor, isUp, now } = holders
  metrics.watch(
    'waiting_requests',
    'Requests waiting for a free account.',
    () => pool.stats().waiting,
    pooled.maxWaiting,
  )
  metrics.watch(
    'conversations_remembered',
    'Conversations tied to an account.',
    () => pool.stats().affinity.size,
    pooled.affinityMax,
  )
  metrics.watch(
    'affinity_hits',
    'Requests of a known conversation that its own account served.',
    () => pool.stats().affinity.hits,
  )
  metrics.watch(
    'affinity_misses',
    'Requests of a known conversation that another account served.',
    () => pool.stats().affinity.misses,
  )
  metrics.watch(
    'request_log_waiting',
    'Request records not written yet.',
    () => requestLog.stats().waiting,
    mostUnwritten,
  )
  metrics.watch(
    'request_log_dropped',
    'Request records lost because the store was too slow.',
    () => requestLog.stats().dropped,
  )
  metrics.watchEach('accounts', 'Accounts by state.', 'state', () => {
    const counts: Record<string, number> = {}
    for (const account of pool.list()) {
      const state = stateOf(account, now())
      counts[state] = (counts[state] ?? 0) + 1
    }
    return counts
  })
  metrics.watch('event_streams', 'Open event streams of the admin API.', streams.size, mostStreams)
  metrics.watch('online_addresses', 'Addresses seen in the last five minutes.', online.count, mostAddresses)
  metrics.watch(
    'answers_kept',
    'Responses that can be gone on from.',
    () => kept.stats().answers,
    responses.keptAnswers,
  )
  metrics.watch(
    'answers_kept_bytes',
    'What the kept responses take, bytes.',
    () => kept.stats().bytes,
    responses.keptBytes,
  )
  metrics.watch('calls_under_way', 'Calls that were let in and are not settled.', () => ledger.stats().open)
  metrics.watch('limited_subjects', 'Keys and users whose limits are remembered.', () => ledger.stats().subjects)
  metrics.watch('usage_unwritten', 'Counters not written yet.', () => ledger.stats().unwritten)
  metrics.watch('addresses_counted', 'Addresses whose rate is remembered.', () => ips.stats().addresses)
  metrics.watch('keys_remembered', 'Keys whose look-up is remembered.', () => admission.stats().remembered)
  metrics.watch('routes_watched', 'Ways out and hosts whose faults are counted.', () => traffic.routes.stats().keys)
  metrics.watch('routes_resting', 'Of these, those that are closed for a while.', () => traffic.routes.stats().resting)
  metrics.watch('models_watched', 'Models whose faults are counted.', () => traffic.models.stats().keys)
  metrics.watch(
    'held_characters',
    'Of replies that are looked at before they go on.',
    () => holds.stats().characters,
    mostHeldCharacters,
  )
  metrics.watch(
    'schemas_kept',
    'Schemas of callers that are remembered.',
    () => judges.stats().schemas,
    mostSchemasKept,
  )
  metrics.watch(
    'patterns_kept',
    'Patterns of such schemas that are remembered.',
    () => judges.stats().patterns,
    mostPatternsKept,
  )
  metrics.watch(
    'judgements_waiting',
    'Judgements by a schema in line for a process of their own.',
    farJudges.waiting,
    mostJudgementsWaiting,
  )
  metrics.watch('judgements_elsewhere', 'Those that were given to one since the start.', () => judges.stats().far)
  metrics.watch('database_up', '1: the database answers.', () => (isUp() ? 1 : 0))
  metrics.watch('unwritten_bytes', 'Kept on disk for a database that is away.', () => unwritten.stats().bytes)
  metrics.watch(
    'succession_news_waiting',
    'What the process that takes over has not been told yet.',
    () => successor.stats().waiting,
    mostNews,
  )
  metrics.watch('succession_news_lost', 'What it could not be told.', () => successor.stats().lost)
  metrics.watch('waiting_refreshes', 'Token refreshes in line for a place.', tokens.waiting)
}

export function watchLive(metrics: Metrics, { jobs, hub, alerts }: Live): void {
  metrics.watch('jobs_running', 'Bulk jobs of the admin API that run.', () => jobs.stats().running, jobLimits.running)
  metrics.watch(
    'jobs_kept',
    'Bulk jobs that can be looked at, running ones included.',
    () => jobs.stats().kept,
    jobLimits.kept,
  )
  metrics.watch(
    'job_results_kept',
    'Results of single items kept with the jobs.',
    () => jobs.stats().results,
    jobLimits.resultsOfAll,
  )
  metrics.watch('event_listeners', 'Pages and scripts that listen to the event stream.', hub.listeners)
  metrics.watch('alerts_waiting', 'Alerts not delivered yet.', () => alerts.stats().waiting, mostAlerts)
  metrics.watch('alerts_dropped', 'Alerts lost because too many waited.', () => alerts.stats().dropped)
  metrics.watch('alerts_failed', 'Alerts given up after all tries.', () => alerts.stats().failed)
}
