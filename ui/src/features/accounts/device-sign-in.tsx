import { useMutation, useQuery } from '@tanstack/solid-query'
import ExternalLink from 'lucide-solid/icons/external-link'
import LoaderCircle from 'lucide-solid/icons/loader-circle'
import { createEffect, createSignal, Match, onMount, Show, Suspense, Switch } from 'solid-js'
import type { AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import type { SignInStarted } from '../../../../server/admin/contract/sign-in.ts'
import { ApiError, api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf, queries, useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button, buttonClass } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { Choice, TextField } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createCountdown } from '../../lib/clock.ts'
import { countdown } from '../../lib/format.ts'
import { later } from '../../lib/later.tsx'
import { createMediaQuery, phoneQuery } from '../../lib/media.ts'
import { serverTime } from '../../lib/server-clock.ts'
import { noProxy, type ProxyChoice } from './proxy-choice.ts'
import { ProxySelect } from './proxy-select.tsx'
import { regions } from './regions.ts'
import { type SignInForm, signInBody, signInFailure, signInFaults } from './sign-in.ts'
import { setWaitingSignIn, type WaitingSignIn, waitingSignIn } from './waiting-sign-in.ts'

const QrCode = later(() => import('../../components/qr-code.tsx'))

type Props = {
  /** Set when an account that is already here signs in again: it keeps its id and history. */
  readonly again: AccountListItem | undefined
  /** To choose from for the sign-in and the account after it; one that signs in again leaves by its own. */
  readonly proxies: readonly ProxyChoice[]
  readonly onDone: () => void
}

/** From "which kind" over "waiting" to "signed in", or to a failure with its way on. */
export function DeviceSignIn(props: Props) {
  const { t } = useI18n()
  const [form, setForm] = createSignal<SignInForm>({
    kind: props.again?.auth_method === 'identity-center' ? 'identity-center' : 'builder-id',
    startUrl: '',
    region: props.again?.region ?? 'us-east-1',
    label: '',
    proxyId: noProxy,
  })
  const [checked, setChecked] = createSignal(false)
  const faults = () => (checked() ? signInFaults(form()) : {})
  const change = (part: Partial<SignInForm>): void => {
    setForm({ ...form(), ...part })
  }
  const [started, setStarted] = createSignal(props.again ? undefined : waitingSignIn())
  const begun = (next: WaitingSignIn | undefined): void => {
    setStarted(next)
    if (!props.again) setWaitingSignIn(next)
  }
  const start = useMutation(() => ({
    mutationFn: () => api.startSignIn(signInBody(form(), props.again?.id)),
    onSuccess: (answer) => begun({ ...answer, expiresAt: serverTime() + answer.expiresIn * 1000 }),
    onError: () => begun(undefined),
  }))
  const submit = (event?: SubmitEvent): void => {
    event?.preventDefault()
    setChecked(true)
    if (Object.keys(signInFaults(form())).length === 0 && !start.isPending) start.mutate()
  }
  const startUrlFault = (): string | undefined => {
    const fault = faults().startUrl
    return fault && t(fault)
  }
  const regionFault = (): string | undefined => {
    const fault = faults().region
    return fault && t(fault)
  }
  return (
    <Show
      when={started()}
      keyed
      fallback={
        <form onSubmit={submit} class="flex flex-col gap-4" novalidate>
          <Choice
            label={t('device.kind')}
            value={form().kind}
            options={[
              { value: 'builder-id', text: t('device.builderId') },
              { value: 'identity-center', text: t('device.identityCenter') },
            ]}
            onChange={(kind) => change({ kind })}
          />
          <Show when={form().kind === 'identity-center'}>
            <TextField
              label={t('device.startUrl')}
              help={t('device.startUrlHelp')}
              type="url"
              value={form().startUrl}
              onInput={(event) => change({ startUrl: event.currentTarget.value })}
              error={startUrlFault()}
            />
            <TextField
              label={t('add.region')}
              value={form().region}
              suggestions={regions}
              onInput={(event) => change({ region: event.currentTarget.value })}
              error={regionFault()}
            />
          </Show>
          <Show when={!props.again}>
            <TextField
              label={t('add.label')}
              optional
              maxLength={100}
              value={form().label}
              onInput={(event) => change({ label: event.currentTarget.value })}
            />
          </Show>
          <Show when={props.proxies.length > 0}>
            <ProxySelect proxies={props.proxies} value={form().proxyId} onChange={(proxyId) => change({ proxyId })} />
          </Show>
          <Show when={start.error}>
            <Banner tone="danger">
              {t('device.startFailed')} {errorText(start.error, t)}
            </Banner>
          </Show>
          <div class="flex justify-end">
            <Button type="submit" look="primary" busy={start.isPending}>
              {t('device.start')}
            </Button>
          </div>
        </form>
      }
    >
      {(waiting) => (
        <Progress
          started={waiting}
          onEnded={() => waitingSignIn() === waiting && setWaitingSignIn(undefined)}
          onAgain={() => submit()}
          onBack={() => begun(undefined)}
          busy={start.isPending}
          onDone={props.onDone}
        />
      )}
    </Show>
  )
}

type ProgressProps = {
  readonly started: WaitingSignIn
  /** Whatever came of it: it waits no longer. */
  readonly onEnded: () => void
  readonly onAgain: () => void
  readonly onBack: () => void
  readonly busy: boolean
  readonly onDone: () => void
}

