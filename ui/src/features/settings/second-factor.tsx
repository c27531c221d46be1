import { useMutation, useQuery, useQueryClient } from '@tanstack/solid-query'
import Download from 'lucide-solid/icons/download'
import { createSignal, For, Match, Show, Suspense, Switch } from 'solid-js'
import type { SecondFactorBegun } from '../../../../server/admin/contract/operators.ts'
import { care, careQueries } from '../../api/care.ts'
import { ApiError } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { PasswordField, TextField } from '../../components/field.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { createSecretGuard, SecretActions, type SecretGuard } from '../../components/secret-guard.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { Time } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusRefusal } from '../../lib/focus.ts'
import { parseTime } from '../../lib/format.ts'
import { later } from '../../lib/later.tsx'
import { saveText } from '../../lib/save-file.ts'
import { Part } from './part.tsx'

const QrCode = later(() => import('../../components/qr-code.tsx'))

/** One's own: on and off, both with the password. */
export function SecondFactor() {
  const { t, format } = useI18n()
  const client = useQueryClient()
  const state = useQuery(() => careQueries.secondFactor())
  const [open, setOpen] = createSignal<'on' | 'off'>()
  const [codes, setCodes] = createSignal<readonly string[]>()
  const close = (): void => {
    setOpen(undefined)
    void client.invalidateQueries({ queryKey: ['second-factor'] })
  }
  const guard = createSecretGuard(() => {
    setCodes(undefined)
    close()
  })
  const since = (): string => {
    const at = parseTime(dataOf(state)?.since)
    return at === undefined ? '' : format().dateTime(at)
  }
  return (
    <Part
      title={t('settings.factor.title')}
      lead={t('settings.factor.lead')}
      action={
        <Show when={dataOf(state)}>
          {(shown) => (
            <Button onClick={() => setOpen(shown().on ? 'off' : 'on')}>
              {t(shown().on ? 'settings.factor.turnOff' : 'settings.factor.turnOn')}
            </Button>
          )}
        </Show>
      }
    >
      <Switch>
        <Match when={state.isPending}>
          <Skeleton rows={1} label={t('common.loading')} />
        </Match>
        <Match when={!dataOf(state) && state.error}>
          <ErrorState
            text={t('settings.factor.failed')}
            detail={errorText(state.error, t)}
            retry={t('common.retry')}
            onRetry={() => void state.refetch()}
          />
        </Match>
        <Match when={dataOf(state)}>
          {(shown) => (
            <p class="numbers">
              <Time at={shown().since}>
                {shown().on ? t('settings.factor.on', { time: since() }) : t('settings.factor.off')}
              </Time>
              <Show when={shown().on}>
                {' · '}
                {t('settings.factor.codesLeft', { count: format().number(shown().recoveryCodesLeft) })}
              </Show>
            </p>
          )}
        </Match>
      </Switch>
      <Dialog
        open={open() === 'on'}
        onClose={close}
        secret={codes() === undefined ? undefined : guard}
        title={t('settings.factor.beginTitle')}
      >
        <Show when={codes()} fallback={<TurnOn onCodes={setCodes} onCancel={close} />}>
          {(shown) => <CodesShown codes={shown()} guard={guard} />}
        </Show>
      </Dialog>
      <Dialog open={open() === 'off'} onClose={close} title={t('settings.factor.offTitle')}>
        <TurnOff onDone={close} />
      </Dialog>
    </Part>
  )
}

