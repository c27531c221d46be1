import { useMutation, useQuery } from '@tanstack/solid-query'
import Ban from 'lucide-solid/icons/ban'
import Ellipsis from 'lucide-solid/icons/ellipsis'
import Globe from 'lucide-solid/icons/globe'
import ListFilter from 'lucide-solid/icons/list-filter'
import Pencil from 'lucide-solid/icons/pencil'
import { createMemo, createSignal, type JSX, Match, Show, Suspense, Switch } from 'solid-js'
import type { VisitorView } from '../../../../server/admin/contract/visitors.ts'
import { addressApi, addressQueries } from '../../api/addresses.ts'
import { errorText } from '../../api/error-text.ts'
import { createMayChange, MayChange } from '../../api/may-change.tsx'
import { dataOf, useRefresh } from '../../api/queries.ts'
import { Badge } from '../../components/badge.tsx'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { Glyph } from '../../components/glyph.tsx'
import { Menu, MenuItem } from '../../components/menu.tsx'
import { SearchBox } from '../../components/search-box.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { parseTime } from '../../lib/format.ts'
import { later } from '../../lib/later.tsx'
import { matchesWords } from '../../lib/search.ts'
import { textParam } from '../../lib/url-params.ts'
import { createUrlState } from '../../lib/url-state.ts'
import { isBehindProxy, isLocal } from './block-form.ts'
import { Blocked } from './blocked.tsx'

const BlockDialog = later(() => import('./block-dialog.tsx'))
const LimitsDialog = later(() => import('./limits-dialog.tsx'))

type Row = VisitorView & { readonly id: string }

