import { useMutation, useQueryClient } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import type { SettingsUpdate, SettingsView } from '../../../../server/admin/contract/settings.ts'
import { ApiError, api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { createMayChange, MayChange } from '../../api/may-change.tsx'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { Switch } from '../../components/switch.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

type Forced = Pick<SettingsView, 'forceModelEnabled' | 'forceModel'>

/** One model for everything but the small ones. It cannot be switched on before a model is chosen. */
export function ForcedModel(props: { settings: Forced; models: readonly string[] }) {
  const { t } = useI18n()
  const client = useQueryClient()
  const refresh = useRefresh()
  const mayChange = createMayChange()
  const [choosing, setChoosing] = createSignal(false)
  const put = (forceModelEnabled: boolean): void => {
    client.setQueryData<SettingsView>(['settings'], (settings) => settings && { ...settings, forceModelEnabled })
  }
  const enable = useMutation(() => ({
    mutationFn: (forceModelEnabled: boolean) => api.saveSettings({ forceModelEnabled }),
    onMutate: async (on) => {
      await client.cancelQueries({ queryKey: ['settings'] })
      put(on)
    },
    onSuccess: (_answer, on) =>
      showToast({
        tone: 'info',
        text: on ? t('models.forceOn', { model: props.settings.forceModel }) : t('models.forceOff'),
        action: { text: t('common.undo'), run: () => enable.mutate(!on) },
      }),
    onError: (error, on) => {
      put(!on)
      showToast({ tone: 'error', text: t('models.forceFailed'), detail: errorText(error, t) })
    },
    onSettled: () => refresh('settings'),
  }))
  return (
    <section class="flex items-start justify-between gap-3 rounded-lg border border-border bg-surface px-3 py-2">
      <div class="min-w-0">
        <h2 class="font-medium">{t('models.force')}</h2>
        <Show when={props.settings.forceModel} fallback={<p class="text-13 text-text-2">{t('models.forceNone')}</p>}>
          <p class="wrap-anywhere font-mono text-13">{props.settings.forceModel}</p>
        </Show>
        <p class="text-12 text-text-3">{t('models.forceHelp')}</p>
      </div>
      <div class="flex shrink-0 items-center gap-1">
        <Switch
          label={t('models.force')}
          checked={props.settings.forceModelEnabled}
          disabled={!mayChange()}
          onChange={(on) => (on && props.settings.forceModel === '' ? setChoosing(true) : enable.mutate(on))}
        />
        <MayChange>
          <Button aria-label={t('models.forceEdit')} onClick={() => setChoosing(true)}>
            {t('common.edit')}
          </Button>
        </MayChange>
      </div>
      <Dialog open={choosing()} onClose={() => setChoosing(false)} title={t('models.force')}>
        <ChooseModel settings={props.settings} models={props.models} onDone={() => setChoosing(false)} />
      </Dialog>
    </section>
  )
}

function ChooseModel(props: { settings: Forced; models: readonly string[]; onDone: () => void }) {
  const { t } = useI18n()
  const client = useQueryClient()
  const { forceModel: shown, forceModelEnabled: wasOn } = props.settings // as they were on opening
  const [model, setModel] = createSignal(shown)
  const save = useMutation(() => ({
    mutationFn: (body: SettingsUpdate) => api.saveSettings(body),
    onSuccess: async ({ warnings: _, ...settings }) => {
      client.setQueryData<SettingsView>(['settings'], settings)
      const { forceModel, forceModelEnabled } = settings
      showToast({
        tone: 'info',
        text: forceModelEnabled ? t('models.forceOn', { model: forceModel }) : t('models.forceOff'),
      })
      props.onDone()
    },
  }))
  const refusal = (): ApiError | undefined => {
    const { error } = save
    return error instanceof ApiError && error.field === 'forceModel' ? error : undefined
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const forceModel = model().trim()
    if (forceModel === shown && wasOn === (forceModel !== '')) props.onDone()
    else if (!save.isPending) save.mutate({ forceModel, forceModelEnabled: forceModel !== '' })
  }
  return (
    <form onSubmit={submit} class="flex flex-col gap-4" novalidate>
      <TextField
        label={t('models.forceModel')}
        help={t('models.forceModelHelp')}
        optional
        mono
        autocapitalize="none"
        suggestions={props.models}
        value={model()}
        onInput={(event) => {
          if (refusal()) save.reset()
          setModel(event.currentTarget.value)
        }}
        error={refusal() && errorText(refusal(), t)}
      />
      <Show when={save.error && !refusal()}>
        <Banner tone="danger">
          {t('models.saveFailed')} {errorText(save.error, t)}
        </Banner>
      </Show>
      <FormActions submit={t('common.save')} busy={save.isPending} onCancel={props.onDone} />
    </form>
  )
}