/** Password, then the code of the app; the recovery codes follow in the same window. */
function TurnOn(props: { readonly onCodes: (codes: readonly string[]) => void; readonly onCancel: () => void }) {
  const { t } = useI18n()
  const [password, setPassword] = createSignal('')
  const [code, setCode] = createSignal('')
  const [begun, setBegun] = createSignal<SecondFactorBegun>()
  let form: HTMLFormElement | undefined
  const begin = useMutation(() => ({
    gcTime: 0,
    mutationFn: () => care.beginSecondFactor(password()),
    onSuccess: (answer) => {
      setPassword('')
      setBegun(answer)
      queueMicrotask(() => form?.querySelector('input')?.focus())
    },
  }))
  const confirm = useMutation(() => ({
    gcTime: 0,
    mutationFn: () => care.confirmSecondFactor(code().trim()),
    onSuccess: ({ recoveryCodes }) => props.onCodes(recoveryCodes),
  }))
  focusRefusal(
    () => begin.error ?? confirm.error,
    () => form,
  )
  return (
    <form
      ref={(element) => (form = element)}
      class="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (begun()) confirm.mutate()
        else begin.mutate()
      }}
    >
      <Show
        when={begun()}
        fallback={
          <PasswordField
            label={t('login.password')}
            autocomplete="current-password"
            required
            value={password()}
            onInput={(event) => setPassword(event.currentTarget.value)}
            error={begin.error ? errorText(begin.error, t) : undefined}
          />
        }
      >
        {(shown) => (
          <>
            <p>{t('settings.factor.scan')}</p>
            <div class="flex flex-wrap items-start gap-4">
              <Suspense>
                <QrCode text={shown().uri} label={t('settings.factor.qr')} />
              </Suspense>
              <div class="flex min-w-0 flex-col items-start gap-2">
                <span class="text-12 text-text-3">{t('settings.factor.key')}</span>
                <code class="wrap-anywhere rounded-md bg-code-bg px-2 py-1 font-mono text-13">{shown().secret}</code>
                <CopyButton text={shown().secret} />
              </div>
            </div>
            <TextField
              label={t('settings.factor.code')}
              autocomplete="one-time-code"
              inputmode="numeric"
              maxLength={100}
              mono
              required
              value={code()}
              onInput={(event) => setCode(event.currentTarget.value)}
              error={confirm.error ? errorText(confirm.error, t) : undefined}
            />
          </>
        )}
      </Show>
      <FormActions
        submit={t(begun() ? 'settings.factor.confirm' : 'settings.factor.begin')}
        busy={begin.isPending || confirm.isPending}
        onCancel={() => props.onCancel()}
      />
    </form>
  )
}

/** What helps when the app is lost, on the one occasion on which it can be seen. */
function CodesShown(props: { readonly codes: readonly string[]; readonly guard: SecretGuard }) {
  const { t } = useI18n()
  const text = (): string => props.codes.join('\n')
  return (
    <>
      <Banner tone="success">{t('settings.factor.isOn')}</Banner>
      <p>{t('settings.factor.codesLead')}</p>
      <ul
        aria-label={t('settings.factor.codes')}
        onCopy={() => props.guard.save()}
        class="grid grid-cols-2 gap-1 rounded-md bg-code-bg p-3 font-mono text-13"
      >
        <For each={props.codes}>{(one) => <li>{one}</li>}</For>
      </ul>
      <SecretActions
        guard={props.guard}
        done={t('settings.factor.codesSaved')}
        ask={t('settings.factor.closeAsk')}
        anyway={t('settings.factor.closeAnyway')}
        believes
      >
        <CopyButton text={text()} onCopied={() => props.guard.save()} />
        <Button
          icon={Download}
          onClick={() => {
            saveText(text(), 'recovery-codes.txt')
            props.guard.save()
          }}
        >
          {t('settings.factor.download')}
        </Button>
      </SecretActions>
    </>
  )
}

function TurnOff(props: { readonly onDone: () => void }) {
  const { t } = useI18n()
  const [password, setPassword] = createSignal('')
  const [code, setCode] = createSignal('')
  let form: HTMLFormElement | undefined
  const remove = useMutation(() => ({
    gcTime: 0,
    mutationFn: () => care.removeSecondFactor({ password: password(), code: code().trim() }),
    onSuccess: () => {
      showToast({ tone: 'info', text: t('settings.factor.isOff') })
      props.onDone()
    },
  }))
  focusRefusal(
    () => remove.error,
    () => form,
  )
  const errorAt = (field: string): string | undefined => {
    const { error } = remove
    return error instanceof ApiError && error.field === field ? errorText(error, t) : undefined
  }
  return (
    <form
      ref={(element) => (form = element)}
      class="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        remove.mutate()
      }}
    >
      <p>{t('settings.factor.offText')}</p>
      <PasswordField
        label={t('login.password')}
        autocomplete="current-password"
        required
        value={password()}
        onInput={(event) => setPassword(event.currentTarget.value)}
        error={errorAt('password')}
      />
      <TextField
        label={t('login.code')}
        help={t('login.codeHelp')}
        autocomplete="one-time-code"
        maxLength={100}
        mono
        required
        value={code()}
        onInput={(event) => setCode(event.currentTarget.value)}
        error={errorAt('code')}
      />
      <Show when={remove.error && !errorAt('password') && !errorAt('code')}>
        <Banner tone="danger">{errorText(remove.error, t)}</Banner>
      </Show>
      <FormActions submit={t('settings.factor.turnOff')} busy={remove.isPending} onCancel={() => props.onDone()} />
    </form>
  )
}