function Progress(props: ProgressProps) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const status = useQuery(() => queries.signIn(props.started.authId, props.started.interval))
  const seconds = createCountdown(() =>
    status.isSuccess ? status.dataUpdatedAt + status.data.remaining * 1000 : props.started.expiresAt,
  )
  const cancel = useMutation(() => ({
    mutationFn: () => api.cancelSignIn(props.started.authId),
    onSettled: () => void status.refetch(),
  }))
  const accountId = () => {
    const data = dataOf(status)
    return data?.status === 'completed' ? (data.accountId ?? undefined) : undefined
  }
  createEffect(() => {
    if (accountId()) void refresh('accounts', 'models')
  })
  const failure = () => {
    const data = dataOf(status)
    if (data?.status === 'error') {
      const failure = signInFailure(data.code)
      return { ...failure, detail: failure === signInFailure('failed') ? data.error : null }
    }
    if (status.error instanceof ApiError && status.error.status === 404)
      return { ...signInFailure('lost'), detail: null }
    return undefined
  }
  createEffect(() => {
    if (accountId() || failure()) props.onEnded()
  })
  return (
    <Switch>
      <Match when={accountId()}>
        {(id) => <Completed accountId={id()} onDone={props.onDone} onAnother={props.onBack} />}
      </Match>
      <Match when={failure()}>
        {(shown) => (
          <>
            <Banner tone={shown().tone}>
              <p>{t(shown().text)}</p>
              <Show when={shown().detail}>
                <p class="text-12">{t('error.said', { words: shown().detail ?? '' })}</p>
              </Show>
            </Banner>
            <div class="flex flex-wrap justify-end gap-2">
              <Button onClick={() => props.onBack()}>{t('device.changeSettings')}</Button>
              <Button look="primary" data-main="" busy={props.busy} onClick={() => props.onAgain()}>
                {t(shown().action)}
              </Button>
            </div>
          </>
        )}
      </Match>
      <Match when={true}>
        <Waiting started={props.started} seconds={seconds()} />
        <Show when={dataOf(status)?.slowedTo}>
          {(interval) => (
            <p role="status" class="text-12 text-text-2">
              {t('device.slowed', { seconds: interval() })}
            </p>
          )}
        </Show>
        <Show when={status.error}>
          <Banner tone="warning">{errorText(status.error, t)}</Banner>
        </Show>
        <div class="flex flex-wrap items-center justify-between gap-2">
          <p class="flex-1 basis-56 text-12 text-text-3">{t('device.closeHint')}</p>
          <Button busy={cancel.isPending} onClick={() => cancel.mutate()}>
            {t('device.cancel')}
          </Button>
        </div>
      </Match>
    </Switch>
  )
}

function Waiting(props: { started: SignInStarted; seconds: number }) {
  const { t } = useI18n()
  const phone = createMediaQuery(phoneQuery)
  let link: HTMLAnchorElement | undefined
  onMount(() => link?.focus({ preventScroll: true }))
  const address = (): string => props.started.verificationUriComplete || props.started.verificationUri
  return (
    <>
      <div class="flex flex-wrap items-start gap-4">
        <ol class="flex min-w-0 flex-1 basis-64 list-decimal flex-col gap-4 pl-5">
          <li>
            <div class="flex flex-wrap gap-2">
              <a
                ref={(element) => (link = element)}
                href={address()}
                target="_blank"
                rel="noopener noreferrer"
                class={buttonClass('primary')}
              >
                <ExternalLink size={16} strokeWidth={1.75} aria-hidden="true" />
                {t('device.open')}
              </a>
              <CopyButton text={address()} label={t('device.copyLink')} select={() => link} />
            </div>
          </li>
          <li>
            {t('device.compare')}
            <div class="mt-1">
              <code class="select-all rounded-md bg-code-bg px-2 py-1 font-mono font-semibold text-20">
                {props.started.userCode}
              </code>
            </div>
          </li>
          <li>{t('device.allow')}</li>
        </ol>
        <Show when={!phone()}>
          <Suspense fallback={<div class="size-36 rounded-md bg-surface-2" />}>
            <QrCode text={address()} label={t('device.qr')} />
          </Suspense>
        </Show>
      </div>
      <p class="numbers flex flex-wrap items-center gap-2 text-text-2">
        <LoaderCircle size={16} strokeWidth={1.75} class="turning" aria-hidden="true" />
        <span role="status">{t('device.waiting')}</span>
        <span class="text-text-3">{t('device.expires', { time: countdown(props.seconds) })}</span>
      </p>
    </>
  )
}

function Completed(props: { accountId: string; onDone: () => void; onAnother: () => void }) {
  const { t, format } = useI18n()
  const account = useQuery(() => queries.account(props.accountId))
  const text = (): string => {
    const data = dataOf(account)
    if (!data) return t('device.doneTitle')
    const email = data.email ?? data.label ?? data.id
    if (!(data.usage_limit > 0)) return t('device.done', { email })
    const left = format().number(Math.max(0, data.usage_limit - data.usage_current))
    return t('device.doneQuota', { email, left, limit: format().number(data.usage_limit) })
  }
  return (
    <>
      <Banner tone="success">{text()}</Banner>
      <div class="flex flex-wrap justify-end gap-2">
        <Button onClick={() => props.onAnother()}>{t('add.another')}</Button>
        <Button look="primary" data-main="" onClick={() => props.onDone()}>
          {t('common.done')}
        </Button>
      </div>
    </>
  )
}