/** Who is knocking, and should they be let in? */
export function AddressView(props: { readonly onShowLogs: (ip: string) => void }) {
  const { t, format } = useI18n()
  const mayChange = createMayChange()
  const refresh = useRefresh()
  const now = createClock(30_000)
  const list = useQuery(() => addressQueries.visitors())
  const url = createUrlState({ q: textParam })
  const [blocking, setBlocking] = createSignal(false)
  const [blocked, setBlocked] = createSignal('')
  // Its code stays for its closing.
  const seen = createMemo((before: boolean): boolean => before || blocking(), false)
  const [editing, setEditing] = createSignal(false)
  const [edited, setEdited] = createSignal<VisitorView>()
  const all = (): readonly VisitorView[] => dataOf(list)?.visitor_ips ?? []
  const rows = createMemo((): readonly Row[] =>
    all()
      .filter(({ ip, notes, user_name }) => matchesWords(`${ip} ${notes ?? ''} ${user_name ?? ''}`, url.value.q))
      .map((visitor) => ({ ...visitor, id: visitor.ip })),
  )
  const isOwn = (ip: string): boolean => dataOf(list)?.own_ip === ip
  const block = (ip: string): void => {
    setBlocked(ip)
    setBlocking(true)
  }
  const edit = (visitor: VisitorView): void => {
    setEdited(visitor)
    setEditing(true)
  }
  const unblock = useMutation(() => ({
    mutationFn: (ip: string) => addressApi.unblock(ip),
    onSuccess: (_answer, ip) =>
      showToast({
        tone: 'info',
        text: t('addresses.unblocked', { ip }),
        action: { text: t('common.undo'), run: () => again.mutate(ip) },
      }),
    onError: (error) => showToast({ tone: 'error', text: t('addresses.unblockFailed'), detail: errorText(error, t) }),
    onSettled: () => refresh('visitors', 'blocks'),
  }))
  const again = useMutation(() => ({
    mutationFn: (ip: string) => addressApi.restore(ip),
    onError: (error) => showToast({ tone: 'error', text: t('addresses.againFailed'), detail: errorText(error, t) }),
    onSettled: () => refresh('visitors', 'blocks'),
  }))
  /** What goes is the entry of the list: of a range, more than this address. */
  const unblockText = ({ ip, blocked_by: by = ip }: Row): string =>
    by === ip ? t('addresses.unblock') : t('addresses.unblockRange', { range: by })
  const limitsOf = ({ rate_limit_rpm, daily_request_limit }: VisitorView): string =>
    [
      rate_limit_rpm > 0 ? t('addresses.rpm', { count: format().number(rate_limit_rpm) }) : '',
      daily_request_limit > 0 ? t('addresses.rpd', { count: format().number(daily_request_limit) }) : '',
    ]
      .filter(Boolean)
      .join(' · ')
  const rate = ({ request_count, success_count }: VisitorView): number =>
    request_count === 0 ? 0 : success_count / request_count

  const Name = (own: { readonly row: Row }) => (
    <span class="min-w-0">
      <span class="inline-flex flex-wrap items-center gap-1.5">
        <button
          type="button"
          class="font-medium hover:underline max-md:min-h-11"
          onClick={() => props.onShowLogs(own.row.ip)}
        >
          {own.row.ip}
        </button>
        <Show when={isOwn(own.row.ip)}>
          <span class="text-12 text-text-2">{t('addresses.you')}</span>
        </Show>
        <Show when={isLocal(own.row.ip)}>
          <span class="text-12 text-text-3">{t('addresses.local')}</span>
        </Show>
        <Show when={own.row.blocked}>
          <Badge tone="danger" icon={Ban} text={t('addresses.isBlocked')} />
        </Show>
      </span>
    </span>
  )
  const Acts = (own: { readonly row: Row }) => (
    <Menu
      label={t('common.more', { name: own.row.ip })}
      triggerClass="control-square inline-flex items-center justify-center rounded-md text-text-2 hover:bg-surface-2 hover:text-text"
      trigger={<Glyph icon={Ellipsis} size={16} />}
    >
      <MenuItem icon={ListFilter} text={t('addresses.showLogs')} onSelect={() => props.onShowLogs(own.row.ip)} />
      <Show when={mayChange()}>
        <MenuItem icon={Pencil} text={t('addresses.edit')} onSelect={() => edit(own.row)} />
        <Show when={!isLocal(own.row.ip)}>
          <Show
            when={own.row.blocked}
            fallback={<MenuItem icon={Ban} text={t('addresses.block')} danger onSelect={() => block(own.row.ip)} />}
          >
            <MenuItem
              icon={Ban}
              text={unblockText(own.row)}
              onSelect={() => unblock.mutate(own.row.blocked_by ?? own.row.ip)}
            />
          </Show>
        </Show>
      </Show>
    </Menu>
  )
  return (
    <>
      <div class="flex flex-wrap items-center gap-2">
        <SearchBox
          label={t('addresses.search')}
          value={url.value.q}
          onSearch={(q) => url.set({ q }, { typed: true })}
        />
        <p role="status" class="numbers grow text-13 text-text-2">
          <Show when={dataOf(list)}>{t('addresses.count', { count: format().number(all().length) })}</Show>
        </p>
        <MayChange>
          <Button icon={Ban} onClick={() => block('')}>
            {t('addresses.blockOne')}
          </Button>
        </MayChange>
      </div>
      <Show when={isBehindProxy(all().map(({ ip }) => ip))}>
        <Banner tone="info">{t('addresses.behindProxy')}</Banner>
      </Show>
      <Switch>
        <Match when={list.isPending}>
          <Skeleton rows={5} label={t('common.loading')} />
        </Match>
        <Match when={!dataOf(list) && list.error}>
          <ErrorState
            text={t('addresses.failed')}
            detail={errorText(list.error, t)}
            retry={t('common.retry')}
            busy={list.isFetching}
            onRetry={() => void list.refetch()}
          />
        </Match>
        <Match when={all().length === 0}>
          <EmptyState icon={Globe} text={t('addresses.empty')} />
        </Match>
        <Match when={rows().length === 0}>
          <EmptyState icon={Globe} text={t('common.noMatch')}>
            <Button onClick={() => url.clear()}>{t('addresses.showAll')}</Button>
          </EmptyState>
        </Match>
        <Match when={true}>
          <DataTable
            items={rows()}
            main
            actions={t('addresses.column.actions')}
            columns={[
              { text: t('addresses.column.ip'), value: ({ ip }) => ip },
              { text: t('addresses.notes'), class: 'max-lg:hidden' },
              { text: t('addresses.column.user'), class: 'max-lg:hidden', value: ({ user_name }) => user_name ?? '' },
              { text: t('addresses.column.last'), value: ({ last_visit }) => parseTime(last_visit) ?? 0 },
              {
                text: t('addresses.column.hour'),
                class: 'text-right',
                value: ({ request_count_hour }) => request_count_hour,
              },
              {
                text: t('addresses.column.day'),
                class: 'text-right',
                value: ({ request_count_day }) => request_count_day,
              },
              {
                text: t('addresses.column.total'),
                class: 'text-right max-xl:hidden',
                value: ({ request_count }) => request_count,
              },
              { text: t('addresses.column.success'), class: 'text-right max-xl:hidden', value: rate },
              { text: t('addresses.column.limits'), class: 'max-lg:hidden' },
            ]}
            cells={(row) => (
              <>
                <Cell>
                  <Name row={row} />
                </Cell>
                <Cell class="w-1/5 max-w-0 truncate max-lg:hidden">{row.notes ?? ''}</Cell>
                <Cell class="w-1/6 max-w-0 truncate max-lg:hidden">{row.user_name ?? ''}</Cell>
                <Cell>
                  <TimeAgo at={row.last_visit} now={now} never={t('common.never')} />
                </Cell>
                <Cell class="text-right">
                  <span
                    class={
                      row.rate_limit_rpm > 0 && row.request_count_hour > row.rate_limit_rpm * 60 ? 'text-warning' : ''
                    }
                  >
                    {format().number(row.request_count_hour)}
                  </span>
                </Cell>
                <Cell class="text-right">{format().number(row.request_count_day)}</Cell>
                <Cell class="text-right max-xl:hidden">{format().number(row.request_count)}</Cell>
                <Cell class="text-right max-xl:hidden">{format().share(rate(row))}</Cell>
                <Cell class="text-12 text-text-2 max-lg:hidden">{limitsOf(row)}</Cell>
                <td class="w-12 pr-1 text-right">
                  <Acts row={row} />
                </td>
              </>
            )}
            card={(row) => (
              <>
                <div class="flex items-start justify-between gap-2">
                  <Name row={row} />
                  <Acts row={row} />
                </div>
                <p class="wrap-anywhere text-12 text-text-2">
                  {[row.notes, row.user_name, limitsOf(row)].filter(Boolean).join(' · ')}
                </p>
                <p class="numbers text-12 text-text-3">
                  {t('addresses.counts', {
                    hour: format().number(row.request_count_hour),
                    day: format().number(row.request_count_day),
                  })}
                  {' · '}
                  <TimeAgo at={row.last_visit} now={now} never={t('common.never')} />
                </p>
              </>
            )}
          />
        </Match>
      </Switch>
      <section class="flex flex-col gap-3">
        <h2 class="font-semibold text-16">{t('addresses.blocksTitle')}</h2>
        <Blocked />
      </section>
      <Suspense>
        <Show when={seen()}>
          <BlockDialog open={blocking()} onClose={() => setBlocking(false)} ip={blocked()} />
        </Show>
        <Show when={edited()}>
          <LimitsDialog open={editing()} onClose={() => setEditing(false)} visitor={edited()} />
        </Show>
      </Suspense>
    </>
  )
}

function Cell(props: { readonly class?: string; readonly children: JSX.Element }) {
  return <td class={`numbers whitespace-nowrap px-3 py-0.5 ${props.class ?? ''}`}>{props.children}</td>
}
