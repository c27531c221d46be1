import { useMutation, useQueryClient } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import type { SessionView } from '../../../../server/admin/contract/session.ts'
import { ApiError, api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { queries } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { CodeField } from '../../components/code-field.tsx'
import { PasswordField, TextField } from '../../components/field.tsx'
import { createLockout, isLockout, LockoutBanner } from '../../components/lockout.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { useMemory } from '../../lib/memory.tsx'
import { type SignInField, signInFault } from './sign-in-fault.ts'

/**
 * The password, and before it a name where people sign in by name. A set-up code or the code of a second factor is asked for
 * once the server wants one. The session is read again before `onDone`.
 */
export function SignInForm(props: { session: SessionView; onDone: () => void }) {
  const { t } = useI18n()
  const memory = useMemory()
  const client = useQueryClient()
  const [user, setUser] = createSignal(memory.user())
  const [password, setPassword] = createSignal('')
  const [code, setCode] = createSignal('')
  const [codeWanted, setCodeWanted] = createSignal(false)
  const [setupCode, setSetupCode] = createSignal('')
  const [setupCodeWanted, setSetupCodeWanted] = createSignal(false)
  const { wait, note } = createLockout()
  const needsSetupCode = (): boolean => props.session.setupCodeRequired || setupCodeWanted()
  const named = (): string => (props.session.namedSignIn ? user().trim() : '')
  const fields: Partial<Record<SignInField | 'user', HTMLInputElement>> = {}

  const login = useMutation(() => ({
    gcTime: 0,
    mutationFn: () =>
      api.login({
        password: password(),
        ...(named() ? { user: named() } : {}),
        ...(codeWanted() && code().trim() ? { code: code().trim() } : {}),
        ...(needsSetupCode() && setupCode().trim() ? { setupCode: setupCode().trim() } : {}),
      }),
    onSuccess: async (result) => {
      // Kept only for the forced change that follows.
      memory.setPassword(result.mustChangePassword ? password() : '')
      memory.setUser(named())
      await client.fetchQuery({ ...queries.session(), staleTime: 0 })
      props.onDone()
    },
    onError: (error) => {
      if (!(error instanceof ApiError)) return
      note(error)
      const field = signInFault(error, { named: named() !== '' })?.field
      if (field === 'setupCode') setSetupCodeWanted(true)
      if (field === 'code') setCodeWanted(true)
      // Behind the field's coming.
      if (field !== undefined) queueMicrotask(() => fields[field]?.select())
    },
  }))
  const fault = () => (wait() > 0 ? undefined : signInFault(login.error, { named: named() !== '' }))
  const faultOf = (field: SignInField): string | undefined => {
    const found = fault()
    return found?.field === field && found.text ? t(found.text) : undefined
  }
  const otherFault = (): string | undefined => {
    const { error } = login
    if (!error || fault() || isLockout(error)) return undefined
    return errorText(error, t)
  }
  /** A code belongs to one person: for another one it is asked for anew. */
  const forgetCode = (): void => {
    setCode('')
    setCodeWanted(false)
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (wait() === 0 && !login.isPending) login.mutate()
  }
  return (
    <form onSubmit={submit} class="flex flex-col gap-4">
      <Show when={props.session.namedSignIn}>
        <TextField
          ref={(element) => (fields.user = element)}
          label={t('login.user')}
          help={t('login.userHelp')}
          optional
          name="username"
          autocomplete="username"
          autocapitalize="none"
          maxLength={64}
          autofocus={user() === ''}
          value={user()}
          onInput={(event) => {
            setUser(event.currentTarget.value)
            forgetCode()
          }}
        />
      </Show>
      <PasswordField
        ref={(element) => (fields.password = element)}
        label={t('login.password')}
        name="password"
        autocomplete="current-password"
        autofocus={!props.session.namedSignIn || user() !== ''}
        required
        value={password()}
        onInput={(event) => setPassword(event.currentTarget.value)}
        error={faultOf('password')}
      />
      <Show when={needsSetupCode()}>
        <TextField
          ref={(element) => (fields.setupCode = element)}
          label={t('login.setupCode')}
          help={t('login.setupCodeHelp', { app: props.session.name })}
          autocomplete="off"
          autocapitalize="characters"
          mono
          required
          value={setupCode()}
          onInput={(event) => setSetupCode(event.currentTarget.value)}
          error={faultOf('setupCode')}
        />
      </Show>
      <Show when={codeWanted()}>
        <CodeField
          ref={(element) => (fields.code = element)}
          value={code()}
          onInput={setCode}
          error={faultOf('code')}
        />
      </Show>
      <Show when={otherFault()}>{(text) => <Banner tone="danger">{text()}</Banner>}</Show>
      <LockoutBanner wait={wait()} />
      <Button type="submit" look="primary" busy={login.isPending} disabled={wait() > 0}>
        {t('login.submit')}
      </Button>
    </form>
  )
}
