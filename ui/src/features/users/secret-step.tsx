import { useNavigate } from '@solidjs/router'
import { createSignal, type JSX, Show } from 'solid-js'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { SecretReveal } from '../../components/secret-reveal.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

/** Keeps what is shown once from being let go of unnoticed. */
export type SecretGuard = {
  readonly saved: () => boolean
  readonly save: () => void
  readonly asking: () => boolean
  /** Leaves if it was saved, else asks. `then` happens once somebody leaves. */
  readonly leave: (then?: () => void) => void
  /** Leaves whatever was saved. */
  readonly leaveAnyway: () => void
  readonly reset: () => void
}

export function createSecretGuard(onLeave: () => void): SecretGuard {
  const [saved, setSaved] = createSignal(false)
  const [asking, setAsking] = createSignal(false)
  let after: (() => void) | undefined
  const reset = (): void => {
    setSaved(false)
    setAsking(false)
    after = undefined
  }
  const leaveAnyway = (): void => {
    const then = after
    reset()
    onLeave()
    then?.()
  }
  return {
    saved,
    save: () => setSaved(true),
    asking,
    leave: (then) => {
      after = then
      if (saved()) leaveAnyway()
      else setAsking(true)
    },
    leaveAnyway,
    reset,
  }
}

/** The end of a dialog that shows a secret: the one button that closes it, or the question whether to go without. */
export function SecretActions(props: {
  readonly guard: SecretGuard
  readonly done: string
  readonly ask: string
  readonly anyway: string
  readonly children?: JSX.Element
}) {
  return (
    <Show
      when={props.guard.asking() && !props.guard.saved()}
      fallback={
        <div class="flex flex-wrap justify-end gap-2">
          {props.children}
          <Button look="primary" onClick={() => props.guard.leave()}>
            {props.done}
          </Button>
        </div>
      }
    >
      <Banner
        tone="danger"
        action={
          <Button look="danger" onClick={() => props.guard.leaveAnyway()}>
            {props.anyway}
          </Button>
        }
      >
        {props.ask}
      </Banner>
    </Show>
  )
}

/** A new key: shown once, with where clients point to. */
export function KeyShown(props: { secret: string; guard: SecretGuard }) {
  const { t } = useI18n()
  const navigate = useNavigate()
  return (
    <>
      <Banner tone="warning">{t('keys.once')}</Banner>
      <SecretReveal label={t('keys.value')} secret={props.secret} onCopied={() => props.guard.save()} />
      <BaseUrls />
      <SecretActions guard={props.guard} done={t('keys.saved')} ask={t('keys.closeAsk')} anyway={t('keys.closeAnyway')}>
        <Button onClick={() => props.guard.leave(() => navigate('/playground'))}>{t('keys.tryIt')}</Button>
      </SecretActions>
    </>
  )
}

/** Where clients point to: the two families differ by the `/v1`. */
export function BaseUrls() {
  const { t } = useI18n()
  return (
    <dl class="flex flex-col gap-2">
      <BaseUrl label={t('keys.baseUrlOpenai')} url={`${location.origin}/v1`} />
      <BaseUrl label={t('keys.baseUrlAnthropic')} url={location.origin} />
    </dl>
  )
}

function BaseUrl(props: { label: string; url: string }) {
  let code: HTMLElement | undefined
  return (
    <div class="flex flex-wrap items-center justify-between gap-x-3 gap-y-1 rounded-md bg-code-bg py-1 pr-1 pl-3">
      <dt class="text-12 text-text-2">{props.label}</dt>
      <dd class="flex flex-wrap items-center gap-2">
        <code ref={(element) => (code = element)} class="wrap-anywhere font-mono text-13">
          {props.url}
        </code>
        <CopyButton text={props.url} about={props.label} look="quiet" select={() => code} />
      </dd>
    </div>
  )
}
