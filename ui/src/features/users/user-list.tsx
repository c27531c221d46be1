import { A, useLocation } from '@solidjs/router'
import Copy from 'lucide-solid/icons/copy'
import Ellipsis from 'lucide-solid/icons/ellipsis'
import KeyRound from 'lucide-solid/icons/key-round'
import Pencil from 'lucide-solid/icons/pencil'
import ScrollText from 'lucide-solid/icons/scroll-text'
import Trash2 from 'lucide-solid/icons/trash'
import { type Accessor, type JSX, Show } from 'solid-js'
import type { UserView } from '../../../../server/admin/contract/users.ts'
import { createMayChange } from '../../api/may-change.tsx'
import { type Column, DataTable, type Selection } from '../../components/data-table.tsx'
import { Glyph } from '../../components/glyph.tsx'
import { Menu, MenuItem, MenuSeparator } from '../../components/menu.tsx'
import { Switch } from '../../components/switch.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { copyText, pageCopyEnvironment } from '../../lib/copy.ts'
import { parseTime } from '../../lib/format.ts'
import { keyMask } from './key-mask.ts'
import { priorityText } from './priority.ts'
import { StandingMeter } from './standing-meter.tsx'
import type { UserActions } from './user-actions.tsx'
import { UserBadge } from './user-badge.tsx'
import { lastUsed, ratioOf, severity, tightest, userState } from './user-state.ts'

export type UserHandlers = {
  readonly actions: UserActions
  readonly onEdit: (user: UserView) => void
  readonly onNewKey: (user: UserView) => void
  readonly onLogs: (user: UserView) => void
}
type ListProps = UserHandlers & {
  readonly users: readonly UserView[]
  readonly now: Accessor<number>
  readonly selection: Selection<UserView> | undefined
  readonly order: string | undefined
  readonly onOrder: (order: string | undefined) => void
  readonly onShown: (users: readonly UserView[]) => void
}
type RowProps = UserHandlers & { readonly user: UserView; readonly now: Accessor<number> }

/** A table, or cards on a phone. */
export function UserListView(props: ListProps) {
  const { t } = useI18n()
  const row = (user: UserView): RowProps => ({
    user,
    now: props.now,
    actions: props.actions,
    onEdit: props.onEdit,
    onNewKey: props.onNewKey,
    onLogs: props.onLogs,
  })
  return (
    <DataTable
      items={props.users}
      main
      columns={columns(props.now).map(({ key, ...column }) => ({ ...column, text: t(key) }))}
      actions={t('users.column.actions')}
      faded={(user) => !user.enabled}
      selection={props.selection}
      order={props.order}
      onOrder={props.onOrder}
      onShown={props.onShown}
      cells={(user) => <Cells {...row(user)} />}
      card={(user) => <Card {...row(user)} />}
    />
  )
}

// Priority and keys, then spend and last use give way first where the table is narrow.
const columns = (now: Accessor<number>): readonly (Omit<Column<UserView>, 'text'> & { readonly key: PlainKey })[] => [
  { key: 'users.column.user', name: 'name', value: ({ name }) => name },
  { key: 'users.column.status', name: 'status', value: (user) => severity(userState(user, now())) },
  { key: 'users.column.priority', name: 'priority', class: 'max-2xl:hidden', value: ({ priority }) => priority },
  {
    key: 'users.column.limit',
    name: 'limit',
    value: ({ standings }) => {
      const tight = tightest(standings, now())
      return tight === undefined ? -1 : ratioOf(tight)
    },
  },
  { key: 'users.column.keys', name: 'keys', class: 'max-2xl:hidden text-right', value: ({ keys }) => keys.length },
  {
    key: 'users.column.spend',
    name: 'spend',
    class: 'max-lg:hidden text-right',
    value: ({ monthly_cost_micro_usd }) => monthly_cost_micro_usd,
  },
  {
    key: 'users.column.lastUsed',
    name: 'used',
    class: 'max-lg:hidden',
    value: ({ keys }) => parseTime(lastUsed(keys)) ?? 0,
  },
  { key: 'users.column.on' },
]

function Cell(props: { class?: string; children: JSX.Element }) {
  return <td class={`px-3 py-1 ${props.class ?? ''}`}>{props.children}</td>
}

