import { useMutation } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import type { ProxyView } from '../../../../server/admin/contract/proxies.ts'
import { ApiError, api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Checkbox, TextField } from '../../components/field.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault } from '../../lib/focus.ts'
import { type ProxyForm, proxyBody, proxyChanges, proxyFaults, startForm } from './proxy-form.ts'

type Props = {
  readonly open: boolean
  /** The one to edit; undefined: a new one. */
  readonly proxy: ProxyView | undefined
  readonly onClose: () => void
}

/** Address, name, weight and switch of one proxy. A password is written here and never read. */
export function ProxyDialog(props: Props) {
  const { t } = useI18n()
  const title = (): string => (props.proxy ? t('proxies.editTitle', { name: props.proxy.name }) : t('proxies.add'))
  return (
    <Dialog open={props.open} onClose={props.onClose} title={title()}>
      <Fields proxy={props.proxy} onDone={props.onClose} />
    </Dialog>
  )
}

function Fields(props: { proxy: ProxyView | undefined; onDone: () => void }) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const { proxy } = props // the one the dialog was opened for: a list that changes below must not change the form
  const [form, setForm] = createSignal<ProxyForm>(startForm(proxy))
  const [checked, setChecked] = createSignal(false)
  let element: HTMLFormElement | undefined
  const faults = () => (checked() ? proxyFaults(form(), proxy) : {})
  const fault = (name: 'url' | 'name' | 'weight'): string | undefined => {
    const key = faults()[name]
    return key && t(key)
  }
  const change = (part: Partial<ProxyForm>): void => {
    setForm({ ...form(), ...part })
  }
  // The body is no argument and the mutation is not kept: an address may hold a password.
  const save = useMutation(() => ({
    gcTime: 0,
    mutationFn: async () => {
      if (proxy === undefined) return api.createProxy(proxyBody(form()))
      const changes = proxyChanges(form(), proxy)
      return changes === undefined ? undefined : api.updateProxy(proxy.id, changes)
    },
    onSuccess: async (answer) => {
      const name = answer?.proxy.name
      if (name !== undefined) {
        showToast({ tone: 'info', text: proxy ? t('proxies.changed', { name }) : t('proxies.added', { name }) })
        await refresh('proxies', 'accounts')
      }
      props.onDone()
    },
  }))
  const refusal = (): ApiError | undefined => {
    const { error } = save
    return error instanceof ApiError && error.field === 'url' ? error : undefined
  }
  const urlFault = (): string | undefined => {
    const refused = refusal()
    if (refused === undefined) return fault('url')
    return errorText(refused, t)
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setChecked(true)
    if (Object.keys(proxyFaults(form(), proxy)).length > 0) {
      focusFault(element)
      return
    }
    if (!save.isPending) save.mutate()
  }
  return (
    <form ref={(form) => (element = form)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
      <Show when={proxy?.state === 'unreadable'}>
        <Banner tone="warning">{t('proxies.unreadableHelp')}</Banner>
      </Show>
      <TextField
        label={t('proxies.url')}
        help={proxy?.url.includes('••••') ? t('proxies.urlKeep') : t('proxies.urlHelp', { session: '{session}' })}
        mono
        autocapitalize="none"
        value={form().url}
        onInput={(event) => {
          if (refusal()) save.reset()
          change({ url: event.currentTarget.value })
        }}
        error={urlFault()}
      />
      <TextField
        label={t('proxies.name')}
        help={t('proxies.nameHelp')}
        optional
        value={form().name}
        onInput={(event) => change({ name: event.currentTarget.value })}
        error={fault('name')}
      />
      <TextField
        label={t('proxies.weight')}
        help={t('proxies.weightHelp')}
        type="number"
        min="1"
        max="100"
        step="1"
        value={form().weight}
        onInput={(event) => change({ weight: event.currentTarget.value })}
        error={fault('weight')}
      />
      <Checkbox label={t('proxies.on')} checked={form().enabled} onChange={(enabled) => change({ enabled })} />
      <Show when={proxy?.enabled && !form().enabled && (proxy?.account_count ?? 0) > 0}>
        <Held count={proxy?.account_count ?? 0} />
      </Show>
      <Show when={save.error && !refusal()}>
        <Banner tone="danger">
          {t('proxies.saveFailed')} {errorText(save.error, t)}
        </Banner>
      </Show>
      <FormActions submit={proxy ? t('common.save') : t('proxies.add')} busy={save.isPending} onCancel={props.onDone} />
    </form>
  )
}

function Held(props: { count: number }) {
  const { t, format } = useI18n()
  return (
    <Banner tone="warning">
      {t(`proxies.offText.${format().form(props.count)}`, { count: format().number(props.count) })}
    </Banner>
  )
}
