import { useMutation } from '@tanstack/solid-query'
import { createEffect, createSignal, on, Show } from 'solid-js'
import type { ExportFormat } from '../../../../server/admin/contract/accounts.ts'
import { accountsApi } from '../../api/accounts.ts'
import { ApiError } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Checkbox, Choice, PasswordField } from '../../components/field.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusRefusal } from '../../lib/focus.ts'
import { saveText } from '../../lib/save-file.ts'

const formats = ['gateway', 'original', 'kiro'] as const satisfies readonly ExportFormat[]

/** All accounts or the chosen ones as a file. Sign-ins are in it only when the password is given once more. */
export default function ExportDialog(props: {
  readonly open: boolean
  readonly onClose: () => void
  /** Undefined: all. */
  readonly ids: readonly string[] | undefined
}) {
  const { t, format: words } = useI18n()
  const [form, setForm] = createSignal<ExportFormat>('gateway')
  const [secrets, setSecrets] = createSignal(false)
  const [password, setPassword] = createSignal('')
  let element: HTMLFormElement | undefined
  createEffect(
    on(
      () => props.open,
      () => {
        setSecrets(false)
        setPassword('')
        save.reset()
      },
    ),
  )
  const save = useMutation(() => ({
    mutationFn: () =>
      accountsApi.exported({
        format: form(),
        ...(secrets() ? { password: password() } : {}),
        ...(props.ids === undefined ? {} : { ids: [...props.ids] }),
      }),
    onSuccess: (list) => {
      const day = new Date().toISOString().slice(0, 10)
      saveText(JSON.stringify(list, null, 2), `accounts-${form()}-${day}.json`, 'application/json')
      setPassword('')
      showToast({ tone: 'info', text: t('accounts.export.done', { count: words().number(list.length) }) })
      props.onClose()
    },
  }))
  const passwordFault = (): string | undefined =>
    save.error instanceof ApiError && save.error.field === 'password' ? errorText(save.error, t) : undefined
  focusRefusal(
    () => save.error,
    () => element,
  )
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (!save.isPending && (!secrets() || password() !== '')) save.mutate()
  }
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      title={
        props.ids === undefined
          ? t('accounts.export.titleAll')
          : t('accounts.export.title', { count: words().number(props.ids.length) })
      }
    >
      <form ref={(form) => (element = form)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
        <Choice
          label={t('accounts.export.format')}
          value={form()}
          options={formats.map((name) => ({ value: name, text: t(`accounts.export.format.${name}`) }))}
          onChange={setForm}
        />
        <p class="text-12 text-text-3">{t(`accounts.export.about.${form()}`)}</p>
        <Checkbox label={t('accounts.export.secrets')} checked={secrets()} onChange={setSecrets} />
        <Show when={secrets()} fallback={<p class="text-12 text-text-3">{t('accounts.export.masked')}</p>}>
          <Banner tone="warning">{t('accounts.export.warning')}</Banner>
          <PasswordField
            label={t('accounts.export.password')}
            autocomplete="current-password"
            value={password()}
            onInput={(event) => {
              setPassword(event.currentTarget.value)
              save.reset()
            }}
            error={passwordFault()}
          />
        </Show>
        <Show when={save.error && passwordFault() === undefined}>
          <Banner tone="danger">{errorText(save.error, t)}</Banner>
        </Show>
        <div class="flex flex-wrap justify-end gap-2">
          <Button onClick={() => props.onClose()}>{t('common.cancel')}</Button>
          <Button type="submit" look="primary" busy={save.isPending} disabled={secrets() && password() === ''}>
            {t('accounts.export.action')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
