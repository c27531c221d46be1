import { A } from '@solidjs/router'
import Brain from 'lucide-solid/icons/brain'
import Image from 'lucide-solid/icons/image'
import MessageSquare from 'lucide-solid/icons/message-square'
import Pencil from 'lucide-solid/icons/pencil'
import Star from 'lucide-solid/icons/star'
import { Show } from 'solid-js'
import type { ModelList } from '../../../../server/admin/contract/models.ts'
import { MayChange } from '../../api/may-change.tsx'
import { Badge } from '../../components/badge.tsx'
import { buttonClass, IconButton } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { type Column, DataTable } from '../../components/data-table.tsx'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'

type Model = ModelList['models'][number]
type ListProps = {
  readonly models: readonly Model[]
  /** The names that lead to a model. */
  readonly aliases: (id: string) => readonly string[]
  readonly onPrice: (model: Model) => void
}
type RowProps = Omit<ListProps, 'models'> & { readonly model: Model }

const columns: readonly (Omit<Column<Model>, 'text'> & { readonly key: PlainKey })[] = [
  { key: 'models.column.model', value: ({ name }) => name },
  { key: 'models.column.can' },
  { key: 'models.column.window', class: 'text-right', value: ({ maxInputTokens }) => maxInputTokens },
  { key: 'models.column.output', class: 'text-right max-lg:hidden', value: ({ maxOutputTokens }) => maxOutputTokens },
  { key: 'models.column.price', class: 'text-right', value: ({ price }) => price.output_usd },
]

/** What the accounts offer together. A table, or cards on a phone. */
export function ModelListView(props: ListProps) {
  const { t } = useI18n()
  const row = (model: Model): RowProps => ({ model, aliases: props.aliases, onPrice: props.onPrice })
  return (
    <DataTable
      items={props.models}
      main
      columns={columns.map((column) => ({ ...column, text: t(column.key) }))}
      actions={t('models.column.actions')}
      cells={(model) => <Row {...row(model)} />}
      card={(model) => <Card {...row(model)} />}
    />
  )
}

function Row(props: RowProps) {
  const { format } = useI18n()
  return (
    <>
      <td class="min-w-36 max-w-80 px-3 py-1">
        <Identity {...props} />
      </td>
      <td class="px-3 py-1">
        <Abilities model={props.model} />
      </td>
      <td class="numbers px-3 py-1 text-right">{format().number(props.model.maxInputTokens)}</td>
      <td class="numbers px-3 py-1 text-right max-lg:hidden">{format().number(props.model.maxOutputTokens)}</td>
      <td class="px-3 py-1 text-right">
        <Price model={props.model} />
      </td>
      <td class="whitespace-nowrap px-3 py-1 text-right">
        <Actions {...props} />
      </td>
    </>
  )
}

function Card(props: RowProps) {
  const { t, format } = useI18n()
  return (
    <>
      <div class="flex items-start justify-between gap-2">
        <Identity {...props} />
        <Price model={props.model} />
      </div>
      <Abilities model={props.model} />
      <p class="numbers text-12 text-text-3">
        {t('models.column.window')}: {format().number(props.model.maxInputTokens)} · {t('models.column.output')}:{' '}
        {format().number(props.model.maxOutputTokens)}
      </p>
      <div class="flex flex-wrap justify-end gap-1">
        <Actions {...props} />
      </div>
    </>
  )
}

function Identity(props: RowProps) {
  const { t, format } = useI18n()
  const names = (): readonly string[] => props.aliases(props.model.id)
  return (
    <div class="min-w-0">
      <div class="wrap-anywhere font-medium">{props.model.name}</div>
      <div class="wrap-anywhere font-mono text-12 text-text-2">{props.model.id}</div>
      <Show when={names().length > 0}>
        <div class="wrap-anywhere text-12 text-text-3">{t('models.aliases', { names: format().list(names()) })}</div>
      </Show>
    </div>
  )
}

function Abilities(props: { model: Model }) {
  const { t } = useI18n()
  return (
    <div class="flex flex-wrap gap-1">
      <Show when={props.model.default}>
        <Badge tone="accent" icon={Star} text={t('models.default')} />
      </Show>
      <Show when={props.model.thinking}>
        <Badge tone="violet" icon={Brain} text={t('models.thinking')} />
      </Show>
      <Show when={props.model.images}>
        <Badge tone="neutral" icon={Image} text={t('models.images')} />
      </Show>
    </div>
  )
}

/** For a million tokens, and whose price it is where it is not the list's. */
function Price(props: { model: Model }) {
  const { t, format } = useI18n()
  const price = () => props.model.price
  return (
    <div class="numbers whitespace-nowrap">
      {format().price(price().input_usd)} / {format().price(price().output_usd)}
      <Show when={price().from !== 'list'}>
        <div class="text-12 text-text-3">
          {price().from === 'override' ? t('models.priceOwn') : t('models.priceDefault')}
        </div>
      </Show>
    </div>
  )
}

function Actions(props: RowProps) {
  const { t } = useI18n()
  const named = () => ({ name: props.model.id })
  return (
    <>
      <CopyButton look="quiet" text={props.model.id} about={props.model.id} />
      <A
        href={`/playground?model=${encodeURIComponent(props.model.id)}`}
        aria-label={t('models.tryNamed', named())}
        title={t('models.tryNamed', named())}
        class={buttonClass('quiet')}
      >
        <MessageSquare size={16} strokeWidth={1.75} aria-hidden="true" />
      </A>
      <MayChange>
        <IconButton icon={Pencil} label={t('models.priceTitle', named())} onClick={() => props.onPrice(props.model)} />
      </MayChange>
    </>
  )
}
