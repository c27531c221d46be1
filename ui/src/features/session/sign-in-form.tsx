import { useMutation, useQueryClient } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import type { SessionView } from '../../../../server/admin/contract/session.ts'
import { ApiError, api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { queries } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { PasswordField, TextField } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createCountdown } from '../../lib/clock.ts'
import { countdown } from '../../lib/format.ts'
import { useMemory } from '../../lib/memory.tsx'

/** Password (and set-up code, when one is needed). The session is read again before `onDone`. */
export function SignInForm(props: { session: SessionView; onDone: () => void }) {
  const { t } = useI18n()
  const memory = useMemory()
  const client = useQueryClient()
  const [password, setPassword] = createSignal('')
  const [setupCode, setSetupCode] = createSignal('')
  const [codeWanted, setCodeWanted] = createSignal(false)
  const [lockedUntil, setLockedUntil] = createSignal<number>()
  const wait = createCountdown(lockedUntil)
  const needsCode = (): boolean => props.session.setupCodeRequired || codeWanted()
  let form: HTMLFormElement | undefined

  const login = useMutation(() => ({
    mutationFn: () =>
      api.login({ password: password(), ...(needsCode() && setupCode() ? { setupCode: setupCode().trim() } : {}) }),
    onSuccess: async (result) => {
      // Kept only for the forced change that follows.
      memory.setPassword(result.mustChangePassword ? password() : '')
      await client.fetchQuery({ ...queries.session(), staleTime: 0 })
      props.onDone()
    },
    onError: (error) => {
      if (!(error instanceof ApiError)) return
      if (error.code === 'SETUP_CODE_REQUIRED') setCodeWanted(true)
      if (error.status === 429) setLockedUntil(Date.now() + (error.retryAfterSeconds ?? 30) * 1000)
      form?.querySelector<HTMLInputElement>('[autocomplete="current-password"]')?.select()
    },
  }))
  const fault = (): string | undefined => {
    const error = login.error
    if (!error || wait() > 0) return undefined
    if (error instanceof ApiError && error.status === 429) return undefined
    if (error instanceof ApiError && error.code === 'SETUP_CODE_REQUIRED') return t('login.setupCodeWrong')
    if (error instanceof ApiError && error.status === 401) return t('login.wrong')
    return errorText(error, t)
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (wait() === 0 && !login.isPending) login.mutate()
  }
  return (
    <form ref={(element) => (form = element)} onSubmit={submit} class="flex flex-col gap-4">
      <Show when={props.session.demo && props.session.demoPassword}>
        {(demoPassword) => (
          <Banner tone="info">
            {t('login.demo')} <code class="select-all font-mono">{demoPassword()}</code>
          </Banner>
        )}
      </Show>
      <Show when={props.session.setupCodeRequired}>
        <Banner tone="info">{t('login.first')}</Banner>
      </Show>
      <PasswordField
        label={t('login.password')}
        autocomplete="current-password"
        autofocus
        required
        value={password()}
        onInput={(event) => setPassword(event.currentTarget.value)}
        error={needsCode() ? undefined : fault()}
      />
      <Show when={needsCode()}>
        <TextField
          label={t('login.setupCode')}
          help={t('login.setupCodeHelp', { app: props.session.name })}
          autocomplete="one-time-code"
          mono
          required
          value={setupCode()}
          onInput={(event) => setSetupCode(event.currentTarget.value)}
          error={fault()}
        />
      </Show>
      <Show when={wait() > 0}>
        <Banner tone="warning">
          <span class="numbers">{t('login.wait', { time: countdown(wait()) })}</span>
        </Banner>
      </Show>
      <Button type="submit" look="primary" busy={login.isPending} disabled={wait() > 0}>
        {t('login.submit')}
      </Button>
    </form>
  )
}
