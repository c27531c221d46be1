import { Show } from 'solid-js'
import type { HandOverCreated } from '../../../../server/admin/contract/hand-overs.ts'
import { Banner } from '../../components/banner.tsx'
import { SecretActions, type SecretGuard } from '../../components/secret-guard.tsx'
import { SecretReveal } from '../../components/secret-reveal.tsx'
import { Time } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'

const isLocal = (host: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(host)

/** A link that hands a key over, on the one occasion on which it can be seen. */
export function LinkShown(props: { link: HandOverCreated; guard: SecretGuard }) {
  const { t, format } = useI18n()
  return (
    <>
      <Banner tone="warning">{t('keys.linkOnce')}</Banner>
      <SecretReveal
        label={t('keys.link')}
        secret={`${location.origin}/hand-over#${props.link.token}`}
        onCopied={() => props.guard.save()}
      />
      <p class="text-13 text-text-2">
        <Time at={props.link.expires_at}>
          {t('keys.linkUntil', { time: format().dateTime(parseTime(props.link.expires_at) ?? 0) })}
        </Time>
      </p>
      <Show when={isLocal(location.hostname)}>
        <Banner tone="warning">{t('keys.linkLocal')}</Banner>
      </Show>
      <SecretActions
        guard={props.guard}
        done={t('common.done')}
        ask={t('keys.linkAsk')}
        anyway={t('keys.linkAnyway')}
      />
    </>
  )
}
