import { A } from '@solidjs/router'
import { useMutation, useQuery } from '@tanstack/solid-query'
import Boxes from 'lucide-solid/icons/boxes'
import Plus from 'lucide-solid/icons/plus'
import Shuffle from 'lucide-solid/icons/shuffle'
import { createSignal, type JSX, Match, Show, Switch } from 'solid-js'
import type { ModelMappingView } from '../../../server/admin/contract/model-mappings.ts'
import { api } from '../api/client.ts'
import { errorText } from '../api/error-text.ts'
import { createMayChange, MayChange } from '../api/may-change.tsx'
import { dataOf, queries, useRefresh } from '../api/queries.ts'
import { Button } from '../components/button.tsx'
import { ConfirmDialog } from '../components/dialog.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { usePaletteActions } from '../components/palette-actions.tsx'
import { EmptyState, ErrorState, Skeleton } from '../components/states.tsx'
import { showToast } from '../components/toast.tsx'
import { ForcedModel } from '../features/models/forced-model.tsx'
import { MappingDialog } from '../features/models/mapping-dialog.tsx'
import { MappingListView } from '../features/models/mapping-list.tsx'
import { ModelListView } from '../features/models/model-list.tsx'
import { PriceDialog, type Priced } from '../features/models/price-dialog.tsx'
import { PriceList } from '../features/models/price-list.tsx'
import { readOverrides } from '../features/models/prices.ts'
import { useI18n } from '../i18n/i18n.tsx'

