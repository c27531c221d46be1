import { useNavigate } from '@solidjs/router'
import { useMutation, useQuery } from '@tanstack/solid-query'
import RefreshCw from 'lucide-solid/icons/refresh-cw'
import ScrollText from 'lucide-solid/icons/scroll-text'
import { createEffect, createMemo, createSignal, Match, on, onCleanup, Show, Suspense, Switch } from 'solid-js'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { logQueries } from '../../api/logs.ts'
import { MayChange } from '../../api/may-change.tsx'
import { dataOf, queries, useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { usePaletteActions } from '../../components/palette-actions.tsx'
import { focusRow } from '../../components/row-keys.ts'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { Switch as Toggle } from '../../components/switch.tsx'
import { beside } from '../../components/table-order.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import { later } from '../../lib/later.tsx'
import { createTimeRange } from '../../lib/range-state.ts'
import { serverTime } from '../../lib/server-clock.ts'
import { flagParam } from '../../lib/url-params.ts'
import { createUrlState } from '../../lib/url-state.ts'
import { CaptureMark } from './capture-mark.tsx'
import { createLogFeed } from './feed.ts'
import { FilterBar, type LogFilterState } from './filter-bar.tsx'
import { type LogFilters, rangeQuery, serverQuery } from './filters.ts'
import { LogList } from './log-list.tsx'
import { weakest } from './row-view.ts'
import { LogSummary } from './summary.tsx'

const LogDrawer = later(() => import('./log-drawer.tsx'))

type Props = {
  readonly filters: LogFilterState
  /** The one that is looked at. */
  readonly requestId: string | undefined
  /** Counts what makes all of it to be read anew. */
  readonly reset: number
  readonly onManageCapture: () => void
}

/** Filters, what they come to, and the rows. */
export function LogView(props: Props) {
  const { t, format } = useI18n()
  const navigate = useNavigate()
  const refresh = useRefresh()
  const range = createTimeRange()
  const mode = createUrlState({ live: flagParam })
  const settings = useQuery(() => queries.settings())
  const isOff = (): boolean => dataOf(settings)?.enableRequestLog === false
  const [reading, setReading] = createSignal(false)
  const [scrolled, setScrolled] = createSignal(false)
  const note = (): void => {
    setScrolled(scrollY > 200)
  }
  addEventListener('scroll', note, { passive: true })
  onCleanup(() => removeEventListener('scroll', note))
  // The drawer's code is loaded when it first opens, and stays for its closing.
  const seen = createMemo((before: boolean): boolean => before || props.requestId !== undefined, false)
  const live = (): boolean => mode.value.live
  const query = () => ({ ...serverQuery(props.filters.value), ...rangeQuery(range.range(), serverTime()) })
  const key = createMemo(() => `${range.key()} ${JSON.stringify(serverQuery(props.filters.value))} ${props.reset}`)
  const feed = createLogFeed({
    query,
    key,
    live,
    held: () => reading() || scrolled() || props.requestId !== undefined,
  })
  const isOne = (): boolean => props.filters.value.id !== ''
  const stats = useQuery(() => ({ ...logQueries.stats(query(), [key()]), enabled: !isOne() }))
  usePaletteActions(() => [
    {
      id: 'refresh',
      text: t('common.refresh'),
      icon: RefreshCw,
      keys: 'r',
      run: () => {
        feed.retry()
        void stats.refetch()
      },
    },
  ])
  const turnOn = useMutation(() => ({
    mutationFn: () => api.saveSettings({ enableRequestLog: true }),
    onSettled: () => refresh('settings'),
  }))

  const open = (id: string, replace = false): void =>
    navigate(`/logs/${encodeURIComponent(id)}${location.search}`, { scroll: false, replace })
  const close = (): void => {
    const id = props.requestId
    navigate(`/logs${location.search}`, { scroll: false })
    // Not to the row it began with: to the one that was looked at last.
    focusRow(id)
  }
  const step = (by: 1 | -1): (() => void) | undefined => {
    const id = props.requestId
    const next = id === undefined ? undefined : beside(feed.rows(), id, by)
    return next === undefined ? undefined : () => open(next, true)
  }
  // The list goes on under the drawer.
  createEffect(
    on(
      () => props.requestId,
      (id) => {
        if (id !== undefined && beside(feed.rows(), id, 1) === undefined) feed.loadMore()
      },
    ),
  )
  const countText = (): string => {
    const total = feed.total()
    if (total === undefined) return t('logs.shown', { count: format().number(feed.rows().length) })
    const count = { shown: format().number(feed.rows().length), count: format().number(total.count) }
    return total.isMinimum ? t('logs.shownOfMore', count) : t('logs.shownOf', count)
  }
  const isFiltered = (): boolean => props.filters.count() > 0 || range.key() !== '24h'
  return (
    <>
      <CaptureMark onManage={() => props.onManageCapture()} />
      <Show when={isOff() && feed.rows().length > 0}>
        <Banner tone="warning" action={<TurnOn busy={turnOn.isPending} onClick={() => turnOn.mutate()} />}>
          {t('logs.off')}
        </Banner>
      </Show>
      <FilterBar filters={props.filters} range={range} />
      <Show when={!isOne() && dataOf(stats)}>
        {(told) => (
          <Show when={told().total_requests > 0}>
            <LogSummary stats={told()} source={weakest(feed.rows().slice(0, 200))} />
          </Show>
        )}
      </Show>
      <div class="flex flex-wrap items-center justify-between gap-x-4 gap-y-1">
        <p role="status" class="numbers text-13 text-text-2">
          {feed.pending() ? '' : countText()}
        </p>
        <div class="flex items-center gap-2">
          <Show when={feed.waiting() > 0}>
            <Button look="quiet" onClick={() => feed.show()}>
              {t('logs.new', { count: format().number(feed.waiting()) })}
            </Button>
          </Show>
          <span class="text-13 text-text-2" aria-hidden="true">
            {t('logs.live')}
          </span>
          <Toggle label={t('logs.live')} checked={live()} onChange={(on) => mode.set({ live: on })} />
        </div>
      </div>
      <Show when={feed.error() && feed.rows().length > 0}>
        <ErrorState
          text={t('logs.failed')}
          detail={errorText(feed.error(), t)}
          retry={t('common.retry')}
          busy={feed.loading()}
          onRetry={feed.retry}
        />
      </Show>
      <Switch>
        <Match when={feed.rows().length > 0}>
          <LogList
            rows={feed.rows()}
            busy={feed.stale()}
            onOpen={(row) => open(row.id)}
            onEnd={feed.loadMore}
            onReading={setReading}
          />
          <p class="numbers text-center text-12 text-text-3">{endText()}</p>
          <Show when={feed.more() && feed.searchedUntil()}>
            <div class="flex justify-center">
              <Button writes={false} busy={feed.loading()} onClick={feed.loadMore}>
                {t('logs.searchOn')}
              </Button>
            </div>
          </Show>
        </Match>
        <Match when={feed.pending()}>
          <Skeleton rows={8} label={t('common.loading')} />
        </Match>
        <Match when={feed.error()}>
          {(error) => (
            <ErrorState
              text={t('logs.failed')}
              detail={errorText(error(), t)}
              retry={t('common.retry')}
              busy={feed.loading()}
              onRetry={feed.retry}
            />
          )}
        </Match>
        <Match when={feed.more()}>
          <EmptyState icon={ScrollText} text={endText()}>
            <Button writes={false} busy={feed.loading()} onClick={feed.loadMore}>
              {t('logs.searchOn')}
            </Button>
          </EmptyState>
        </Match>
        <Match when={isOff()}>
          <EmptyState icon={ScrollText} text={t('logs.off')}>
            <TurnOn busy={turnOn.isPending} onClick={() => turnOn.mutate()} />
          </EmptyState>
        </Match>
        <Match when={isFiltered()}>
          <EmptyState icon={ScrollText} text={t('logs.emptyFilter')}>
            <Show when={props.filters.count() > 0}>
              <Button onClick={() => props.filters.clear()}>{t('logs.filter.clear')}</Button>
            </Show>
            <Button onClick={() => range.set({ name: '30d' })}>{t('logs.wider')}</Button>
          </EmptyState>
        </Match>
        <Match when={true}>
          <EmptyState icon={ScrollText} text={t('logs.empty')}>
            <Button look="primary" onClick={() => navigate('/playground')}>
              {t('logs.tryIt')}
            </Button>
          </EmptyState>
        </Match>
      </Switch>
      <Suspense>
        <Show when={seen()}>
          <LogDrawer
            requestId={props.requestId}
            onClose={close}
            step={step}
            onFilter={(filters: Partial<LogFilters>) => {
              const search = new URLSearchParams(location.search)
              for (const [name, value] of Object.entries(filters)) search.set(name, String(value))
              navigate(`/logs?${search}`, { scroll: false })
            }}
          />
        </Show>
      </Suspense>
    </>
  )

  function endText(): string {
    const until = parseTime(feed.searchedUntil())
    if (feed.isFull()) return t('logs.full', { count: format().number(feed.rows().length) })
    if (until !== undefined && feed.more()) return t('logs.searchedUntil', { time: format().dateTime(until) })
    return feed.more() ? '' : t('logs.end')
  }
}

function TurnOn(props: { readonly busy: boolean; readonly onClick: () => void }) {
  const { t } = useI18n()
  return (
    <MayChange>
      <Button look="primary" busy={props.busy} onClick={() => props.onClick()}>
        {t('logs.turnOn')}
      </Button>
    </MayChange>
  )
}
