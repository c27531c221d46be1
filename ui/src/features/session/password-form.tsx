import { useMutation, useQueryClient } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import { ApiError, api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { queries } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { PasswordField } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault, focusRefusal } from '../../lib/focus.ts'
import { useMemory } from '../../lib/memory.tsx'
import { passwordFault, passwordStrength } from './password-rule.ts'

/** A new password, typed twice. The current one is asked for unless it was typed a moment ago at sign-in. */
export function PasswordForm(props: { onDone: () => void; cancel?: (() => void) | undefined }) {
  const { t } = useI18n()
  const memory = useMemory()
  const client = useQueryClient()
  const known = memory.password() !== ''
  const [current, setCurrent] = createSignal(memory.password())
  const [next, setNext] = createSignal('')
  const [repeat, setRepeat] = createSignal('')
  const [checked, setChecked] = createSignal(false)
  let form: HTMLFormElement | undefined

  const change = useMutation(() => ({
    mutationFn: () => api.changePassword({ currentPassword: current(), newPassword: next() }),
    onSuccess: async () => {
      memory.setPassword('')
      await client.fetchQuery({ ...queries.session(), staleTime: 0 })
      props.onDone()
    },
  }))
  focusRefusal(
    () => change.error,
    () => form,
  )
  const refusedAt = (field: string): ApiError | undefined =>
    change.error instanceof ApiError && change.error.field === field ? change.error : undefined
  const currentWrong = (): boolean => refusedAt('currentPassword') !== undefined
  const nextRefused = (): string | undefined => {
    const refusal = refusedAt('newPassword')
    return refusal && errorText(refusal, t)
  }
  const nextFault = () => passwordFault(next(), current())
  const repeatFault = (): boolean => next() !== repeat()
  const shown = (fault: string | undefined): string | undefined => (checked() ? fault : undefined)
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setChecked(true)
    if (nextFault() || repeatFault() || change.isPending) {
      focusFault(form)
      return
    }
    change.mutate()
  }
  return (
    <form ref={(element) => (form = element)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
      <Show when={!known || currentWrong()}>
        <PasswordField
          label={t('password.current')}
          autocomplete="current-password"
          autofocus={!known}
          value={current()}
          onInput={(event) => setCurrent(event.currentTarget.value)}
          error={currentWrong() ? t('password.currentWrong') : undefined}
        />
      </Show>
      <PasswordField
        label={t('password.new')}
        autocomplete="new-password"
        autofocus={known}
        value={next()}
        onInput={(event) => {
          if (nextRefused()) change.reset()
          setNext(event.currentTarget.value)
        }}
        help={next() ? t('password.strength', { word: t(passwordStrength(next())) }) : t('password.rule')}
        error={shown(plain(nextFault(), t)) ?? nextRefused()}
      />
      <PasswordField
        label={t('password.repeat')}
        autocomplete="new-password"
        value={repeat()}
        onInput={(event) => setRepeat(event.currentTarget.value)}
        error={shown(repeatFault() ? t('password.different') : undefined)}
      />
      <Show when={change.error && !currentWrong() && !nextRefused()}>
        <Banner tone="danger">{errorText(change.error, t)}</Banner>
      </Show>
      <div class="flex flex-wrap gap-2">
        <Button type="submit" look="primary" busy={change.isPending} class="grow">
          {t('password.save')}
        </Button>
        <Show when={props.cancel}>{(cancel) => <Button onClick={() => cancel()()}>{t('common.cancel')}</Button>}</Show>
      </div>
    </form>
  )
}

type Fault = ReturnType<typeof passwordFault>
const plain = (fault: Fault, t: (key: NonNullable<Fault>) => string): string | undefined =>
  fault ? t(fault) : undefined
