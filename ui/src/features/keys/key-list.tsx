import CirclePause from 'lucide-solid/icons/circle-pause'
import { type Accessor, Show } from 'solid-js'
import type { KeyView } from '../../../../server/admin/contract/keys.ts'
import { createMayChange, MayChange } from '../../api/may-change.tsx'
import { Badge } from '../../components/badge.tsx'
import { Button } from '../../components/button.tsx'
import { type Column, DataTable } from '../../components/data-table.tsx'
import { Switch } from '../../components/switch.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { parseTime } from '../../lib/format.ts'
import { removedName } from './account-field.tsx'
import { type AccountChoice, servedByNobody, splitSet } from './account-set.ts'
import type { KeyActions } from './key-actions.tsx'

export const keyMask = (key: Pick<KeyView, 'prefix' | 'last4'>): string => `${key.prefix}…${key.last4}`

type ListProps = {
  readonly keys: readonly KeyView[]
  /** To name those of a key; undefined while they are not known. */
  readonly accounts: readonly AccountChoice[] | undefined
  readonly actions: KeyActions
  readonly onEdit: (item: KeyView) => void
  readonly onRevoke: (item: KeyView) => void
}
type RowProps = Omit<ListProps, 'keys'> & { readonly item: KeyView; readonly now: Accessor<number> }

/** A table, or cards on a phone. */
export function KeyListView(props: ListProps) {
  const { t } = useI18n()
  const now = createClock(30_000)
  const row = (item: KeyView): RowProps => ({
    item,
    now,
    accounts: props.accounts,
    actions: props.actions,
    onEdit: props.onEdit,
    onRevoke: props.onRevoke,
  })
  return (
    <DataTable
      items={props.keys}
      columns={columns.map((column) => ({ ...column, text: t(column.key) }))}
      actions={t('keys.column.actions')}
      faded={(item) => !item.enabled}
      cells={(item) => <Row {...row(item)} />}
      card={(item) => <Card {...row(item)} />}
    />
  )
}

const columns: readonly (Omit<Column<KeyView>, 'text'> & { readonly key: PlainKey })[] = [
  { key: 'keys.column.name', value: ({ name }) => name },
  { key: 'keys.column.key' },
  { key: 'keys.column.accounts' },
  { key: 'keys.column.created', class: 'max-lg:hidden', value: ({ created_at }) => parseTime(created_at) ?? 0 },
  { key: 'keys.column.lastUsed', value: ({ last_used_at }) => parseTime(last_used_at) ?? 0 },
  { key: 'keys.column.on' },
]

function Row(props: RowProps) {
  const { t } = useI18n()
  return (
    <>
      <td class="min-w-32 max-w-64 px-3 py-1">
        <Name item={props.item} />
      </td>
      <td class="whitespace-nowrap px-3 py-1 font-mono text-12">{keyMask(props.item)}</td>
      <td class="min-w-32 max-w-64 px-3 py-1">
        <AccountNames item={props.item} accounts={props.accounts} />
      </td>
      <td class="whitespace-nowrap px-3 py-1 max-lg:hidden">
        <TimeAgo at={props.item.created_at} now={props.now} never={t('common.unknown')} />
      </td>
      <td class="whitespace-nowrap px-3 py-1">
        <TimeAgo at={props.item.last_used_at} now={props.now} never={t('common.never')} />
      </td>
      <td class="px-3 py-1">
        <EnableSwitch {...props} />
      </td>
      <td class="whitespace-nowrap px-3 py-1 text-right">
        <MayChange>
          <EditButton {...props} />
          <RevokeButton {...props} />
        </MayChange>
      </td>
    </>
  )
}

function Card(props: RowProps) {
  const { t } = useI18n()
  return (
    <>
      <div class="flex items-start justify-between gap-2">
        <div class="min-w-0">
          <Name item={props.item} />
          <div class="font-mono text-12">{keyMask(props.item)}</div>
        </div>
        <EnableSwitch {...props} />
      </div>
      <div class="text-12">
        {t('keys.column.accounts')}: <AccountNames item={props.item} accounts={props.accounts} />
      </div>
      <div class="flex flex-wrap items-center justify-between gap-2">
        <span class="text-12 text-text-3">
          {t('keys.column.lastUsed')}:{' '}
          <TimeAgo at={props.item.last_used_at} now={props.now} never={t('common.never')} />
        </span>
        <span>
          <MayChange>
            <EditButton {...props} />
            <RevokeButton {...props} />
          </MayChange>
        </span>
      </div>
    </>
  )
}

function Name(props: { item: KeyView }) {
  const { t } = useI18n()
  return (
    <span class="flex flex-wrap items-center gap-x-2 gap-y-0.5">
      <span class="wrap-anywhere font-medium">{props.item.name}</span>
      <Show when={!props.item.enabled}>
        <Badge tone="neutral" icon={CirclePause} text={t('keys.disabled')} />
      </Show>
    </span>
  )
}

/** A longer set is cut; the whole of it is in the title and in the dialog. */
const mostNamed = 3

function AccountNames(props: Pick<RowProps, 'item' | 'accounts'>) {
  const { t, format } = useI18n()
  const names = (): readonly string[] => {
    const { present, removed } = splitSet(props.item.account_ids, props.accounts ?? [])
    const sorted = present.map(({ name }) => name).toSorted(format().compare)
    return [...sorted, ...removed.map((id) => removedName(id, t))]
  }
  const text = (): string => {
    const { length } = props.item.account_ids
    if (length === 0) return t('keys.accountsAll')
    if (props.accounts === undefined) return t('keys.accountsCount', { count: format().number(length) })
    const more = length - mostNamed
    return more <= 0
      ? format().list(names())
      : t('keys.accountsMore', { names: names().slice(0, mostNamed).join(', '), count: format().number(more) })
  }
  const whole = (): string | undefined =>
    props.accounts !== undefined && props.item.account_ids.length > mostNamed ? format().list(names()) : undefined
  return (
    <>
      <span class="wrap-anywhere" title={whole()}>
        {text()}
      </span>
      <Show when={servedByNobody(props.item.account_ids, props.accounts)}>
        <span class="block text-12 text-warning">{t('keys.servedByNobody')}</span>
      </Show>
    </>
  )
}

function EnableSwitch(props: RowProps) {
  const { t } = useI18n()
  const mayChange = createMayChange()
  return (
    <Switch
      label={t('keys.enabled', { name: props.item.name })}
      checked={props.item.enabled}
      disabled={!mayChange()}
      onChange={(enabled) => props.actions.enable.mutate({ item: props.item, enabled })}
    />
  )
}

function EditButton(props: RowProps) {
  const { t } = useI18n()
  return (
    <Button
      look="quiet"
      aria-label={t('keys.editNamed', { name: props.item.name })}
      onClick={() => props.onEdit(props.item)}
    >
      {t('common.edit')}
    </Button>
  )
}

function RevokeButton(props: RowProps) {
  const { t } = useI18n()
  return (
    <Button
      look="quiet-danger"
      aria-label={t('keys.revokeNamed', { name: props.item.name })}
      onClick={() => props.onRevoke(props.item)}
    >
      {t('keys.revoke')}
    </Button>
  )
}
