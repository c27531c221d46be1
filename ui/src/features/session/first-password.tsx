import { useMutation, useQueryClient } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import type { SessionView } from '../../../../server/admin/contract/session.ts'
import { ApiError, api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { queries } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { PasswordField, TextField } from '../../components/field.tsx'
import { createLockout, LockoutBanner } from '../../components/lockout.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault, focusRefusal } from '../../lib/focus.ts'
import { passwordFault, passwordStrength } from './password-rule.ts'
import { signInFault } from './sign-in-fault.ts'

/** In force until somebody has chosen one; it opens nothing but this step. */
const firstPassword = 'admin'

/** The first visit: a password is chosen, and with it one is signed in. From another machine the set-up code is asked for too. */
export default function FirstPassword(props: { session: SessionView; onDone: () => void }) {
  const { t } = useI18n()
  const client = useQueryClient()
  const [setupCode, setSetupCode] = createSignal('')
  const [next, setNext] = createSignal('')
  const [repeat, setRepeat] = createSignal('')
  const [checked, setChecked] = createSignal(false)
  const { wait, note } = createLockout()
  const needsCode = (): boolean => props.session.setupCodeRequired
  let form: HTMLFormElement | undefined

  const choose = useMutation(() => ({
    gcTime: 0,
    mutationFn: async () => {
      const code = setupCode().trim()
      await api.login({ password: firstPassword, ...(needsCode() ? { setupCode: code } : {}) })
      await api.changePassword({ currentPassword: firstPassword, newPassword: next() })
    },
    onSuccess: async () => {
      await client.fetchQuery({ ...queries.session(), staleTime: 0 })
      props.onDone()
    },
    onError: (error) => {
      note(error)
      // Somebody else was faster: then this is a sign-in like any other.
      if (error instanceof ApiError && error.code === 'INVALID_PASSWORD') {
        void client.invalidateQueries({ queryKey: ['session'] })
      }
    },
  }))
  focusRefusal(
    () => choose.error,
    () => form,
  )
  const codeFault = (): string | undefined => {
    if (checked() && needsCode() && setupCode().trim() === '') return t('common.required')
    const fault = signInFault(choose.error, { named: false })
    return fault?.field === 'setupCode' && fault.text ? t(fault.text) : undefined
  }
  const refused = (): ApiError | undefined => {
    const { error } = choose
    return error instanceof ApiError && error.field === 'newPassword' ? error : undefined
  }
  const nextFault = (): string | undefined => {
    const fault = checked() ? passwordFault(next(), '') : undefined
    const refusal = refused()
    return fault ? t(fault) : refusal && errorText(refusal, t)
  }
  const repeatFault = (): string | undefined => (checked() && next() !== repeat() ? t('password.different') : undefined)
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setChecked(true)
    const missing = needsCode() && setupCode().trim() === ''
    if (missing || passwordFault(next(), '') || next() !== repeat()) focusFault(form)
    else if (wait() === 0 && !choose.isPending) choose.mutate()
  }
  return (
    <form ref={(element) => (form = element)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
      <Show when={needsCode()}>
        <TextField
          label={t('login.setupCode')}
          help={t('login.setupCodeHelp', { app: props.session.name })}
          autocapitalize="characters"
          mono
          autofocus
          value={setupCode()}
          onInput={(event) => setSetupCode(event.currentTarget.value)}
          error={codeFault()}
        />
      </Show>
      <PasswordField
        label={t('password.new')}
        autocomplete="new-password"
        autofocus={!needsCode()}
        value={next()}
        onInput={(event) => {
          if (refused()) choose.reset()
          setNext(event.currentTarget.value)
        }}
        help={next() ? t('password.strength', { word: t(passwordStrength(next())) }) : t('password.rule')}
        error={nextFault()}
      />
      <PasswordField
        label={t('password.repeat')}
        autocomplete="new-password"
        value={repeat()}
        onInput={(event) => setRepeat(event.currentTarget.value)}
        error={repeatFault()}
      />
      <Show when={choose.error && !codeFault() && !nextFault() && wait() === 0}>
        <Banner tone="danger">{errorText(choose.error, t)}</Banner>
      </Show>
      <LockoutBanner wait={wait()} />
      <Button type="submit" look="primary" busy={choose.isPending} disabled={wait() > 0}>
        {t('password.save')}
      </Button>
    </form>
  )
}
