import { useNavigate, useParams } from '@solidjs/router'
import { useMutation, useQuery } from '@tanstack/solid-query'
import ChevronLeft from 'lucide-solid/icons/chevron-left'
import ChevronRight from 'lucide-solid/icons/chevron-right'
import Download from 'lucide-solid/icons/download'
import Ellipsis from 'lucide-solid/icons/ellipsis'
import Plus from 'lucide-solid/icons/plus'
import RefreshCw from 'lucide-solid/icons/refresh-cw'
import Undo2 from 'lucide-solid/icons/undo-2'
import UsersRound from 'lucide-solid/icons/users-round'
import { createEffect, createMemo, createSignal, Match, on, Show, Suspense, Switch } from 'solid-js'
import type { AccountListItem } from '../../../server/admin/contract/accounts.ts'
import { accountsApi, filterText } from '../api/accounts.ts'
import { errorText } from '../api/error-text.ts'
import { createMayChange, MayChange } from '../api/may-change.tsx'
import { dataOf, queries, useRefresh } from '../api/queries.ts'
import { Banner } from '../components/banner.tsx'
import { Button, IconButton } from '../components/button.tsx'
import { ConfirmDialog } from '../components/dialog.tsx'
import { Glyph } from '../components/glyph.tsx'
import { Menu, MenuItem } from '../components/menu.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { usePaletteActions } from '../components/palette-actions.tsx'
import { focusRow } from '../components/row-keys.ts'
import { EmptyState, ErrorState, Skeleton } from '../components/states.tsx'
import { beside } from '../components/table-order.ts'
import { showToast } from '../components/toast.tsx'
import { createAccountActions } from '../features/accounts/account-actions.tsx'
import { AccountFilters } from '../features/accounts/account-filters.tsx'
import { type AccountHandlers, AccountListView } from '../features/accounts/account-list.tsx'
import { type BulkAction, createBulk } from '../features/accounts/bulk.ts'
import { accountParams, filterOf, pageParam } from '../features/accounts/filters.ts'
import { fullName } from '../features/accounts/status.ts'
import { laterWith, useI18n } from '../i18n/i18n.tsx'
import { createUrlState } from '../lib/url-state.ts'

