import { useMutation, useQueryClient } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import type { SettingsView } from '../../../../server/admin/contract/settings.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault } from '../../lib/focus.ts'
import { type Pair, type PriceForm, pairOf, priceFaults, writeOverride } from './prices.ts'

/** A price to be set. */
export type Priced = {
  /** Empty: for a name that is yet to be typed. */
  readonly name: string
  readonly price: Pair | undefined
  /** It is the operator's own, and can be taken away. */
  readonly isOwn: boolean
}

export function PriceDialog(props: {
  open: boolean
  subject: Priced | undefined
  setting: string
  onClose: () => void
}) {
  const { t } = useI18n()
  const title = (): string =>
    props.subject?.name ? t('models.priceTitle', { name: props.subject.name }) : t('models.priceAdd')
  return (
    <Dialog open={props.open} onClose={props.onClose} title={title()}>
      <Show when={props.subject}>
        {(subject) => <Fields subject={subject()} setting={props.setting} onDone={props.onClose} />}
      </Show>
    </Dialog>
  )
}

function Fields(props: { subject: Priced; setting: string; onDone: () => void }) {
  const { t } = useI18n()
  const client = useQueryClient()
  const refresh = useRefresh()
  const { subject } = props // the one the dialog was opened for
  const [form, setForm] = createSignal<PriceForm>({
    name: subject.name,
    input: subject.price === undefined ? '' : String(subject.price[0]),
    output: subject.price === undefined ? '' : String(subject.price[1]),
  })
  const [checked, setChecked] = createSignal(false)
  let element: HTMLFormElement | undefined
  const save = useMutation(() => ({
    mutationFn: ({ name, price }: { name: string; price: Pair | undefined }) =>
      api.saveSettings({ modelPrices: writeOverride(props.setting, name, price) }),
    onSuccess: async ({ warnings: _, ...settings }, { name, price }) => {
      client.setQueryData<SettingsView>(['settings'], settings)
      showToast({ tone: 'info', text: t(price === undefined ? 'models.priceReset' : 'models.priceSaved', { name }) })
      props.onDone()
      await refresh('models')
    },
  }))
  const fault = (name: keyof PriceForm): string | undefined => {
    const key = checked() ? priceFaults(form())[name] : undefined
    return key && t(key)
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setChecked(true)
    if (Object.keys(priceFaults(form())).length > 0) focusFault(element)
    else if (!save.isPending) save.mutate({ name: form().name.trim(), price: pairOf(form()) })
  }
  const price = (name: 'input' | 'output') => (
    <TextField
      label={t(`models.price.${name}`)}
      inputmode="decimal"
      value={form()[name]}
      onInput={(event) => setForm({ ...form(), [name]: event.currentTarget.value })}
      error={fault(name)}
    />
  )
  return (
    <form ref={(form) => (element = form)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
      <Show when={subject.name === ''}>
        <TextField
          label={t('models.priceName')}
          help={t('models.priceNameHelp')}
          mono
          autocapitalize="none"
          value={form().name}
          onInput={(event) => setForm({ ...form(), name: event.currentTarget.value })}
          error={fault('name')}
        />
      </Show>
      <div class="grid grid-cols-2 gap-3">
        {price('input')}
        {price('output')}
      </div>
      <p class="text-12 text-text-3">{t('models.priceHelp')}</p>
      <Show when={save.error}>
        <Banner tone="danger">
          {t('models.saveFailed')} {errorText(save.error, t)}
        </Banner>
      </Show>
      <div class="flex flex-wrap justify-end gap-2">
        <Show when={subject.isOwn}>
          <Button
            look="quiet-danger"
            class="mr-auto"
            onClick={() => save.mutate({ name: subject.name, price: undefined })}
          >
            {t('models.priceRemove')}
          </Button>
        </Show>
        <Button onClick={props.onDone}>{t('common.cancel')}</Button>
        <Button type="submit" look="primary" busy={save.isPending}>
          {t('common.save')}
        </Button>
      </div>
    </form>
  )
}
