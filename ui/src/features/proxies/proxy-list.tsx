import CircleCheck from 'lucide-solid/icons/circle-check'
import CircleDashed from 'lucide-solid/icons/circle-dashed'
import CirclePause from 'lucide-solid/icons/circle-pause'
import Ellipsis from 'lucide-solid/icons/ellipsis'
import Gauge from 'lucide-solid/icons/gauge'
import LockKeyhole from 'lucide-solid/icons/lock-keyhole'
import Pencil from 'lucide-solid/icons/pencil'
import Trash2 from 'lucide-solid/icons/trash'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import { type Accessor, Show } from 'solid-js'
import type { ProxyView } from '../../../../server/admin/contract/proxies.ts'
import { createMayChange, MayChange } from '../../api/may-change.tsx'
import { Badge } from '../../components/badge.tsx'
import { IconButton } from '../../components/button.tsx'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { Glyph } from '../../components/glyph.tsx'
import type { Icon } from '../../components/icon.ts'
import { Menu, MenuItem, MenuSeparator } from '../../components/menu.tsx'
import { Switch } from '../../components/switch.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import type { ProxyActions } from './proxy-actions.tsx'
import { type ProxyStatus, proxyStatus, reasonText, statusTone } from './proxy-status.ts'

type ListProps = {
  readonly proxies: readonly ProxyView[]
  readonly actions: ProxyActions
  readonly onEnable: (proxy: ProxyView, enabled: boolean) => void
  readonly onEdit: (proxy: ProxyView) => void
  readonly onRemove: (proxy: ProxyView) => void
}
type RowProps = Omit<ListProps, 'proxies'> & { readonly proxy: ProxyView; readonly now: Accessor<number> }

/** A table, or cards on a phone. */
export function ProxyListView(props: ListProps) {
  const { t } = useI18n()
  const now = createClock(10_000)
  const row = (proxy: ProxyView): RowProps => ({
    proxy,
    now,
    actions: props.actions,
    onEnable: props.onEnable,
    onEdit: props.onEdit,
    onRemove: props.onRemove,
  })
  return (
    <DataTable
      items={props.proxies}
      main
      columns={columns.map((column) => ({ ...column, text: t(column.key) }))}
      actions={t('proxies.column.actions')}
      cells={(proxy) => <Row {...row(proxy)} />}
      card={(proxy) => <Card {...row(proxy)} />}
    />
  )
}

const columns: readonly (Omit<Column<ProxyView>, 'text'> & { readonly key: PlainKey })[] = [
  { key: 'proxies.column.proxy', value: ({ name }) => name },
  { key: 'proxies.column.status' },
  { key: 'proxies.column.weight', class: 'text-right', value: ({ weight }) => weight },
  { key: 'proxies.column.accounts', class: 'text-right', value: ({ account_count }) => account_count },
  { key: 'proxies.column.on' },
]

function Row(props: RowProps) {
  const { format } = useI18n()
  return (
    <>
      <td class="min-w-44 max-w-80 px-3 py-1">
        <Identity proxy={props.proxy} />
      </td>
      <td class="min-w-44 max-w-80 px-3 py-1">
        <Status proxy={props.proxy} now={props.now} />
      </td>
      <td class="numbers px-3 py-1 text-right">{format().number(props.proxy.weight)}</td>
      <td class="numbers px-3 py-1 text-right">{format().number(props.proxy.account_count)}</td>
      <td class="px-3 py-1">
        <EnableSwitch {...props} />
      </td>
      <td class="px-3 py-1">
        <div class="flex justify-end">
          <MayChange>
            <TestButton {...props} />
            <RowMenu {...props} />
          </MayChange>
        </div>
      </td>
    </>
  )
}

function Card(props: RowProps) {
  const { t, format } = useI18n()
  return (
    <>
      <div class="flex items-start justify-between gap-2">
        <Identity proxy={props.proxy} />
        <div class="flex shrink-0">
          <EnableSwitch {...props} />
          <MayChange>
            <TestButton {...props} />
            <RowMenu {...props} />
          </MayChange>
        </div>
      </div>
      <Status proxy={props.proxy} now={props.now} />
      <p class="numbers text-12 text-text-3">
        {t('proxies.column.accounts')}: {format().number(props.proxy.account_count)} · {t('proxies.column.weight')}:{' '}
        {format().number(props.proxy.weight)}
      </p>
    </>
  )
}

