import { useMutation, useQueryClient } from '@tanstack/solid-query'
import { createSignal, type JSX, Show } from 'solid-js'
import type { SettingsView } from '../../../../server/admin/contract/settings.ts'
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
import { focusFault } from '../../lib/focus.ts'
import { proxyUrlFault } from './proxy-form.ts'

type Outbound = Pick<SettingsView, 'proxyPoolEnabled' | 'httpProxy'>

/** The two ways of accounts without a proxy of their own: the pool, then the global proxy. `usable`: proxies that are on. */
export function OutboundSettings(props: { settings: Outbound; usable: number | undefined }) {
  const { t } = useI18n()
  const client = useQueryClient()
  const refresh = useRefresh()
  const mayChange = createMayChange()
  const [editing, setEditing] = createSignal(false)
  const put = (proxyPoolEnabled: boolean): void => {
    client.setQueryData<SettingsView>(['settings'], (settings) => settings && { ...settings, proxyPoolEnabled })
  }
  const pool = useMutation(() => ({
    mutationFn: (proxyPoolEnabled: boolean) => api.saveSettings({ proxyPoolEnabled }),
    onMutate: async (on) => {
      await client.cancelQueries({ queryKey: ['settings'] })
      put(on)
    },
    onSuccess: (_answer, on) =>
      showToast({
        tone: 'info',
        text: on ? t('proxies.poolOn') : t('proxies.poolOff'),
        action: { text: t('common.undo'), run: () => pool.mutate(!on) },
      }),
    onError: (error, on) => {
      put(!on)
      showToast({ tone: 'error', text: t('proxies.poolFailed'), detail: errorText(error, t) })
    },
    onSettled: () => refresh('settings'),
  }))
  return (
    <section class="rounded-lg border border-border bg-surface">
      <h2 class="border-border border-b px-3 py-2 font-medium text-12 text-text-2">{t('proxies.shared')}</h2>
      <Line
        name={t('proxies.pool')}
        help={t('proxies.poolHelp')}
        control={
          <Switch
            label={t('proxies.pool')}
            checked={props.settings.proxyPoolEnabled}
            disabled={!mayChange()}
            onChange={(on) => pool.mutate(on)}
          />
        }
      >
        <Show when={props.settings.proxyPoolEnabled && props.usable === 0}>
          <p class="text-12 text-warning">{t('proxies.poolIdle')}</p>
        </Show>
      </Line>
      <Line
        name={t('proxies.global')}
        help={t('proxies.globalHelp')}
        control={
          <MayChange>
            <Button aria-label={t('proxies.globalEdit')} onClick={() => setEditing(true)}>
              {t('common.edit')}
            </Button>
          </MayChange>
        }
      >
        <Show when={props.settings.httpProxy} fallback={<p class="text-13 text-text-2">{t('proxies.globalNone')}</p>}>
          <p class="wrap-anywhere font-mono text-13">{props.settings.httpProxy}</p>
        </Show>
      </Line>
      <Dialog open={editing()} onClose={() => setEditing(false)} title={t('proxies.global')}>
        <GlobalProxy shown={props.settings.httpProxy} onDone={() => setEditing(false)} />
      </Dialog>
    </section>
  )
}

function Line(props: { name: string; help: string; control: JSX.Element; children: JSX.Element }) {
  return (
    <div class="flex items-start justify-between gap-3 border-border border-b px-3 py-2 last:border-b-0">
      <div class="min-w-0">
        <h3 class="font-medium">{props.name}</h3>
        {props.children}
        <p class="text-12 text-text-3">{props.help}</p>
      </div>
      {props.control}
    </div>
  )
}

function GlobalProxy(props: { shown: string; onDone: () => void }) {
  const { t } = useI18n()
  const client = useQueryClient()
  const { shown } = props // as it was on opening
  const [url, setUrl] = createSignal(shown)
  const [checked, setChecked] = createSignal(false)
  let element: HTMLFormElement | undefined
  // As in the dialog of a proxy: the address is no argument, and nothing of it is kept.
  const save = useMutation(() => ({
    gcTime: 0,
    mutationFn: () => api.saveSettings({ httpProxy: url().trim() }),
    onSuccess: async ({ warnings: _, ...settings }) => {
      client.setQueryData<SettingsView>(['settings'], settings)
      showToast({ tone: 'info', text: settings.httpProxy ? t('proxies.globalSet') : t('proxies.globalUnset') })
      props.onDone()
    },
  }))
  const refusal = (): ApiError | undefined => {
    const { error } = save
    return error instanceof ApiError && error.field === 'httpProxy' ? error : undefined
  }
  const fault = () => (url().trim() === '' ? undefined : proxyUrlFault(url(), shown))
  const faultText = (): string | undefined => {
    const refused = refusal()
    if (refused) return errorText(refused, t)
    const key = checked() ? fault() : undefined
    return key && t(key)
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setChecked(true)
    if (fault() !== undefined) focusFault(element)
    else if (url().trim() === shown) props.onDone()
    else if (!save.isPending) save.mutate()
  }
  return (
    <form ref={(form) => (element = form)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
      <p class="text-text-2">{t('proxies.globalLead')}</p>
      <TextField
        label={t('proxies.url')}
        help={shown.includes('••••') ? t('proxies.urlKeep') : t('proxies.urlHelp', { session: '{session}' })}
        optional
        mono
        autocapitalize="none"
        value={url()}
        onInput={(event) => {
          if (refusal()) save.reset()
          setUrl(event.currentTarget.value)
        }}
        error={faultText()}
      />
      <Show when={save.error && !refusal()}>
        <Banner tone="danger">
          {t('proxies.saveFailed')} {errorText(save.error, t)}
        </Banner>
      </Show>
      <FormActions submit={t('common.save')} busy={save.isPending} onCancel={props.onDone} />
    </form>
  )
}
