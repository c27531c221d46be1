import { useNavigate, useParams, useSearchParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import ChevronLeft from 'lucide-solid/icons/chevron-left'
import ChevronRight from 'lucide-solid/icons/chevron-right'
import Plus from 'lucide-solid/icons/plus'
import UsersRound from 'lucide-solid/icons/users-round'
import { createEffect, createSignal, For, lazy, Match, Show, Suspense, Switch } from 'solid-js'
import type { AccountListItem } from '../../../server/admin/contract/accounts.ts'
import { errorText } from '../api/error-text.ts'
import { MayChange } from '../api/may-change.tsx'
import { dataOf, queries } from '../api/queries.ts'
import { Banner } from '../components/banner.tsx'
import { Button, IconButton } from '../components/button.tsx'
import { ConfirmDialog } from '../components/dialog.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { EmptyState, ErrorState, Skeleton } from '../components/states.tsx'
import { createAccountActions } from '../features/accounts/account-actions.tsx'
import { type AccountHandlers, AccountListView } from '../features/accounts/account-list.tsx'
import { fullName, type StatusFilter, statusFilter, statusFilters } from '../features/accounts/status.ts'
import { useI18n } from '../i18n/i18n.tsx'

const AccountDrawer = lazy(() => import('../features/accounts/account-drawer.tsx'))
const AddAccountDialog = lazy(() => import('../features/accounts/add-account.tsx'))
const SetProxyDialog = lazy(() => import('../features/accounts/set-proxy.tsx'))

/** Which accounts can serve requests now, and which need me? Filter and page are in the address. */
export default function AccountsPage() {
  const { t, format } = useI18n()
  const session = useQuery(() => queries.session())
  const [search, setSearch] = useSearchParams()
  const params = useParams<{ id?: string }>()
  const navigate = useNavigate()
  const filter = () => statusFilter(search.status)
  const page = (): number => Math.max(1, Math.trunc(Number(search.page)) || 1)
  const list = useQuery(() => queries.accounts({ status: filter(), page: page() }))
  const data = () => dataOf(list)
  const proxies = useQuery(() => queries.proxies())
  const choices = () => dataOf(proxies)?.proxies
  const actions = createAccountActions()
  const [adding, setAdding] = createSignal(false)
  const [again, setAgain] = createSignal<AccountListItem>()
  const [deleting, setDeleting] = createSignal<AccountListItem>()
  const [routing, setRouting] = createSignal(false)
  const [routed, setRouted] = createSignal<AccountListItem>()
  // Kept apart from `deleting`: the text must not change while the dialog fades away.
  const [named, setNamed] = createSignal('')

  const ready = (): number => data()?.counts.ready ?? 0
  const unchecked = (): number => data()?.counts.unchecked ?? 0
  // An address may name a page that is gone since.
  createEffect(() => {
    const pages = data()?.pagination.pages
    if (!list.isPlaceholderData && pages && page() > pages)
      setSearch({ page: pages > 1 ? pages : null }, { replace: true })
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
  const countOf = (name: StatusFilter): number =>
    name === 'all' ? (data()?.accountStats.totalCount ?? 0) : (data()?.counts[name] ?? 0)
  const offered = (): readonly StatusFilter[] =>
    statusFilters.filter((name) => name === 'all' || name === 'ready' || name === filter() || countOf(name) > 0)
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
  const handlers: AccountHandlers = {
    get proxies() {
      return choices() ?? []
    },
    actions,
    onRead: (account) => navigate(`/accounts/${encodeURIComponent(account.id)}${location.search}`, { scroll: false }),
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
      actions.remove.reset()
      setNamed(fullName(account))
      setDeleting(account)
    },
  }
  const remove = (): void => {
    const account = deleting()
    if (account) actions.remove.mutate(account, { onSuccess: () => setDeleting(undefined) })
  }
  return (
    <>
      <PageHeader title={t('accounts.title')} app={dataOf(session)?.name ?? ''} answer={answer()}>
        <MayChange>
          <Button look="primary" icon={Plus} onClick={add}>
            {t('accounts.add')}
          </Button>
        </MayChange>
      </PageHeader>
      <Show when={data()?.accountStats.totalCount}>
        <fieldset class="flex flex-wrap gap-2">
          <legend class="sr-only">{t('accounts.filter')}</legend>
          <For each={offered()}>
            {(name) => (
              <button
                type="button"
                aria-pressed={filter() === name}
                onClick={() => setSearch({ status: name === 'all' ? null : name, page: null })}
                class="control numbers inline-flex items-center gap-1.5 rounded-full border border-border bg-surface px-3 text-13 text-text-2 hover:bg-surface-2 aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-text"
              >
                {t(
                  name === 'all'
                    ? 'accounts.filter.all'
                    : name === 'failing'
                      ? 'accounts.filter.failing'
                      : `status.${name}`,
                )}
                <span class="text-text-3">{format().number(countOf(name))}</span>
              </button>
            )}
          </For>
        </fieldset>
      </Show>
      <Show when={data()?.accountStats.totalCount && ready() === 0 && unchecked() === 0}>
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
            <Button onClick={() => setSearch({ status: null, page: null })}>{t('accounts.showAll')}</Button>
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
              <AccountListView accounts={shown().accounts} {...handlers} />
              <Show when={shown().pagination.pages > 1}>
                <nav class="numbers flex items-center justify-end gap-2" aria-label={t('accounts.title')}>
                  <IconButton
                    icon={ChevronLeft}
                    label={t('accounts.previous')}
                    disabled={page() <= 1}
                    onClick={() => setSearch({ page: page() - 1 || null })}
                  />
                  {t('accounts.page', { page: page(), pages: shown().pagination.pages })}
                  <IconButton
                    icon={ChevronRight}
                    label={t('accounts.next')}
                    disabled={page() >= shown().pagination.pages}
                    onClick={() => setSearch({ page: page() + 1 })}
                  />
                </nav>
              </Show>
            </>
          )}
        </Match>
      </Switch>
      <Suspense>
        <Show when={seen('drawer', params.id !== undefined)}>
          <AccountDrawer
            accountId={params.id}
            listed={data()?.accounts.find(({ id }) => id === params.id)}
            onClose={() => navigate(`/accounts${location.search}`, { scroll: false })}
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
        open={deleting() !== undefined}
        onClose={() => setDeleting(undefined)}
        title={t('accounts.deleteTitle', { name: named() })}
        text={t('accounts.deleteText')}
        action={t('accounts.deleteAction')}
        busy={actions.remove.isPending}
        error={
          actions.remove.error
            ? `${t('accounts.deleteFailed', { name: named() })} ${errorText(actions.remove.error, t)}`
            : undefined
        }
        onConfirm={remove}
      />
    </>
  )
}
