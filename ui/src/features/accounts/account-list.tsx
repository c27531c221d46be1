import { A, useLocation, useNavigate } from '@solidjs/router'
import Copy from 'lucide-solid/icons/copy'
import Ellipsis from 'lucide-solid/icons/ellipsis'
import LogIn from 'lucide-solid/icons/log-in'
import RefreshCw from 'lucide-solid/icons/refresh-cw'
import Route from 'lucide-solid/icons/route'
import ScrollText from 'lucide-solid/icons/scroll-text'
import Trash2 from 'lucide-solid/icons/trash'
import { type Accessor, type JSX, Show } from 'solid-js'
import type { AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import { createMayChange, MayChange } from '../../api/may-change.tsx'
import { IconButton } from '../../components/button.tsx'
import { type Column, DataTable, type Selection } from '../../components/data-table.tsx'
import { Glyph } from '../../components/glyph.tsx'
import { Menu, MenuItem, MenuSeparator } from '../../components/menu.tsx'
import { Switch } from '../../components/switch.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { shortId } from '../../lib/account-name.ts'
import { createDeadlineClock } from '../../lib/clock.ts'
import { copyText, pageCopyEnvironment } from '../../lib/copy.ts'
import { maskEmail, parseTime } from '../../lib/format.ts'
import type { AccountActions } from './account-actions.tsx'
import { isClosed, type ProxyChoice, proxyById } from './proxy-choice.ts'
import { QuotaCell } from './quota-cell.tsx'
import { RemedyButton } from './remedy.tsx'
import { fullName, quotaOf, shortReason, shownName, troubleText } from './status.ts'
import { StatusBadge } from './status-badge.tsx'

export type AccountHandlers = {
  readonly proxies: readonly ProxyChoice[]
  readonly actions: AccountActions
  readonly onSignInAgain: (account: AccountListItem) => void
  readonly onRead: (account: AccountListItem) => void
  readonly onSetProxy: (account: AccountListItem) => void
  readonly onDelete: (account: AccountListItem) => void
}
type ListProps = AccountHandlers & {
  readonly accounts: readonly AccountListItem[]
  readonly selection?: Selection<AccountListItem> | undefined
  readonly onShown: (accounts: readonly AccountListItem[]) => void
}
type RowProps = AccountHandlers & { readonly account: AccountListItem; readonly now: Accessor<number> }

/** A table of low rows, or cards on a phone; all that is known of an account is in its drawer. */
export function AccountListView(props: ListProps) {
  const now = createDeadlineClock(() => props.accounts.flatMap(({ state_until }) => parseTime(state_until) ?? []))
  const { t } = useI18n()
  const row = (account: AccountListItem): RowProps => ({
    account,
    now,
    get proxies() {
      return props.proxies
    },
    actions: props.actions,
    onSignInAgain: props.onSignInAgain,
    onRead: props.onRead,
    onSetProxy: props.onSetProxy,
    onDelete: props.onDelete,
  })
  return (
    <DataTable
      items={props.accounts}
      main
      selection={props.selection}
      onShown={props.onShown}
      columns={columns.map((column) => ({ ...column, text: t(column.key) }))}
      actions={t('accounts.column.actions')}
      cells={(account) => <Cells {...row(account)} />}
      card={(account) => <Card {...row(account)} />}
    />
  )
}

// Plan, last use and region give way first where the table is narrow.
const columns: readonly (Omit<Column<AccountListItem>, 'text'> & { readonly key: PlainKey })[] = [
  { key: 'accounts.column.account', value: shownName },
  { key: 'accounts.column.status' },
  {
    key: 'accounts.column.quota',
    value: ({ usage_current, usage_limit }) => quotaOf(usage_current, usage_limit).ratio,
  },
  { key: 'accounts.column.plan', class: 'max-xl:hidden', value: ({ subscription_type }) => subscription_type ?? '' },
  {
    key: 'accounts.column.lastUsed',
    class: 'max-lg:hidden',
    value: ({ last_used_at }) => parseTime(last_used_at) ?? 0,
  },
  { key: 'accounts.column.on' },
]

function Cell(props: { class?: string; children: JSX.Element }) {
  return <td class={`px-3 py-0.5 ${props.class ?? ''}`}>{props.children}</td>
}

function Cells(props: RowProps) {
  const { t } = useI18n()
  return (
    <>
      <Cell class="w-1/4 max-w-0">
        <Identity {...props} />
      </Cell>
      <Cell class="w-2/5 max-w-0">
        <Status {...props} />
      </Cell>
      <Cell class="w-44 min-w-36">
        <QuotaCell account={props.account} />
      </Cell>
      <Cell class="whitespace-nowrap max-xl:hidden">{props.account.subscription_type ?? t('common.unknown')}</Cell>
      <Cell class="whitespace-nowrap max-lg:hidden">
        <TimeAgo at={props.account.last_used_at} now={props.now} never={t('common.never')} />
      </Cell>
      <Cell class="w-12">
        <EnableSwitch {...props} />
      </Cell>
      <Cell class="w-20">
        <div class="flex justify-end">
          <MayChange>
            <CheckButton {...props} />
          </MayChange>
          <RowMenu {...props} />
        </div>
      </Cell>
    </>
  )
}

function Card(props: RowProps) {
  const { t } = useI18n()
  return (
    <>
      <div class="flex items-start justify-between gap-2">
        <Identity {...props} />
        <div class="flex shrink-0">
          <EnableSwitch {...props} />
          <RowMenu {...props} />
        </div>
      </div>
      <Status {...props} />
      <QuotaCell account={props.account} />
      <p class="text-12 text-text-3">
        {t('accounts.column.lastUsed')}:{' '}
        <TimeAgo at={props.account.last_used_at} now={props.now} never={t('common.never')} />
      </p>
    </>
  )
}

function Identity(props: RowProps) {
  const { t } = useI18n()
  const location = useLocation()
  const proxy = (): string => props.account.proxy_name ?? props.account.proxy_id ?? ''
  const closed = (): boolean => {
    const own = proxyById(props.proxies, props.account.proxy_id)
    return own !== undefined && isClosed(own)
  }
  const email = (): string => (props.account.label && props.account.email ? `${maskEmail(props.account.email)} · ` : '')
  return (
    <div class="min-w-0">
      <A
        href={`/accounts/${encodeURIComponent(props.account.id)}${location.search}`}
        noScroll
        class="block truncate font-medium hover:underline max-md:-my-3 max-md:py-3"
        title={shownName(props.account)}
      >
        {shownName(props.account)}
      </A>
      <div class="flex text-12 text-text-3">
        <span class="min-w-8 truncate whitespace-pre" title={email() && maskEmail(props.account.email ?? '')}>
          {email()}
        </span>
        {/* What tells it from others is never cut. */}
        <span class="shrink-0">{shortId(props.account.id)}</span>
        <Show when={props.account.proxy_id !== null}>
          <span class={`min-w-8 truncate whitespace-pre ${closed() ? 'text-warning' : ''}`} title={proxy()}>
            {' · '}
            {closed() ? t('accounts.viaClosed', { proxy: proxy() }) : t('accounts.via', { proxy: proxy() })}
          </span>
        </Show>
      </div>
    </div>
  )
}

/** One badge, a few words why, and the one thing that helps. */
function Status(props: RowProps) {
  const { t, format } = useI18n()
  const why = (): string | undefined => {
    const key = shortReason(props.account)
    if (key) return t(key)
    const [trouble] = props.account.state === 'suspended' ? [] : props.account.troubles
    return trouble && troubleText(trouble, t, format(), props.now())
  }
  return (
    <div class="flex min-w-0 items-center gap-2 md:max-lg:flex-wrap md:max-lg:gap-y-0">
      <StatusBadge account={props.account} now={props.now} />
      <Show when={why()}>
        <span class="min-w-0 truncate text-12 text-text-2 md:max-lg:hidden" title={why()}>
          {why()}
        </span>
      </Show>
      <RemedyButton {...props} />
    </div>
  )
}

function EnableSwitch(props: RowProps) {
  const { t } = useI18n()
  const mayChange = createMayChange()
  return (
    <Switch
      label={t('accounts.enabled', { name: fullName(props.account) })}
      checked={props.account.enabled}
      disabled={!mayChange()}
      onChange={(enabled) => props.actions.enable.mutate({ account: props.account, enabled })}
    />
  )
}

function CheckButton(props: RowProps) {
  const { t } = useI18n()
  const busy = (): boolean => props.actions.check.isPending && props.actions.check.variables?.id === props.account.id
  const named = () => ({ name: fullName(props.account) })
  return (
    <IconButton
      icon={RefreshCw}
      label={busy() ? t('accounts.checking', named()) : t('accounts.checkNamed', named())}
      class={busy() ? '[&>svg]:turning' : ''}
      aria-disabled={busy()}
      onClick={() => !busy() && props.actions.check.mutate(props.account)}
    />
  )
}

function RowMenu(props: RowProps) {
  const { t } = useI18n()
  const navigate = useNavigate()
  const copyId = async (): Promise<void> => {
    const copied = await copyText(props.account.id, pageCopyEnvironment(document.body))
    showToast({ tone: 'info', text: copied === 'copied' ? t('common.copied') : props.account.id })
  }
  return (
    <Menu
      label={t('common.more', { name: fullName(props.account) })}
      triggerClass="control-square inline-flex items-center justify-center rounded-md text-text-2 hover:bg-surface-2 hover:text-text"
      trigger={<Glyph icon={Ellipsis} size={16} />}
    >
      <MayChange>
        <MenuItem
          icon={RefreshCw}
          text={t('accounts.check')}
          onSelect={() => props.actions.check.mutate(props.account)}
        />
        <MenuItem icon={LogIn} text={t('accounts.signInAgain')} onSelect={() => props.onSignInAgain(props.account)} />
        <MenuItem icon={Route} text={t('accounts.setProxy')} onSelect={() => props.onSetProxy(props.account)} />
      </MayChange>
      <MenuItem
        icon={ScrollText}
        text={t('accounts.viewLogs')}
        onSelect={() => navigate(`/logs?account=${encodeURIComponent(props.account.id)}`)}
      />
      <MenuItem icon={Copy} text={t('accounts.copyId')} onSelect={() => void copyId()} />
      <MayChange>
        <MenuSeparator />
        <MenuItem icon={Trash2} text={t('accounts.delete')} danger onSelect={() => props.onDelete(props.account)} />
      </MayChange>
    </Menu>
  )
}
