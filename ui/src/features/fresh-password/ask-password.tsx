import { useMutation } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import { ApiError, api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { Banner } from '../../components/banner.tsx'
import { CodeField } from '../../components/code-field.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { PasswordField } from '../../components/field.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { createLockout, isLockout, LockoutBanner } from '../../components/lockout.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusRefusal } from '../../lib/focus.ts'

type AskProps = {
  readonly open: boolean
  /** A code of the authenticator is asked for beside the password. */
  readonly secondFactor: boolean
  readonly onEnd: (given: boolean) => void
}

export default function AskPassword(props: AskProps) {
  const { t } = useI18n()
  return (
    <Dialog open={props.open} onClose={() => props.onEnd(false)} title={t('confirm.title')}>
      <p class="text-text-2">{t('confirm.lead')}</p>
      <AskForm secondFactor={props.secondFactor} onEnd={props.onEnd} />
    </Dialog>
  )
}

/** Made anew each time the window opens, so that nothing typed is left in it. */
function AskForm(props: Omit<AskProps, 'open'>) {
  const { t } = useI18n()
  const [password, setPassword] = createSignal('')
  const [code, setCode] = createSignal('')
  const { wait, note } = createLockout()
  let form: HTMLFormElement | undefined
  const confirm = useMutation(() => ({
    gcTime: 0,
    mutationFn: () =>
      api.confirm({ password: password(), ...(props.secondFactor && code().trim() ? { code: code().trim() } : {}) }),
    onSuccess: () => props.onEnd(true),
    onError: note,
  }))
  focusRefusal(
    () => confirm.error,
    () => form,
  )
  const faultAt = (field: 'password' | 'code'): string | undefined => {
    const { error } = confirm
    return error instanceof ApiError && error.status === 403 && error.field === field ? errorText(error, t) : undefined
  }
  const otherFault = (): string | undefined => {
    const { error } = confirm
    if (!error || faultAt('password') || faultAt('code') || isLockout(error)) return
    return errorText(error, t)
  }
  return (
    <form
      ref={(element) => (form = element)}
      class="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (wait() === 0 && !confirm.isPending) confirm.mutate()
      }}
    >
      <PasswordField
        label={t('login.password')}
        autocomplete="current-password"
        required
        value={password()}
        onInput={(event) => setPassword(event.currentTarget.value)}
        error={faultAt('password')}
      />
      <Show when={props.secondFactor}>
        <CodeField value={code()} onInput={setCode} error={faultAt('code')} />
      </Show>
      <Show when={otherFault()}>{(text) => <Banner tone="danger">{text()}</Banner>}</Show>
      <LockoutBanner wait={wait()} />
      <FormActions submit={t('confirm.submit')} busy={confirm.isPending} onCancel={() => props.onEnd(false)} />
    </form>
  )
}