function Identity(props: { proxy: ProxyView }) {
  return (
    <div class="min-w-0">
      <div class="wrap-anywhere font-medium">{props.proxy.name}</div>
      <div class="wrap-anywhere font-mono text-12 text-text-2">{props.proxy.url}</div>
    </div>
  )
}

const icons = {
  up: CircleCheck,
  down: TriangleAlert,
  unchecked: CircleDashed,
  off: CirclePause,
  unreadable: LockKeyhole,
} as const satisfies Record<ProxyStatus, Icon>

/** The state as a badge; below it how fast, since when, why not, and which accounts it holds back. */
function Status(props: { proxy: ProxyView; now: Accessor<number> }) {
  const { t, format } = useI18n()
  const status = () => proxyStatus(props.proxy)
  const held = (): number => (props.proxy.enabled && status() !== 'unreadable' ? 0 : props.proxy.account_count)
  const reason = (): string | undefined => {
    if (status() === 'unreadable') return t('proxies.unreadableHelp')
    return props.proxy.state === 'down' && props.proxy.reason !== null ? reasonText(props.proxy.reason, t) : undefined
  }
  return (
    <div class="flex min-w-0 flex-col items-start gap-0.5">
      <Badge tone={statusTone[status()]} icon={icons[status()]} text={t(`proxies.state.${status()}`)} />
      <Show when={held() > 0}>
        <span class="text-12 text-warning">
          {t(`proxies.held.${format().form(held())}`, { count: format().number(held()) })}
        </span>
      </Show>
      <Show when={reason()}>
        <span class="wrap-anywhere text-12 text-text-2">{reason()}</span>
      </Show>
      <Show when={props.proxy.checked_at !== null && status() !== 'unreadable'}>
        <span class="numbers text-12 text-text-3">
          <Show when={props.proxy.state === 'up' && props.proxy.latency_ms !== null}>
            {format().duration(props.proxy.latency_ms ?? 0)} ·{' '}
          </Show>
          <TimeAgo at={props.proxy.checked_at} now={props.now} never={t('common.never')} />
        </span>
      </Show>
    </div>
  )
}

function EnableSwitch(props: RowProps) {
  const { t } = useI18n()
  const mayChange = createMayChange()
  return (
    <Switch
      label={t('proxies.enabled', { name: props.proxy.name })}
      checked={props.proxy.enabled}
      disabled={!mayChange()}
      onChange={(enabled) => props.onEnable(props.proxy, enabled)}
    />
  )
}

function TestButton(props: RowProps) {
  const { t } = useI18n()
  const busy = (): boolean => props.actions.test.isPending && props.actions.test.variables?.id === props.proxy.id
  return (
    <IconButton
      icon={Gauge}
      label={
        busy() ? t('proxies.testing', { name: props.proxy.name }) : t('proxies.testNamed', { name: props.proxy.name })
      }
      class={busy() ? '[&>svg]:turning' : ''}
      aria-disabled={busy()}
      onClick={() => !busy() && props.actions.test.mutate(props.proxy)}
    />
  )
}

function RowMenu(props: RowProps) {
  const { t } = useI18n()
  return (
    <Menu
      label={t('common.more', { name: props.proxy.name })}
      triggerClass="control-square inline-flex items-center justify-center rounded-md text-text-2 hover:bg-surface-2 hover:text-text"
      trigger={<Glyph icon={Ellipsis} size={16} />}
    >
      <MenuItem icon={Gauge} text={t('proxies.test')} onSelect={() => props.actions.test.mutate(props.proxy)} />
      <MenuItem icon={Pencil} text={t('common.edit')} onSelect={() => props.onEdit(props.proxy)} />
      <MenuSeparator />
      <MenuItem icon={Trash2} text={t('proxies.remove')} danger onSelect={() => props.onRemove(props.proxy)} />
    </Menu>
  )
}
