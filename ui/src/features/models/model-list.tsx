import Brain from 'lucide-solid/icons/brain'
import Image from 'lucide-solid/icons/image'
import { Show } from 'solid-js'
import type { ModelList } from '../../../../server/admin/contract/models.ts'
import { Badge } from '../../components/badge.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { type Column, DataTable } from '../../components/data-table.tsx'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'

type Model = ModelList['models'][number]

const columns: readonly (Omit<Column<Model>, 'text'> & { readonly key: PlainKey })[] = [
  { key: 'models.column.model', value: ({ name }) => name },
  { key: 'models.column.can' },
  { key: 'models.column.window', class: 'text-right', value: ({ maxInputTokens }) => maxInputTokens },
  { key: 'models.column.output', class: 'text-right', value: ({ maxOutputTokens }) => maxOutputTokens },
]

/** What the accounts offer together. A table, or cards on a phone. */
export function ModelListView(props: { models: readonly Model[] }) {
  const { t } = useI18n()
  return (
    <DataTable
      items={props.models}
      columns={columns.map((column) => ({ ...column, text: t(column.key) }))}
      actions={t('models.column.actions')}
      cells={(model) => <Row model={model} />}
      card={(model) => <Card model={model} />}
    />
  )
}

function Row(props: { model: Model }) {
  const { format } = useI18n()
  return (
    <>
      <td class="min-w-44 max-w-80 px-3 py-1">
        <Identity model={props.model} />
      </td>
      <td class="px-3 py-1">
        <Abilities model={props.model} />
      </td>
      <td class="numbers px-3 py-1 text-right">{format().number(props.model.maxInputTokens)}</td>
      <td class="numbers px-3 py-1 text-right">{format().number(props.model.maxOutputTokens)}</td>
      <td class="px-3 py-1 text-right">
        <CopyButton look="quiet" text={props.model.id} about={props.model.id} />
      </td>
    </>
  )
}

function Card(props: { model: Model }) {
  const { t, format } = useI18n()
  return (
    <>
      <div class="flex items-start justify-between gap-2">
        <Identity model={props.model} />
        <CopyButton look="quiet" text={props.model.id} about={props.model.id} />
      </div>
      <Abilities model={props.model} />
      <p class="numbers text-12 text-text-3">
        {t('models.column.window')}: {format().number(props.model.maxInputTokens)} · {t('models.column.output')}:{' '}
        {format().number(props.model.maxOutputTokens)}
      </p>
    </>
  )
}

function Identity(props: { model: Model }) {
  return (
    <div class="min-w-0">
      <div class="wrap-anywhere font-medium">{props.model.name}</div>
      <div class="wrap-anywhere font-mono text-12 text-text-2">{props.model.id}</div>
    </div>
  )
}

function Abilities(props: { model: Model }) {
  const { t } = useI18n()
  return (
    <div class="flex flex-wrap gap-1">
      <Show when={props.model.thinking}>
        <Badge tone="violet" icon={Brain} text={t('models.thinking')} />
      </Show>
      <Show when={props.model.images}>
        <Badge tone="neutral" icon={Image} text={t('models.images')} />
      </Show>
    </div>
  )
}
