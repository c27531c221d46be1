import { useQuery } from '@tanstack/solid-query'
import ListFilter from 'lucide-solid/icons/list-filter'
import { createMemo, createSignal, Show, Suspense } from 'solid-js'
import { errorText } from '../api/error-text.ts'
import { dataOf, queries } from '../api/queries.ts'
import { statsQueries } from '../api/stats.ts'
import { Banner } from '../components/banner.tsx'
import { Button } from '../components/button.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { RangePicker } from '../components/range-picker.tsx'
import { ErrorState, Skeleton } from '../components/states.tsx'
import { Attention } from '../features/overview/attention.tsx'
import { type Pointed, plainHttp } from '../features/overview/attention-words.ts'
import { CreditChart, LatencyChart, OneChart, RequestChart, TokenChart } from '../features/overview/charts.tsx'
import { dismissed } from '../features/overview/dismissed.ts'
import { healthOf } from '../features/overview/figures.ts'
import { FirstSteps } from '../features/overview/first-steps.tsx'
import { KeyFigures } from '../features/overview/key-figures.tsx'
import { PoolQuota } from '../features/overview/pool-quota.tsx'
import { Spend } from '../features/overview/spend.tsx'
import { chosenIn, scopeParams, scopeQuery } from '../features/scope/scope.ts'
import { laterWith, useI18n } from '../i18n/i18n.tsx'
import { createMediaQuery, phoneQuery } from '../lib/media.ts'
import { createTimeRange } from '../lib/range-state.ts'
import { writeRange } from '../lib/time-range.ts'
import { createUrlState } from '../lib/url-state.ts'

/** Is it working, and what needs me today? The range is in the address, and whose requests the figures are of. */
export default function OverviewPage() {
  const i18n = useI18n()
  const { t, format } = i18n
  const ScopeBar = laterWith(i18n, ['scope'], () => import('../features/scope/scope-bar.tsx'))
  const session = useQuery(() => queries.session())
  const status = useQuery(() => queries.status())
  const phone = createMediaQuery(phoneQuery)
  const range = createTimeRange()
  const scope = createUrlState(scopeParams)
  const [choosing, setChoosing] = createSignal(false)
  const chosen = (): number => chosenIn(scope.value).length
  const stats = useQuery(() => statsQueries.range(range.key(), range.range(), scopeQuery(scope.value)))
  const quota = useQuery(() => statsQueries.quota())
  const pointed = createMemo((): readonly Pointed[] => [...(dataOf(status)?.attention ?? []), ...plainHttp(location)])
  const health = () => {
    const view = dataOf(status)
    if (!view) return undefined
    const { accounts, in_service } = view.counters
    const { total_requests: requests = 0, failed_requests: failed = 0 } = dataOf(stats)?.now ?? {}
    const isDown = view.attention.some(({ kind }) => kind === 'pool.empty')
    const attention = pointed().filter(({ id }) => !dismissed().includes(id)).length
    const notes = { attention, dismissed: pointed().length - attention }
    return healthOf({ accounts, inService: in_service, isDown, ...notes, requests, failed })
  }
  const isQuiet = (): boolean => dataOf(stats)?.now.total_requests === 0
  /** Nobody has asked for anything, of all there is: there may be something to set up yet. */
  const isNew = (): boolean => chosen() === 0 && (health() === 'empty' || isQuiet())
  const answer = (): string | undefined => {
    const counters = dataOf(status)?.counters
    const word = health()
    if (!counters || !word || word === 'empty' || word === 'down') return undefined
    if (word === 'resting') return t('overview.resting')
    const ready = { ready: format().number(counters.in_service), total: format().number(counters.accounts) }
    const figures = dataOf(stats)?.now
    // Of some requests only it says nothing about all of them.
    if (chosen() > 0) return t('overview.ready', ready)
    if (!figures || figures.total_requests === 0) return t('overview.quiet', ready)
    return t(`overview.${word}`, { ...ready, rate: format().share(figures.success_rate / 100) })
  }
  /** The log of what a figure counts. */
  const logsOf = (more: Readonly<Record<string, string>>): string => {
    const all = { ...writeRange(range.range()), ...Object.fromEntries(Object.entries(scope.value)), ...more }
    const given = Object.entries(all).filter((pair): pair is [string, string] => Boolean(pair[1]))
    return given.length === 0 ? '/logs' : `/logs?${new URLSearchParams(given)}`
  }
  return (
    <>
      <PageHeader title={t('overview.title')} app={dataOf(session)?.name ?? ''} answer={answer()}>
        <Button icon={ListFilter} aria-expanded={choosing()} onClick={() => setChoosing(!choosing())}>
          {t('overview.filters')}
          <Show when={chosen() > 0}>
            <span class="numbers text-text-3">{chosen()}</span>
          </Show>
        </Button>
        <RangePicker state={range} />
      </PageHeader>
      <Show when={choosing() || chosen() > 0}>
        <Suspense>
          <ScopeBar state={scope} open={choosing()} />
        </Suspense>
      </Show>
      <Show when={health() === 'down'}>
        <Banner tone="danger">{t('overview.down')}</Banner>
      </Show>
      <Show when={isNew() && dataOf(status)}>
        {(view) => (
          <Suspense>
            <FirstSteps accounts={view().counters.accounts} />
          </Suspense>
        )}
      </Show>
      <Show when={health() !== 'empty' && dataOf(status)}>
        <Attention items={pointed()} />
      </Show>
      <Show when={stats.isError && !dataOf(stats)}>
        <ErrorState
          text={t('overview.failed')}
          detail={errorText(stats.error, t)}
          retry={t('common.retry')}
          onRetry={() => void stats.refetch()}
          busy={stats.isFetching}
        />
      </Show>
      <Show
        when={(health() !== 'empty' || !isQuiet()) && dataOf(stats)}
        fallback={
          <Show when={stats.isPending}>
            <Skeleton rows={6} label={t('common.loading')} />
          </Show>
        }
      >
        {(figures) => (
          <div class="flex flex-col gap-4 transition-opacity" classList={{ 'opacity-60': stats.isPlaceholderData }}>
            <KeyFigures stats={figures()} active={dataOf(status)?.counters.in_flight} logsOf={logsOf} />
            <Show when={!figures().now.complete}>
              <p class="text-12 text-text-3">{t('overview.partial')}</p>
            </Show>
            <div class="grid gap-4 xl:grid-cols-3">
              <div class="min-w-0 *:h-full xl:col-span-2">
                <Show when={phone()} fallback={<RequestChart stats={figures()} />}>
                  <OneChart stats={figures()} />
                </Show>
              </div>
              <Show when={dataOf(quota)} fallback={<div class="rounded-lg border border-border bg-surface" />}>
                {(list) => <PoolQuota list={list()} />}
              </Show>
            </div>
            <div class="grid gap-4 xl:grid-cols-2">
              <Show when={!phone()}>
                <LatencyChart stats={figures()} />
                <TokenChart stats={figures()} />
                <CreditChart stats={figures()} />
              </Show>
              <Spend stats={figures().now} logsOf={logsOf} />
            </div>
          </div>
        )}
      </Show>
    </>
  )
}