/** Which accounts can serve requests now, and which need me? Filter and page are in the address. */
export default function AccountsPage() {
  const i18n = useI18n()
  const { t, format } = i18n
  // What opens over the list brings its code and its words when it first opens.
  const AccountDrawer = laterWith(
    i18n,
    ['accountwork', 'routing'],
    () => import('../features/accounts/account-drawer.tsx'),
  )
  const AddAccountDialog = laterWith(
    i18n,
    ['accountwork', 'refusals'],
    () => import('../features/accounts/add-account.tsx'),
  )
  const BulkBar = laterWith(
    i18n,
    ['accountwork', 'jobs', 'refusals'],
    () => import('../features/accounts/bulk-bar.tsx'),
  )
  const BulkDialogs = laterWith(i18n, ['accountwork'], () => import('../features/accounts/bulk-dialogs.tsx'))
  const DeletedAccountsDialog = laterWith(
    i18n,
    ['accountwork'],
    () => import('../features/accounts/deleted-accounts.tsx'),
  )
  const ExportDialog = laterWith(i18n, ['accountwork'], () => import('../features/accounts/export-accounts.tsx'))
  const SetProxyDialog = laterWith(i18n, ['accountwork'], () => import('../features/accounts/set-proxy.tsx'))
  const session = useQuery(() => queries.session())
  const filters = createUrlState(accountParams)
  const paging = createUrlState(pageParam)
  const params = useParams<{ id?: string }>()
  const navigate = useNavigate()
  const filter = () => filterOf(filters.value)
  const key = createMemo(() => JSON.stringify(filter()))
  const page = (): number => paging.value.page
  const list = useQuery(() => queries.accounts({ filter: filterText(filter()), page: page(), pageSize: 200 }))
  const data = () => dataOf(list)
  const proxies = useQuery(() => queries.proxies())
  const choices = () => dataOf(proxies)?.proxies
  const actions = createAccountActions()
  const mayChange = createMayChange()
  const refresh = useRefresh()
  const [adding, setAdding] = createSignal(false)
  const [again, setAgain] = createSignal<AccountListItem>()
  const [chosen, setChosen] = createSignal<ReadonlySet<string>>(new Set())
  const [selecting, setSelecting] = createSignal(false)
  const [deleting, setDeleting] = createSignal(false)
  const [exporting, setExporting] = createSignal<'all' | 'chosen'>()
  const [exported, setExported] = createSignal<readonly string[]>()
  const [restoring, setRestoring] = createSignal(false)
  const [bulkDialog, setBulkDialog] = createSignal<'proxy' | 'weight'>()
  const [routing, setRouting] = createSignal(false)
  const [routed, setRouted] = createSignal<AccountListItem>()
  const [ordered, setOrdered] = createSignal<readonly AccountListItem[]>([])
  const bulk = createBulk((ids) => setChosen(new Set(ids)))
  // Another list: what was chosen in this one may not be in it.
  createEffect(
    on(
      key,
      () => {
        setChosen(new Set<string>())
        paging.set({ page: 1 }, { typed: true })
      },
      { defer: true },
    ),
  )
  const act = (action: BulkAction): void => bulk.start(action, [...chosen()])
  const selectAll = async (): Promise<void> => {
    setSelecting(true)
    try {
      const { ids } = await accountsApi.ids(filter())
      setChosen(new Set(ids))
    } catch (error) {
      showToast({ tone: 'error', text: t('accounts.failed'), detail: errorText(error, t) })
    }
    setSelecting(false)
  }
  const openExport = (what: 'all' | 'chosen'): void => {
    setExported(what === 'all' ? undefined : [...chosen()])
    setExporting(what)
  }
  const checkAll = useMutation(() => ({
    mutationFn: accountsApi.checkAll,
    onSuccess: () => {
      showToast({ tone: 'info', text: t('accounts.checkingAll') })
      void refresh('jobs')
    },
    onError: (error) => showToast({ tone: 'error', text: t('accounts.bulk.notStarted'), detail: errorText(error, t) }),
  }))
  /** Of those that are to be deleted, as far as they are on the page. */
  const namesToDelete = (): string => {
    const names = (data()?.accounts ?? []).filter(({ id }) => chosen().has(id)).map(fullName)
    const shown = names.slice(0, 5)
    const more = chosen().size - shown.length
    return format().list(more > 0 ? [...shown, t('accounts.bulk.more', { count: format().number(more) })] : shown)
  }

  /** Counts are of those that match everything but the state. */
  const isNarrowed = (): boolean => filters.count() > (filters.value.status.length > 0 ? 1 : 0)
  const ready = (): number => data()?.counts.ready ?? 0
  const unchecked = (): number => data()?.counts.unchecked ?? 0
  // An address may name a page that is gone since.
  createEffect(() => {
    const pages = data()?.pagination.pages
    if (!list.isPlaceholderData && pages && page() > pages) paging.set({ page: Math.max(1, pages) }, { typed: true })
  })
  const answer = (): string | undefined => {
    const shown = data()
    if (!shown || shown.accountStats.totalCount === 0) return undefined
    const counts = {
      ready: format().number(ready()),
      total: format().number(shown.accountStats.totalCount),
    }
    return shown.quotaStats.totalLimit > 0
      ? t('accounts.answerQuota', {
          ...counts,
          percent: format().percent(shown.quotaStats.totalUsage / shown.quotaStats.totalLimit),
        })
      : t('accounts.answer', counts)
  }
  // The code of what opens over the list is loaded when it first opens, and stays for its closing.
  const opened = new Set<string>()
  const seen = (name: string, open: boolean): boolean => {
    if (open) opened.add(name)
    return opened.has(name)
  }
  const add = (): void => {
    setAgain(undefined)
    setAdding(true)
  }
  const open = (id: string, replace = false): void =>
    navigate(`/accounts/${encodeURIComponent(id)}${location.search}`, { scroll: false, replace })
  const step = (by: 1 | -1): (() => void) | undefined => {
    const next = params.id === undefined ? undefined : beside(ordered(), params.id, by)
    return next === undefined ? undefined : () => open(next, true)
  }
  const handlers: AccountHandlers = {
    get proxies() {
      return choices() ?? []
    },
    actions,
    onRead: ({ id }) => open(id),
    onSetProxy: (account) => {
      actions.setProxy.reset()
      setRouted(account)
      setRouting(true)
    },
    onSignInAgain: (account) => {
      setAgain(account)
      setAdding(true)
    },
    onDelete: (account) => {
      if (params.id === account.id) navigate(`/accounts${location.search}`, { scroll: false })
      actions.remove.mutate(account)
    },
  }
  usePaletteActions(() =>
    mayChange()
      ? [
          { id: 'accounts.add', writes: true, text: t('accounts.add'), icon: Plus, keys: 'n', run: add },
          {
            id: 'accounts.checkAll',
            writes: true,
            text: t('accounts.checkAll'),
            icon: RefreshCw,
            run: () => checkAll.mutate(),
          },
          { id: 'accounts.export', text: t('accounts.export.all'), icon: Download, run: () => openExport('all') },
        ]
      : [],
  )
  return (
    <>
      <PageHeader title={t('accounts.title')} app={dataOf(session)?.name ?? ''} answer={answer()}>
        <MayChange>
          <Show when={data()?.accountStats.totalCount}>
            <Button icon={RefreshCw} busy={checkAll.isPending} onClick={() => checkAll.mutate()}>
              {t('accounts.checkAll')}
            </Button>
          </Show>
          <Button look="primary" icon={Plus} onClick={add}>
            {t('accounts.add')}
          </Button>
          <Menu
            label={t('accounts.moreActions')}
            triggerClass="control-square inline-flex items-center justify-center rounded-md text-text-2 hover:bg-surface-2 hover:text-text"
            trigger={<Glyph icon={Ellipsis} size={16} />}
          >
            <MenuItem icon={Download} text={t('accounts.export.all')} onSelect={() => openExport('all')} />
            <MenuItem icon={Undo2} text={t('accounts.deletedTitle')} onSelect={() => setRestoring(true)} />
          </Menu>
        </MayChange>
      </PageHeader>
      <Show when={data()?.accountStats.totalCount}>
        <AccountFilters filters={filters} counts={data()?.counts ?? {}} proxies={choices() ?? []} />
      </Show>
      <Show when={data()?.accountStats.totalCount && !isNarrowed() && ready() === 0 && unchecked() === 0}>
        <Banner tone="danger">{t('accounts.noneReady')}</Banner>
      </Show>
      <Switch>
        <Match when={list.isPending}>
          <Skeleton rows={5} label={t('common.loading')} />
        </Match>
        <Match when={!data() && list.error}>
          <ErrorState
            text={t('accounts.failed')}
            detail={errorText(list.error, t)}
            retry={t('common.retry')}
            busy={list.isFetching}
            onRetry={() => void list.refetch()}
          />
        </Match>
        <Match when={data()?.accountStats.totalCount === 0}>
          <EmptyState icon={UsersRound} text={t('accounts.empty')}>
            <MayChange>
              <Button look="primary" icon={Plus} onClick={add}>
                {t('accounts.add')}
              </Button>
            </MayChange>
          </EmptyState>
        </Match>
        <Match when={data()?.accounts.length === 0}>
          <EmptyState icon={UsersRound} text={t('accounts.emptyFilter')}>
            <Button onClick={() => filters.clear()}>{t('accounts.showAll')}</Button>
          </EmptyState>
        </Match>
        <Match when={data()}>
          {(shown) => (
            <>
              <Show when={list.error}>
                <ErrorState
                  text={t('accounts.failed')}
                  detail={errorText(list.error, t)}
                  retry={t('common.retry')}
                  busy={list.isFetching}
                  onRetry={() => void list.refetch()}
                />
              </Show>
              <AccountListView
                accounts={shown().accounts}
                onShown={setOrdered}
                selection={
                  mayChange()
                    ? {
                        chosen: chosen(),
                        onChange: setChosen,
                        label: (account) => t('accounts.choose', { name: fullName(account) }),
                      }
                    : undefined
                }
                {...handlers}
              />
              <Show when={shown().pagination.pages > 1}>
                <nav class="numbers flex items-center justify-end gap-2" aria-label={t('accounts.title')}>
                  <IconButton
                    icon={ChevronLeft}
                    label={t('accounts.previous')}
                    disabled={page() <= 1}
                    onClick={() => paging.set({ page: page() - 1 })}
                  />
                  {t('accounts.page', { page: page(), pages: shown().pagination.pages })}
                  <IconButton
                    icon={ChevronRight}
                    label={t('accounts.next')}
                    disabled={page() >= shown().pagination.pages}
                    onClick={() => paging.set({ page: page() + 1 })}
                  />
                </nav>
              </Show>
            </>
          )}
        </Match>
      </Switch>
      <Suspense>
        <Show when={seen('bulk-bar', chosen().size > 0 || bulk.job() !== undefined)}>
          <BulkBar
            count={chosen().size}
            total={data()?.total ?? 0}
            bulk={bulk}
            selecting={selecting()}
            onSelectAll={() => void selectAll()}
            onClear={() => setChosen(new Set<string>())}
            onEnable={(on) => act({ action: on ? 'enable' : 'disable' })}
            onCheck={() => act({ action: 'check' })}
            onProxy={() => setBulkDialog('proxy')}
            onWeight={() => setBulkDialog('weight')}
            onExport={() => openExport('chosen')}
            onDelete={() => setDeleting(true)}
          />
        </Show>
        <Show when={seen('drawer', params.id !== undefined)}>
          <AccountDrawer
            accountId={params.id}
            listed={data()?.accounts.find(({ id }) => id === params.id)}
            step={step}
            onClose={() => {
              const { id } = params
              navigate(`/accounts${location.search}`, { scroll: false })
              focusRow(id)
            }}
            {...handlers}
          />
        </Show>
        <Show when={seen('add', adding())}>
          <AddAccountDialog
            open={adding()}
            onClose={() => setAdding(false)}
            again={again()}
            proxies={choices() ?? []}
          />
        </Show>
        <Show when={seen('export', exporting() !== undefined)}>
          <ExportDialog open={exporting() !== undefined} onClose={() => setExporting(undefined)} ids={exported()} />
        </Show>
        <Show when={seen('deleted', restoring())}>
          <DeletedAccountsDialog open={restoring()} onClose={() => setRestoring(false)} />
        </Show>
        <Show when={seen('bulk', bulkDialog() !== undefined)}>
          <BulkDialogs
            open={bulkDialog()}
            count={chosen().size}
            proxies={choices() ?? []}
            onClose={() => setBulkDialog(undefined)}
            onProxy={(proxyId) => {
              act({ action: 'set-proxy', proxyId })
              setBulkDialog(undefined)
            }}
            onWeight={(weight) => {
              act({ action: 'set-weight', weight })
              setBulkDialog(undefined)
            }}
          />
        </Show>
        <Show when={seen('proxy', routing())}>
          <SetProxyDialog
            open={routing()}
            account={routed()}
            proxies={choices()}
            failure={proxies.error}
            onRetry={() => void proxies.refetch()}
            actions={actions}
            onClose={() => setRouting(false)}
          />
        </Show>
      </Suspense>
      <ConfirmDialog
        open={deleting()}
        onClose={() => setDeleting(false)}
        title={t('accounts.bulk.deleteTitle', { count: format().number(chosen().size) })}
        text={t('accounts.bulk.deleteText', { names: namesToDelete() })}
        action={t('accounts.bulk.deleteAction', { count: format().number(chosen().size) })}
        onConfirm={() => {
          act({ action: 'delete' })
          setDeleting(false)
        }}
      />
    </>
  )
}
