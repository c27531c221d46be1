import Copy from 'lucide-solid/icons/copy'
import Ellipsis from 'lucide-solid/icons/ellipsis'
import LogIn from 'lucide-solid/icons/log-in'
import RefreshCw from 'lucide-solid/icons/refresh-cw'
import Route from 'lucide-solid/icons/route'
import Trash2 from 'lucide-solid/icons/trash'
import { type Accessor, type JSX, Show } from 'solid-js'
import type { AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import { createMayChange, MayChange } from '../../api/may-change.tsx'
import { IconButton } from '../../components/button.tsx'
import { ListView } from '../../components/list-view.tsx'
import { Menu, MenuItem, MenuSeparator } from '../../components/menu.tsx'
import { Switch } from '../../components/switch.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { copyText, pageCopyEnvironment } from '../../lib/copy.ts'
import { maskEmail } from '../../lib/format.ts'
import type { AccountActions } from './account-actions.tsx'
import { isClosed, type ProxyChoice, proxyById } from './proxy-choice.ts'
import { QuotaCell } from './quota-cell.tsx'
import { accountName, shortId } from './status.ts'
import { StatusBadge } from './status-badge.tsx'

type ListProps = {
  readonly accounts: readonly AccountListItem[]
  readonly proxies: readonly ProxyChoice[]
  readonly actions: AccountActions
  readonly onSignInAgain: (account: AccountListItem) => void
  readonly onSetProxy: (account: AccountListItem) => void
  readonly onDelete: (account: AccountListItem) => void
}
type RowProps = Omit<ListProps, 'accounts'> & { readonly account: AccountListItem; readonly now: Accessor<number> }

/** A table, or cards on a phone. */
export function AccountListView(props: ListProps) {
  const now = createClock(1000)
  const { t } = useI18n()
  const row = (account: AccountListItem): RowProps => ({
    account,
    now,
    proxies: props.proxies,
    actions: props.actions,
    onSignInAgain: props.onSignInAgain,
    onSetProxy: props.onSetProxy,
    onDelete: props.onDelete,
  })
  return (
    <ListView
      items={props.accounts}
      columns={columns.map((column) => ({ ...column, text: t(column.key) }))}
      actions={t('accounts.column.actions')}
      row={(account) => <Row {...row(account)} />}
      card={(account) => <Card {...row(account)} />}
    />
  )
}

// Plan and region give way first where the table is narrow.
const columns: readonly { readonly key: PlainKey; readonly class?: string }[] = [
  { key: 'accounts.column.account' },
  { key: 'accounts.column.status' },
  { key: 'accounts.column.quota' },
  { key: 'accounts.column.plan', class: 'max-lg:hidden' },
  { key: 'accounts.column.region', class: 'max-lg:hidden' },
  { key: 'accounts.column.lastUsed' },
  { key: 'accounts.column.on' },
]

function Cell(props: { class?: string; children: JSX.Element }) {
  return <td class={`px-3 py-2 align-top ${props.class ?? ''}`}>{props.children}</td>
}

function Row(props: RowProps) {
  const { t } = useI18n()
  return (
    <tr class="border-border border-b last:border-b-0 hover:bg-surface-2">
      <Cell class="min-w-44 max-w-64">
        <Identity account={props.account} proxies={props.proxies} />
      </Cell>
      <Cell class="min-w-40 max-w-72">
        <StatusBadge account={props.account} now={props.now} />
      </Cell>
      <Cell class="min-w-40">
        <QuotaCell account={props.account} now={props.now} />
      </Cell>
      <Cell class="whitespace-nowrap max-lg:hidden">{props.account.subscription_type ?? t('common.unknown')}</Cell>
      <Cell class="whitespace-nowrap max-lg:hidden">{props.account.region}</Cell>
      <Cell class="whitespace-nowrap">
        <TimeAgo at={props.account.last_used_at} now={props.now} never={t('common.never')} />
      </Cell>
      <Cell class="py-1">
        <EnableSwitch {...props} />
      </Cell>
      <Cell class="py-1">
        <div class="flex justify-end">
          <MayChange>
            <CheckButton {...props} />
          </MayChange>
          <RowMenu {...props} />
        </div>
      </Cell>
    </tr>
  )
}

function Card(props: RowProps) {
  const { t } = useI18n()
  return (
    <li class="flex flex-col gap-3 rounded-lg border border-border bg-surface p-3">
      <div class="flex items-start justify-between gap-2">
        <Identity account={props.account} proxies={props.proxies} />
        <div class="flex shrink-0">
          <EnableSwitch {...props} />
          <MayChange>
            <CheckButton {...props} />
          </MayChange>
          <RowMenu {...props} />
        </div>
      </div>
      <StatusBadge account={props.account} now={props.now} />
      <QuotaCell account={props.account} now={props.now} />
      <p class="text-12 text-text-3">
        {props.account.subscription_type ?? t('common.unknown')} · {props.account.region} ·{' '}
        {t('accounts.column.lastUsed')}:{' '}
        <TimeAgo at={props.account.last_used_at} now={props.now} never={t('common.never')} />
      </p>
    </li>
  )
}

function Identity(props: Pick<RowProps, 'account' | 'proxies'>) {
  const { t } = useI18n()
  const method = (): string => {
    const known = methods.find((name) => name === props.account.auth_method)
    return known ? t(`method.${known}`) : props.account.auth_method
  }
  const proxy = (): string => props.account.proxy_name ?? props.account.proxy_id ?? ''
  const closed = (): boolean => {
    const own = proxyById(props.proxies, props.account.proxy_id)
    return own !== undefined && isClosed(own)
  }
  return (
    <div class="min-w-0">
      <div class="wrap-anywhere font-medium">{shownName(props.account)}</div>
      <Show when={props.account.label && props.account.email}>
        <div class="wrap-anywhere text-12 text-text-2">{maskEmail(props.account.email ?? '')}</div>
      </Show>
      <div class="text-12 text-text-3">
        {method()} · <span class="font-mono">{shortId(props.account.id)}</span>
      </div>
      <Show when={props.account.proxy_id !== null}>
        <div class={`wrap-anywhere text-12 ${closed() ? 'text-warning' : 'text-text-3'}`}>
          {closed() ? t('accounts.viaClosed', { proxy: proxy() }) : t('accounts.via', { proxy: proxy() })}
        </div>
      </Show>
    </div>
  )
}

const methods = ['builder-id', 'identity-center', 'social', 'api-key'] as const
const shownName = (account: AccountListItem): string => maskEmail(accountName(account))

function EnableSwitch(props: RowProps) {
  const { t } = useI18n()
  const mayChange = createMayChange()
  return (
    <Switch
      label={t('accounts.enabled', { name: shownName(props.account) })}
      checked={props.account.enabled}
      disabled={!mayChange()}
      onChange={(enabled) => props.actions.enable.mutate({ account: props.account, enabled })}
    />
  )
}

function CheckButton(props: RowProps) {
  const { t } = useI18n()
  const busy = (): boolean => props.actions.check.isPending && props.actions.check.variables?.id === props.account.id
  const label = (): string =>
    busy() ? t('accounts.checking', { name: shownName(props.account) }) : t('accounts.check')
  return (
    <IconButton
      icon={RefreshCw}
      label={`${label()}: ${shownName(props.account)}`}
      class={busy() ? '[&>svg]:turning' : ''}
      aria-disabled={busy()}
      onClick={() => !busy() && props.actions.check.mutate(props.account)}
    />
  )
}

function RowMenu(props: RowProps) {
  const { t } = useI18n()
  const mayChange = createMayChange()
  const copyId = async (): Promise<void> => {
    const copied = await copyText(props.account.id, pageCopyEnvironment(document.body))
    showToast({ tone: 'info', text: copied === 'copied' ? t('common.copied') : props.account.id })
  }
  return (
    <Menu
      label={t('common.more', { name: shownName(props.account) })}
      triggerClass="control-square inline-flex items-center justify-center rounded-md text-text-2 hover:bg-surface-2 hover:text-text"
      trigger={<Ellipsis size={16} strokeWidth={1.75} aria-hidden="true" />}
    >
      <Show when={mayChange()}>
        <MenuItem
          icon={RefreshCw}
          text={t('accounts.check')}
          onSelect={() => props.actions.check.mutate(props.account)}
        />
        <Show when={props.account.auth_method === 'builder-id' || props.account.auth_method === 'identity-center'}>
          <MenuItem icon={LogIn} text={t('accounts.signInAgain')} onSelect={() => props.onSignInAgain(props.account)} />
        </Show>
        <MenuItem icon={Route} text={t('accounts.setProxy')} onSelect={() => props.onSetProxy(props.account)} />
      </Show>
      <MenuItem icon={Copy} text={t('accounts.copyId')} onSelect={() => void copyId()} />
      <Show when={mayChange()}>
        <MenuSeparator />
        <MenuItem icon={Trash2} text={t('accounts.delete')} danger onSelect={() => props.onDelete(props.account)} />
      </Show>
    </Menu>
  )
}
