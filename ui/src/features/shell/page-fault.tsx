import { createSignal, Match, onCleanup, onMount, Switch } from 'solid-js'
import { isAway } from '../../api/away.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { lack } from '../../lib/later.tsx'
import { isMissingChunk } from './missing-chunk.ts'

const answers = (): Promise<boolean> =>
  fetch('/healthz', { cache: 'no-store' }).then(
    ({ ok }) => ok,
    () => false,
  )

/**
 * In place of a page that could not be shown. Its code may be gone after an upgrade, or the server is away: then it is asked for
 * until it answers, and the page comes by itself. Anything else is a fault of ours.
 */
export function PageFault(props: { error: unknown }) {
  const { t } = useI18n()
  const [away, setAway] = createSignal<boolean>()
  const [asking, setAsking] = createSignal(false)
  const look = async (): Promise<void> => {
    setAsking(true)
    const up = await answers()
    setAsking(false)
    if (up && away()) location.reload()
    else setAway(!up)
  }
  onMount(() => {
    if (!isMissingChunk(props.error)) return
    void look()
    const timer = setInterval(() => {
      if (away() && !asking()) void look()
    }, 3000)
    onCleanup(() => clearInterval(timer))
  })
  return (
    <Switch
      fallback={
        <Banner tone="danger" action={<Button onClick={() => location.reload()}>{t('common.reload')}</Button>}>
          {t('error.generic')}
        </Banner>
      }
    >
      <Match when={isMissingChunk(props.error) && away() === false}>
        <Banner tone="info" action={<Button onClick={() => location.reload()}>{t('common.reload')}</Button>}>
          {t('error.newVersion')}
        </Banner>
      </Match>
      <Match when={isMissingChunk(props.error) && away()}>
        <Banner
          tone="warning"
          action={
            <Button writes={false} busy={asking()} onClick={() => void look()}>
              {t('common.retry')}
            </Button>
          }
        >
          {t('session.unreachable')}
        </Banner>
      </Match>
      <Match when={isMissingChunk(props.error)}>
        <p role="status">{t('common.loading')}</p>
      </Match>
    </Switch>
  )
}

/** Above the page that stays: the server is away, or a part that was wanted has not come yet. It comes by itself when the server is back. */
export function PartFault() {
  const { t } = useI18n()
  return (
    <Switch>
      <Match when={isAway() || lack() === 'away'}>
        <Banner tone="warning">{t('session.unreachable')}</Banner>
      </Match>
      <Match when={lack() === 'gone'}>
        <Banner tone="info" action={<Button onClick={() => location.reload()}>{t('common.reload')}</Button>}>
          {t('error.newVersion')}
        </Banner>
      </Match>
    </Switch>
  )
}