/** What can clients ask for, and what do they get? */
export default function ModelsPage() {
  const { t, format } = useI18n()
  const refresh = useRefresh()
  const session = useQuery(() => queries.session())
  const offered = useQuery(() => queries.models())
  const mappings = useQuery(() => queries.modelMappings())
  const keys = useQuery(() => queries.keys())
  const settings = useQuery(() => queries.settings())
  const [open, setOpen] = createSignal<'form' | 'remove' | 'price'>()
  const [priced, setPriced] = createSignal<Priced>()
  // Kept when its dialog closes: the text must not change while the dialog fades away.
  const [subject, setSubject] = createSignal<ModelMappingView>()
  const show = (dialog: 'form' | 'remove', mapping: ModelMappingView | undefined): void => {
    setSubject(mapping)
    setOpen(dialog)
  }
  const showPrice = (subject: Priced): void => {
    setPriced(subject)
    setOpen('price')
  }
  const overrides = () => readOverrides(dataOf(settings)?.modelPrices ?? '{}')
  const aliases = (id: string): readonly string[] =>
    (dataOf(mappings)?.mappings ?? []).filter((mapping) => mapping.served_by === id).map(({ name }) => name)
  const close = (): void => {
    setOpen(undefined)
  }
  const remove = useMutation(() => ({
    mutationFn: (mapping: ModelMappingView) => api.removeModelMapping(mapping.id),
    onSuccess: (_answer, { name }) => {
      showToast({ tone: 'info', text: t('models.removed', { name }) })
      close()
    },
    onSettled: () => refresh('model-mappings'),
  }))
  const mayChange = createMayChange()
  usePaletteActions(() =>
    mayChange()
      ? [
          {
            id: 'models.add',
            writes: true,
            text: t('models.add'),
            icon: Plus,
            keys: 'n',
            run: () => show('form', undefined),
          },
        ]
      : [],
  )
  const named = () => ({ name: subject()?.name ?? '' })
  const ids = (): readonly string[] => (dataOf(offered)?.models ?? []).map(({ id }) => id)
  const answer = (): string | undefined => {
    const models = dataOf(offered)?.models.length
    const mapped = dataOf(mappings)?.total
    if (models === undefined || mapped === undefined) return undefined
    return t('models.answer', { models: format().number(models), mapped: format().number(mapped) })
  }
  return (
    <>
      <PageHeader title={t('models.title')} app={dataOf(session)?.name ?? ''} answer={answer()}>
        <MayChange>
          <Button look="primary" icon={Plus} onClick={() => show('form', undefined)}>
            {t('models.add')}
          </Button>
        </MayChange>
      </PageHeader>
      <Section title={t('models.mapped')} lead={t('models.mappedLead')}>
        <Show when={mappings.error}>
          <ErrorState
            text={t('models.mappedFailed')}
            detail={errorText(mappings.error, t)}
            retry={t('common.retry')}
            busy={mappings.isFetching}
            onRetry={() => void mappings.refetch()}
          />
        </Show>
        <Switch>
          <Match when={mappings.isPending}>
            <Skeleton rows={2} label={t('common.loading')} />
          </Match>
          <Match when={dataOf(mappings)?.total === 0}>
            <EmptyState icon={Shuffle} text={t('models.mappedEmpty')} />
          </Match>
          <Match when={dataOf(mappings)}>
            {(shown) => (
              <MappingListView
                mappings={shown().mappings}
                onEdit={(mapping) => show('form', mapping)}
                onRemove={(mapping) => {
                  remove.reset()
                  show('remove', mapping)
                }}
              />
            )}
          </Match>
        </Switch>
      </Section>
      <Switch>
        <Match when={settings.isPending}>
          <Skeleton rows={1} label={t('common.loading')} />
        </Match>
        <Match when={!dataOf(settings) && settings.error}>
          <ErrorState
            text={t('models.settingsFailed')}
            detail={errorText(settings.error, t)}
            retry={t('common.retry')}
            busy={settings.isFetching}
            onRetry={() => void settings.refetch()}
          />
        </Match>
        <Match when={dataOf(settings)}>{(shown) => <ForcedModel settings={shown()} models={ids()} />}</Match>
      </Switch>
      <Section title={t('models.offered')} lead={t('models.offeredLead')}>
        <Show when={offered.error}>
          <ErrorState
            text={t('models.offeredFailed')}
            detail={errorText(offered.error, t)}
            retry={t('common.retry')}
            busy={offered.isFetching}
            onRetry={() => void offered.refetch()}
          />
        </Show>
        <Switch>
          <Match when={offered.isPending}>
            <Skeleton rows={4} label={t('common.loading')} />
          </Match>
          <Match when={dataOf(offered)?.models.length === 0}>
            <EmptyState icon={Boxes} text={t('models.offeredEmpty')}>
              <A href="/accounts" class="text-accent-text underline max-md:py-3">
                {t('nav.accounts')}
              </A>
            </EmptyState>
          </Match>
          <Match when={dataOf(offered)}>
            {(shown) => (
              <>
                <ModelListView
                  models={shown().models}
                  aliases={aliases}
                  onPrice={({ id, price }) =>
                    showPrice({
                      name: id,
                      price: [price.input_usd, price.output_usd],
                      isOwn: Object.hasOwn(overrides(), id),
                    })
                  }
                />
                <PriceList prices={shown().prices} models={shown().models} overrides={overrides()} onEdit={showPrice} />
              </>
            )}
          </Match>
        </Switch>
      </Section>
      <PriceDialog
        open={open() === 'price'}
        subject={priced()}
        setting={dataOf(settings)?.modelPrices ?? '{}'}
        onClose={close}
      />
      <MappingDialog
        open={open() === 'form'}
        mapping={subject()}
        keys={dataOf(keys)?.keys ?? []}
        models={ids()}
        onClose={close}
      />
      <ConfirmDialog
        open={open() === 'remove'}
        onClose={close}
        title={t('models.removeTitle', named())}
        text={t('models.removeText', named())}
        action={t('models.removeAction')}
        busy={remove.isPending}
        error={remove.error ? `${t('models.removeFailed', named())} ${errorText(remove.error, t)}` : undefined}
        onConfirm={() => {
          const mapping = subject()
          if (mapping) remove.mutate(mapping)
        }}
      />
    </>
  )
}

function Section(props: { title: string; lead: string; children: JSX.Element }) {
  return (
    <section class="flex flex-col gap-2">
      <div>
        <h2 class="font-semibold text-16">{props.title}</h2>
        <p class="text-13 text-text-2">{props.lead}</p>
      </div>
      {props.children}
    </section>
  )
}
