import ArrowRight from 'lucide-solid/icons/arrow-right'
import Pencil from 'lucide-solid/icons/pencil'
import Trash2 from 'lucide-solid/icons/trash'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import { Match, Switch } from 'solid-js'
import type { ModelMappingView } from '../../../../server/admin/contract/model-mappings.ts'
import { MayChange } from '../../api/may-change.tsx'
import { Badge } from '../../components/badge.tsx'
import { IconButton } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { leadOf } from './mapping-form.ts'

type ListProps = {
  readonly mappings: readonly ModelMappingView[]
  readonly onEdit: (mapping: ModelMappingView) => void
  readonly onRemove: (mapping: ModelMappingView) => void
}
type RowProps = Omit<ListProps, 'mappings'> & { readonly mapping: ModelMappingView }

const columns: readonly PlainKey[] = ['models.column.name', 'models.column.target', 'models.column.for']

/** A table, or cards on a phone. */
export function MappingListView(props: ListProps) {
  const { t } = useI18n()
  const row = (mapping: ModelMappingView): RowProps => ({ mapping, onEdit: props.onEdit, onRemove: props.onRemove })
  return (
    <DataTable
      items={props.mappings}
      columns={columns.map((key) => ({ text: t(key) }))}
      actions={t('models.column.actions')}
      cells={(mapping) => <Row {...row(mapping)} />}
      card={(mapping) => <Card {...row(mapping)} />}
    />
  )
}

function Row(props: RowProps) {
  return (
    <>
      <td class="wrap-anywhere min-w-32 max-w-80 px-3 py-1 font-mono text-12">{props.mapping.name}</td>
      <td class="min-w-44 max-w-80 px-3 py-1">
        <Lead {...props} />
      </td>
      <td class="wrap-anywhere min-w-24 max-w-64 px-3 py-1">
        <Whom {...props} />
      </td>
      <td class="whitespace-nowrap px-3 py-1 text-right">
        <Actions {...props} />
      </td>
    </>
  )
}

function Card(props: RowProps) {
  const { t } = useI18n()
  return (
    <>
      <div class="wrap-anywhere font-mono text-13">{props.mapping.name}</div>
      <div class="flex min-w-0 items-start gap-2">
        <span class="shrink-0 pt-0.5 text-text-3">
          <ArrowRight size={14} strokeWidth={1.75} aria-hidden="true" />
        </span>
        <Lead {...props} />
      </div>
      <div class="flex flex-wrap items-center justify-between gap-2">
        <span class="wrap-anywhere text-12 text-text-2">
          {t('models.column.for')}: <Whom {...props} />
        </span>
        <span>
          <Actions {...props} />
        </span>
      </div>
    </>
  )
}

/** The target, and below it what the reader could not guess from it. */
function Lead(props: Pick<RowProps, 'mapping'>) {
  const { t } = useI18n()
  return (
    <div class="flex min-w-0 flex-col items-start gap-0.5">
      <span class="wrap-anywhere font-mono text-12">{props.mapping.target}</span>
      <Switch>
        <Match when={leadOf(props.mapping) === 'nowhere'}>
          <Badge tone="warning" icon={TriangleAlert} text={t('models.nowhere')} />
        </Match>
        <Match when={leadOf(props.mapping) === 'other'}>
          <span class="wrap-anywhere text-12 text-text-3">
            {t('models.servedBy', { model: props.mapping.served_by ?? '' })}
          </span>
        </Match>
      </Switch>
    </div>
  )
}

function Whom(props: Pick<RowProps, 'mapping'>) {
  const { t } = useI18n()
  return <>{props.mapping.key_name ?? t('models.everyKey')}</>
}

function Actions(props: RowProps) {
  const { t } = useI18n()
  const named = () => ({ name: props.mapping.name })
  return (
    <MayChange>
      <IconButton icon={Pencil} label={t('models.editTitle', named())} onClick={() => props.onEdit(props.mapping)} />
      <IconButton
        icon={Trash2}
        label={t('models.removeNamed', named())}
        onClick={() => props.onRemove(props.mapping)}
      />
    </MayChange>
  )
}