function Cells(props: RowProps) {
  const { t, format } = useI18n()
  return (
    <>
      <Cell class="w-1/3 min-w-32 max-w-0 lg:min-w-40">
        <Identity {...props} />
      </Cell>
      <Cell class="whitespace-nowrap">
        <div class="flex">
          <UserBadge user={props.user} now={props.now()} />
        </div>
      </Cell>
      <Cell class="whitespace-nowrap max-2xl:hidden">{priorityText(props.user.priority, t)}</Cell>
      <Cell class="w-1/4 min-w-40 lg:min-w-56">
        <Tightest {...props} />
      </Cell>
      <Cell class="numbers text-right max-2xl:hidden">
        <span title={props.user.keys.map(keyMask).join('\n')}>{format().number(props.user.keys.length)}</span>
      </Cell>
      <Cell class="numbers whitespace-nowrap text-right max-lg:hidden">
        {format().usd(props.user.monthly_cost_micro_usd / 1_000_000)}
      </Cell>
      <Cell class="whitespace-nowrap max-lg:hidden">
        <TimeAgo at={lastUsed(props.user.keys)} now={props.now} never={t('common.never')} />
      </Cell>
      <Cell class="w-12">
        <EnableSwitch {...props} />
      </Cell>
      <Cell class="w-12 text-right">
        <RowMenu {...props} />
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
      <div>
        <UserBadge user={props.user} now={props.now()} />
      </div>
      <Show when={props.user.standings.length > 0}>
        <Tightest {...props} />
      </Show>
      <p class="text-12 text-text-3">
        {t('users.column.lastUsed')}:{' '}
        <TimeAgo at={lastUsed(props.user.keys)} now={props.now} never={t('common.never')} />
      </p>
    </>
  )
}

function Identity(props: RowProps) {
  const { t } = useI18n()
  const location = useLocation()
  const about = (): string => [props.user.email, props.user.notes].filter(Boolean).join(' · ')
  return (
    <div class="min-w-0">
      <div class="flex min-w-0 items-center gap-2">
        <A
          href={`/users/${encodeURIComponent(props.user.id)}${location.search}`}
          noScroll
          class="min-w-0 truncate font-medium hover:underline max-md:-my-3 max-md:py-3"
          title={props.user.name}
        >
          {props.user.name}
        </A>
        <Show when={props.user.priority > 0}>
          <span class="forced-border shrink-0 rounded-sm bg-accent-soft px-1.5 text-12 text-accent-text 2xl:hidden">
            {props.user.priority === 1 ? t('users.vip') : t('users.vipLevel', { level: props.user.priority })}
          </span>
        </Show>
      </div>
      <Show when={about()}>
        <div class="truncate text-12 text-text-3" title={about()}>
          {about()}
        </div>
      </Show>
    </div>
  )
}

function Tightest(props: RowProps) {
  const { t } = useI18n()
  return (
    <Show
      when={tightest(props.user.standings, props.now())}
      fallback={<span class="text-text-3">{t('users.noLimit')}</span>}
    >
      {(standing) => <StandingMeter standing={standing()} />}
    </Show>
  )
}

function EnableSwitch(props: RowProps) {
  const { t } = useI18n()
  const mayChange = createMayChange()
  return (
    <Switch
      label={t('users.switch', { name: props.user.name })}
      checked={props.user.enabled}
      disabled={!mayChange()}
      onChange={(enabled) => props.actions.enable.mutate({ user: props.user, enabled })}
    />
  )
}

function RowMenu(props: RowProps) {
  const { t } = useI18n()
  const mayChange = createMayChange()
  const copyId = async (): Promise<void> => {
    const copied = await copyText(props.user.id, pageCopyEnvironment(document.body))
    showToast({ tone: 'info', text: copied === 'copied' ? t('common.copied') : props.user.id })
  }
  return (
    <Menu
      label={t('common.more', { name: props.user.name })}
      triggerClass="control-square inline-flex items-center justify-center rounded-md text-text-2 hover:bg-surface-2 hover:text-text"
      trigger={<Glyph icon={Ellipsis} size={16} />}
    >
      <Show when={mayChange()}>
        <MenuItem icon={Pencil} text={t('users.edit')} onSelect={() => props.onEdit(props.user)} />
        <MenuItem icon={KeyRound} text={t('users.newKey')} onSelect={() => props.onNewKey(props.user)} />
      </Show>
      <MenuItem icon={ScrollText} text={t('users.viewLogs')} onSelect={() => props.onLogs(props.user)} />
      <MenuItem icon={Copy} text={t('users.copyId')} onSelect={() => void copyId()} />
      <Show when={mayChange()}>
        <MenuSeparator />
        <MenuItem
          icon={Trash2}
          text={t('users.delete')}
          danger
          onSelect={() => props.actions.remove.mutate(props.user)}
        />
      </Show>
    </Menu>
  )
}
