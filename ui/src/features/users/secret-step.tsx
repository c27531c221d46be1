import { useNavigate } from '@solidjs/router'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { SecretActions, type SecretGuard } from '../../components/secret-guard.tsx'
import { SecretReveal } from '../../components/secret-reveal.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

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
