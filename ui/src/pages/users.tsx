import { useNavigate, useParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import ArchiveRestore from 'lucide-solid/icons/archive-restore'
import Ellipsis from 'lucide-solid/icons/ellipsis'
import Plus from 'lucide-solid/icons/plus'
import UserPlus from 'lucide-solid/icons/user-plus'
import UsersRound from 'lucide-solid/icons/users-round'
import { createEffect, createMemo, createSignal, For, Match, Show, Suspense, Switch } from 'solid-js'
import type { AccountListItem } from '../../../server/admin/contract/accounts.ts'
import type { UserView } from '../../../server/admin/contract/users.ts'
import { errorText } from '../api/error-text.ts'
import { createMayChange, MayChange } from '../api/may-change.tsx'
import { dataOf, queries } from '../api/queries.ts'
import { userQueries } from '../api/users.ts'
import { Button } from '../components/button.tsx'
import { ConfirmDialog } from '../components/dialog.tsx'
import { Glyph } from '../components/glyph.tsx'
import { Menu, MenuItem } from '../components/menu.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { usePaletteActions } from '../components/palette-actions.tsx'
import { focusRow } from '../components/row-keys.ts'
import { SearchBox } from '../components/search-box.tsx'
import { EmptyState, ErrorState, Skeleton } from '../components/states.tsx'
import { beside } from '../components/table-order.ts'
import { shownName } from '../features/accounts/status.ts'
import type { AccountChoice } from '../features/users/access-set.ts'
import { BulkBar } from '../features/users/bulk-bar.tsx'
import type { KeyHolder } from '../features/users/key-dialog.tsx'
import { logsOf } from '../features/users/logs-link.ts'
import { OwnerStrip } from '../features/users/owner-strip.tsx'
import { createUserActions } from '../features/users/user-actions.tsx'
import { UserListView } from '../features/users/user-list.tsx'
import { activeLately, countStates, foundBy, userFilters, userState, userTabs } from '../features/users/user-state.ts'
import { useI18n } from '../i18n/i18n.tsx'
import { shortId } from '../lib/account-name.ts'
import { createClock } from '../lib/clock.ts'
import { maskEmail } from '../lib/format.ts'
import { later } from '../lib/later.tsx'
import { choiceParam, textParam } from '../lib/url-params.ts'
import { createUrlState } from '../lib/url-state.ts'

const UserDrawer = later(() => import('../features/users/user-drawer.tsx'))
const userDialogs = () => import('../features/users/user-dialog.tsx')
const CreateUserDialog = later(async () => ({ default: (await userDialogs()).CreateUserDialog }))
const EditUserDialog = later(async () => ({ default: (await userDialogs()).EditUserDialog }))
const CreateManyDialog = later(() => import('../features/users/create-many.tsx'))
const CreateKeyDialog = later(async () => ({
  default: (await import('../features/users/key-dialog.tsx')).CreateKeyDialog,
}))
const DeletedUsersDialog = later(() => import('../features/users/deleted-users.tsx'))

const params = {
  status: choiceParam(userFilters, 'all'),
  q: textParam,
  sort: textParam,
  tab: choiceParam(userTabs, 'overview'),
}

type Open =
  | { readonly what: 'create' | 'many' | 'deleted' }
  | { readonly what: 'edit'; readonly user: UserView }
  | { readonly what: 'key'; readonly holder: KeyHolder }

const mostNamed = 5

/** Who can call the gateway, how much have they used, how much is left? Filters, order, user and tab are in the address. */
export default function UsersPage() {
  const { t, format } = useI18n()
  const navigate = useNavigate()
  const at = useParams<{ id?: string }>()
  const url = createUrlState(params)
  const session = useQuery(() => queries.session())
  const list = useQuery(() => userQueries.list())
  const keys = useQuery(() => queries.keys())
  const every = useQuery(() => queries.everyAccount())
  const models = useQuery(() => queries.models())
  const mayChange = createMayChange()
  const actions = createUserActions()
  const now = createClock(30_000)
  const [open, setOpen] = createSignal<Open>()
  const [chosen, setChosen] = createSignal<ReadonlySet<string>>(new Set())
  const [ordered, setOrdered] = createSignal<readonly UserView[]>([])
  const [deleting, setDeleting] = createSignal<readonly UserView[]>()
  // Kept apart from `deleting`: the text must not change while the dialog fades away.
  const [named, setNamed] = createSignal({ count: 0, names: '' })

  // Its code is loaded when it first opens, and stays for its closing.
  const [drawerSeen, setDrawerSeen] = createSignal(false)
  createEffect(() => at.id !== undefined && setDrawerSeen(true))

  const users = (): readonly UserView[] | undefined => dataOf(list)
  const ownerKeys = () => dataOf(keys)?.keys.filter(({ user_id }) => user_id === null)
  const accountChoices = createMemo(() => dataOf(every)?.map(accountChoice))
  const choices = {
    accounts: {
      get list() {
        return accountChoices()
      },
      get failure() {
        return every.error
      },
      retry: () => void every.refetch(),
    },
    get models() {
      return dataOf(models)?.models.map(({ id }) => id) ?? []
    },
  }
  const found = createMemo(() =>
    (users() ?? [])
      .filter((user) => foundBy(user, url.value.q))
      // Newest first; of those made together by name.
      .toSorted(
        (one, other) => other.created_at.localeCompare(one.created_at) || format().compare(one.name, other.name),
      ),
  )
  const counts = createMemo(() => countStates(found(), now()))
  const shown = createMemo(() =>
    url.value.status === 'all' ? found() : found().filter((user) => userState(user, now()) === url.value.status),
  )
  const selected = createMemo(() => shown().filter(({ id }) => chosen().has(id)))
  const answer = (): string | undefined => {
    const all = users()
    if (all === undefined) return undefined
    const keyCount = all.reduce((sum, user) => sum + user.keys.length, ownerKeys()?.length ?? 0)
    return [
      t(`users.count.${format().form(all.length)}`, { count: format().number(all.length) }),
      t(`users.keys.${format().form(keyCount)}`, { count: format().number(keyCount) }),
      t('users.activeLately', { count: format().number(activeLately(all, now())) }),
    ].join(' · ')
  }
  const close = (): void => void setOpen(undefined)
  const opened = <What extends Open['what']>(what: What) => {
    const is = open()
    return is?.what === what ? (is as Extract<Open, { readonly what: What }>) : undefined
  }
  usePaletteActions(() =>
    mayChange()
      ? [
          {
            id: 'users.create',
            writes: true,
            text: t('users.create'),
            icon: UserPlus,
            keys: 'n',
            run: () => setOpen({ what: 'create' }),
          },
          { id: 'users.many', text: t('users.createMany'), icon: UsersRound, run: () => setOpen({ what: 'many' }) },
          {
            id: 'users.deleted',
            text: t('users.recent'),
            icon: ArchiveRestore,
            run: () => setOpen({ what: 'deleted' }),
          },
        ]
      : [],
  )
  const batch = (action: 'enable' | 'disable'): void =>
    actions.batch.mutate({ action, ids: selected().map(({ id }) => id) }, { onSuccess: keepFailed })
  /** What could not be done stays chosen. */
  const keepFailed = (done: { readonly results: readonly { readonly id?: string; readonly ok: boolean }[] }): void => {
    setChosen(new Set(done.results.flatMap(({ id, ok }) => (ok || id === undefined ? [] : [id]))))
  }
  const askDelete = (): void => {
    const [only, ...more] = selected()
    if (only === undefined) return
    // One comes back by its toast; more are asked for by name.
    if (more.length === 0) {
      actions.remove.mutate(only, { onSuccess: () => setChosen(new Set<string>()) })
      return
    }
    const names = selected().map(({ name }) => name)
    const first = names.slice(0, mostNamed)
    setNamed({
      count: names.length,
      names:
        names.length > mostNamed
          ? t('users.bulk.deleteMore', {
              names: first.join(t('common.separator')),
              count: format().number(names.length - mostNamed),
            })
          : format().list(first),
    })
    actions.batch.reset()
    setDeleting(selected())
  }
  const href = (userId: string | undefined): string =>
    `/users${userId === undefined ? '' : `/${encodeURIComponent(userId)}`}`
  const closeDrawer = (): void => {
    const rest = new URLSearchParams(location.search)
    rest.delete('tab')
    const { id } = at
    navigate(`${href(undefined)}${rest.size > 0 ? `?${rest}` : ''}`, { scroll: false })
    focusRow(id)
  }
  const step = (by: 1 | -1): (() => void) | undefined => {
    const next = at.id === undefined ? undefined : beside(ordered(), at.id, by)
    return next === undefined
      ? undefined
      : () => navigate(`${href(next)}${location.search}`, { scroll: false, replace: true })
  }
  return (
    <>
      <PageHeader title={t('users.title')} app={dataOf(session)?.name ?? ''} answer={answer()}>
        <MayChange>
          <Button onClick={() => setOpen({ what: 'many' })}>{t('users.createMany')}</Button>
          <Button look="primary" icon={Plus} onClick={() => setOpen({ what: 'create' })}>
            {t('users.create')}
          </Button>
          <Menu
            label={t('users.more')}
            triggerClass="control-square inline-flex items-center justify-center rounded-md border border-control text-text-2 hover:bg-surface-2"
            trigger={<Glyph icon={Ellipsis} size={16} />}
          >
            <MenuItem icon={ArchiveRestore} text={t('users.recent')} onSelect={() => setOpen({ what: 'deleted' })} />
          </Menu>
        </MayChange>
      </PageHeader>
      <Show when={users()?.length}>
        <div class="flex flex-wrap items-center gap-2">
          <SearchBox label={t('users.search')} value={url.value.q} onSearch={(q) => url.set({ q }, { typed: true })} />
          <fieldset class="-mx-3 flex gap-2 max-md:w-screen max-md:overflow-x-auto max-md:px-3 max-md:py-1 md:mx-0 md:flex-wrap">
            <legend class="sr-only">{t('users.filter')}</legend>
            <For each={userFilters.filter((name) => name === 'all' || name === url.value.status || counts()[name] > 0)}>
              {(name) => (
                <button
                  type="button"
                  aria-pressed={url.value.status === name}
                  onClick={() => {
                    setChosen(new Set<string>())
                    url.set({ status: name })
                  }}
                  class="control numbers inline-flex shrink-0 items-center gap-1.5 whitespace-nowrap rounded-full border border-border bg-surface px-3 text-13 text-text-2 hover:bg-surface-2 aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-text"
                >
                  {name === 'all' ? t('users.filter.all') : t(`users.state.${name}`)}
                  <span class="text-text-3">{format().number(counts()[name])}</span>
                </button>
              )}
            </For>
          </fieldset>
        </div>
      </Show>
      <Show when={ownerKeys()}>{(own) => <OwnerStrip keys={own()} now={now} />}</Show>
      <Switch>
        <Match when={list.isPending}>
          <Skeleton rows={5} label={t('common.loading')} />
        </Match>
        <Match when={!users() && list.error}>
          <ErrorState
            text={t('users.failed')}
            detail={errorText(list.error, t)}
            retry={t('common.retry')}
            busy={list.isFetching}
            onRetry={() => void list.refetch()}
          />
        </Match>
        <Match when={users()?.length === 0}>
          <EmptyState icon={UsersRound} text={t('users.empty')}>
            <MayChange>
              <Button look="primary" icon={Plus} onClick={() => setOpen({ what: 'create' })}>
                {t('users.create')}
              </Button>
            </MayChange>
          </EmptyState>
        </Match>
        <Match when={shown().length === 0}>
          <EmptyState icon={UsersRound} text={t('users.emptyFilter')}>
            <Button onClick={() => url.set({ status: 'all', q: '' })}>{t('users.showAll')}</Button>
          </EmptyState>
        </Match>
        <Match when={users()}>
          <Show when={list.error}>
            <ErrorState
              text={t('users.failed')}
              detail={errorText(list.error, t)}
              retry={t('common.retry')}
              busy={list.isFetching}
              onRetry={() => void list.refetch()}
            />
          </Show>
          <UserListView
            users={shown()}
            onShown={setOrdered}
            now={now}
            order={url.value.sort || undefined}
            onOrder={(sort) => url.set({ sort: sort ?? '' })}
            selection={
              mayChange()
                ? {
                    get chosen() {
                      return chosen()
                    },
                    onChange: setChosen,
                    label: ({ name }) => t('users.select', { name }),
                  }
                : undefined
            }
            actions={actions}
            onEdit={(user) => setOpen({ what: 'edit', user })}
            onNewKey={(user) => setOpen({ what: 'key', holder: { id: user.id, name: user.name } })}
            onLogs={(user) => navigate(logsOf({ user: user.id }))}
          />
          <BulkBar label={t('users.bulk.label')} count={selected().length} onClear={() => setChosen(new Set<string>())}>
            <Button busy={actions.batch.isPending} onClick={() => batch('enable')}>
              {t('users.bulk.enable')}
            </Button>
            <Button busy={actions.batch.isPending} onClick={() => batch('disable')}>
              {t('users.bulk.disable')}
            </Button>
            <Button look="quiet-danger" onClick={askDelete}>
              {t('users.delete')}
            </Button>
          </BulkBar>
        </Match>
      </Switch>
      <Suspense>
        <Show when={drawerSeen()}>
          <UserDrawer
            {...choices}
            userId={at.id}
            listed={users()?.find(({ id }) => id === at.id)}
            ownerKeys={ownerKeys()}
            now={now}
            tab={url.value.tab}
            onTab={(tab) => url.set({ tab }, { typed: true })}
            onEdit={(user) => setOpen({ what: 'edit', user })}
            onCreateKey={(holder) => setOpen({ what: 'key', holder })}
            step={step}
            onClose={closeDrawer}
          />
        </Show>
        <Show when={opened('create')}>
          <CreateUserDialog open {...choices} onClose={close} />
        </Show>
        <Show when={opened('many')}>
          <CreateManyDialog {...choices} onClose={close} />
        </Show>
        <Show when={opened('deleted')}>
          <DeletedUsersDialog now={now} onClose={close} />
        </Show>
        <Show when={opened('edit')}>
          {(is) => <EditUserDialog open {...choices} user={is().user} onClose={close} />}
        </Show>
        <Show when={opened('key')}>
          {(is) => <CreateKeyDialog {...choices} holder={is().holder} onClose={close} />}
        </Show>
      </Suspense>
      <ConfirmDialog
        open={deleting() !== undefined}
        onClose={() => setDeleting(undefined)}
        title={t('users.bulk.deleteTitle', { count: format().number(named().count) })}
        text={t('users.bulk.deleteText', { names: named().names })}
        action={t('users.bulk.deleteAction')}
        busy={actions.batch.isPending}
        error={actions.batch.error ? errorText(actions.batch.error, t) : undefined}
        onConfirm={() => {
          const ids = deleting()?.map(({ id }) => id)
          if (ids === undefined || actions.batch.isPending) return
          actions.batch.mutate(
            { action: 'delete', ids },
            {
              onSuccess: (done) => {
                keepFailed(done)
                setDeleting(undefined)
              },
            },
          )
        }}
      />
    </>
  )
}

const accountChoice = (account: AccountListItem): AccountChoice => {
  const { id, label, email, subscription_type: plan } = account
  return {
    id,
    name: shownName(account),
    hint: [label && email ? maskEmail(email) : undefined, shortId(id), plan].filter(Boolean).join(' · '),
    words: [email, id].filter(Boolean).join(' '),
  }
}
