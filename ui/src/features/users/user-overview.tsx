import { useQuery } from '@tanstack/solid-query'
import Download from 'lucide-solid/icons/download'
import { type Accessor, For, type JSX, Match, Show, Suspense, Switch } from 'solid-js'
import type { UserStats, UserView } from '../../../../server/admin/contract/users.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { userQueries } from '../../api/users.ts'
import { Button } from '../../components/button.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { Time } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { later } from '../../lib/later.tsx'
import { saveText } from '../../lib/save-file.ts'
import { serverTime } from '../../lib/server-clock.ts'
import type { AccountChoice } from './access-set.ts'
import { splitSet } from './access-set.ts'
import { localTime } from './amount.ts'
import { csvText } from './csv.ts'
import { daysOf } from './day-series.ts'
import { priorityText } from './priority.ts'
import { StandingMeter } from './standing-meter.tsx'
import { UserBadge } from './user-badge.tsx'
import { standingNow } from './user-state.ts'

const Chart = later(async () => ({ default: (await import('../../components/chart.tsx')).Chart }))

type Props = {
  readonly user: UserView
  readonly now: Accessor<number>
  readonly accounts: readonly AccountChoice[] | undefined
}

function When(props: { at: string | null }) {
  const { t } = useI18n()
  return <Time at={props.at}>{props.at === null ? t('users.never') : undefined}</Time>
}

/** How much a user has used, how much is left, and what it may. */
export function UserOverview(props: Props) {
  const { t, format } = useI18n()
  const number = (value: number): string => (value < 10_000 ? format().number(value) : format().compact(value))
  const accountNames = (): string => {
    const { present, removed } = splitSet(props.user.account_ids, props.accounts ?? [])
    const names = present.map(({ name }) => name).toSorted(format().compare)
    return props.accounts === undefined || removed.length > 0
      ? t('keys.accountsCount', { count: format().number(props.user.account_ids.length) })
      : format().list(names)
  }
  return (
    <>
      <div>
        <UserBadge user={props.user} now={props.now()} />
      </div>
      <Show when={props.user.standings.length > 0} fallback={<p class="text-text-3">{t('users.noLimit')}</p>}>
        <div class="flex flex-col gap-3">
          <For each={props.user.standings}>
            {(standing) => <StandingMeter standing={standingNow(standing, props.now())} now={props.now()} />}
          </For>
        </div>
      </Show>
      <Days userId={props.user.id} name={props.user.name} />
      <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-13">
        <Fact term={t('users.month')}>
          {t('users.monthText', {
            tokens: number(props.user.monthly_tokens),
            cost: format().usd(props.user.monthly_cost_micro_usd / 1_000_000),
          })}
        </Fact>
        <Fact term={t('users.total')}>
          {t('users.totalText', {
            requests: number(props.user.total_requests),
            tokens: number(props.user.total_tokens_used),
            cost: format().usd(props.user.total_cost_usd),
          })}
        </Fact>
        <Show when={props.user.rate_limit_rpm > 0}>
          <Fact term={t('users.limit.rate_limit_rpm')}>{format().number(props.user.rate_limit_rpm)}</Fact>
        </Show>
        <Show when={props.user.concurrency > 0}>
          <Fact term={t('users.limit.concurrency')}>{format().number(props.user.concurrency)}</Fact>
        </Show>
        <Fact term={t('users.priority')}>{priorityText(props.user.priority, t)}</Fact>
        <Fact term={t('users.expires')}>
          <When at={props.user.expires_at} />
        </Fact>
        <Fact term={t('users.models')}>
          {props.user.models.length === 0 ? t('users.modelsAll') : format().list(props.user.models)}
        </Fact>
        <Fact term={t('users.accounts')}>
          {props.user.account_ids.length === 0 ? t('keys.accountsAll') : accountNames()}
        </Fact>
        <Show when={props.user.email}>{(email) => <Fact term={t('users.email')}>{email()}</Fact>}</Show>
        <Show when={props.user.notes}>{(notes) => <Fact term={t('users.notes')}>{notes()}</Fact>}</Show>
        <Fact term={t('users.created')}>
          <When at={props.user.created_at} />
        </Fact>
      </dl>
    </>
  )
}

function Fact(props: { term: string; children: JSX.Element }) {
  return (
    <>
      <dt class="text-text-3">{props.term}</dt>
      <dd class="wrap-anywhere numbers min-w-0 whitespace-pre-line">{props.children}</dd>
    </>
  )
}

function Days(props: { userId: string; name: string }) {
  const { t, format } = useI18n()
  const read = useQuery(() => userQueries.days(props.userId))
  const series = () =>
    daysOf(dataOf(read)?.daily_usage ?? [], localTime(new Date(serverTime()).toISOString()).slice(0, 10))
  const summary = (): string => {
    const { requests, tokens, cost } = series()
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
    return t('users.totalText', {
      requests: format().compact(sum(requests)),
      tokens: format().compact(sum(tokens)),
      cost: format().usd(sum(cost)),
    })
  }
  return (
    <Switch fallback={<Skeleton rows={3} label={t('common.loading')} />}>
      <Match when={read.error && !dataOf(read)}>
        <ErrorState
          text={t('users.daysFailed')}
          detail={errorText(read.error, t)}
          retry={t('common.retry')}
          onRetry={() => void read.refetch()}
        />
      </Match>
      <Match when={dataOf(read)}>
        {(stats) => (
          <Suspense fallback={<Skeleton rows={4} label={t('common.loading')} />}>
            <Chart
              title={t('users.days')}
              summary={summary()}
              times={series().times}
              stepMs={86_400_000}
              form="columns"
              series={[{ text: t('users.dayTokens'), color: 'chart-1', values: series().tokens }]}
              value={(value: number) => format().number(value)}
              axis={(value: number) => format().compact(value)}
              empty={t('users.daysEmpty')}
            >
              <Show when={stats().daily_usage.length > 0}>
                <Button look="quiet" icon={Download} onClick={() => saveDays(stats(), props.name, head(t))}>
                  {t('users.daysCsv')}
                </Button>
              </Show>
            </Chart>
          </Suspense>
        )}
      </Match>
    </Switch>
  )
}

const columns = ['day', 'dayRequests', 'dayInput', 'dayOutput', 'dayCost', 'dayCredits'] as const
const head = (t: (key: `users.${(typeof columns)[number]}`) => string): readonly string[] =>
  columns.map((column) => t(`users.${column}`))

function saveDays(stats: UserStats, name: string, titles: readonly string[]): void {
  const rows = stats.daily_usage
    .toSorted((one, other) => one.date.localeCompare(other.date))
    .map((day) =>
      [day.date, day.request_count, day.input_tokens, day.output_tokens, day.cost_usd, day.credits].map(String),
    )
  saveText(csvText([titles, ...rows]), `${name.replace(/[^\p{L}\p{N}-]+/gu, '-')}-days.csv`, 'text/csv')
}
