import { useMutation, useQuery } from '@tanstack/solid-query'
import { createEffect, createSignal, Match, onCleanup, Show, Switch } from 'solid-js'
import { errorText } from '../api/error-text.ts'
import { dataOf, queries } from '../api/queries.ts'
import { handOverApi } from '../api/users.ts'
import { Banner } from '../components/banner.tsx'
import { Button } from '../components/button.tsx'
import { CopyButton } from '../components/copy-button.tsx'
import { SecretReveal } from '../components/secret-reveal.tsx'
import { Skeleton } from '../components/states.tsx'
import { Time } from '../components/time-ago.tsx'
import { Entrance } from '../features/session/entrance.tsx'
import { useI18n } from '../i18n/i18n.tsx'
import { parseTime } from '../lib/format.ts'

/** What stands behind the `#`, where no server and no access log sees it. */
const tokenHere = (): string => location.hash.replace(/^#/, '').trim()

/** Gives a key to whoever holds its link, once. Nothing happens before the button is pressed: previews of links open nothing. */
export default function HandOverPage() {
  const { t, format } = useI18n()
  const [token, setToken] = createSignal(tokenHere())
  const follow = (): void => void setToken(tokenHere())
  addEventListener('hashchange', follow)
  onCleanup(() => removeEventListener('hashchange', follow))
  const session = useQuery(() => queries.session())
  const look = useQuery(() => ({
    queryKey: ['hand-over', token()],
    queryFn: () => handOverApi.look({ token: token() }),
    enabled: token() !== '',
    gcTime: 0,
    retry: false,
    refetchOnWindowFocus: false,
  }))
  const open = useMutation(() => ({
    gcTime: 0,
    mutationFn: () => handOverApi.open({ token: token() }),
    // It opens nothing any more, and need not stay in the history.
    onSuccess: () => history.replaceState(history.state, '', location.pathname),
  }))
  createEffect(() => {
    document.title = t('handOver.title')
  })
  return (
    <Entrance app={dataOf(session)?.name ?? ''} title={t('handOver.title')}>
      <Switch>
        <Match when={open.data}>
          {(opened) => (
            <>
              <Banner tone="warning">{t('handOver.saveNow')}</Banner>
              <SecretReveal label={t('handOver.key')} secret={opened().key} />
              <section class="flex flex-col gap-2">
                <h2 class="font-medium">{t('handOver.addresses')}</h2>
                <Address label={t('handOver.openai')} url={`${location.origin}/v1`} />
                <Address label={t('handOver.anthropic')} url={location.origin} />
              </section>
              <p class="text-13 text-text-2">{t('handOver.leave')}</p>
            </>
          )}
        </Match>
        <Match when={token() === ''}>
          <Banner tone="danger">{t('handOver.missing')}</Banner>
        </Match>
        <Match when={look.error}>{(error) => <Banner tone="danger">{errorText(error(), t)}</Banner>}</Match>
        <Match when={dataOf(look)}>
          {(is) => (
            <>
              <p>
                {is().user_name === null
                  ? t('handOver.ready', { product: is().product })
                  : t('handOver.readyNamed', { user: is().user_name ?? '', product: is().product })}
              </p>
              <p class="text-text-2">{t('handOver.once')}</p>
              <Show when={open.error}>
                {(error) => (
                  <Banner tone="danger">
                    {t('handOver.revealFailed')} {errorText(error(), t)}
                  </Banner>
                )}
              </Show>
              <Button look="primary" busy={open.isPending} onClick={() => open.mutate()}>
                {t('handOver.reveal')}
              </Button>
              <p class="text-12 text-text-3">
                <Time at={is().expires_at}>
                  {t('handOver.until', { time: format().dateTime(parseTime(is().expires_at) ?? 0) })}
                </Time>
              </p>
            </>
          )}
        </Match>
        <Match when={look.isPending}>
          <Skeleton rows={2} label={t('common.loading')} />
        </Match>
      </Switch>
    </Entrance>
  )
}

function Address(props: { label: string; url: string }) {
  let code: HTMLElement | undefined
  return (
    <div class="flex flex-wrap items-center justify-between gap-x-3 gap-y-1 rounded-md bg-code-bg py-1 pr-1 pl-3">
      <span class="text-12 text-text-2">{props.label}</span>
      <span class="flex flex-wrap items-center gap-2">
        <code ref={(element) => (code = element)} class="wrap-anywhere font-mono text-13">
          {props.url}
        </code>
        <CopyButton text={props.url} about={props.label} look="quiet" select={() => code} />
      </span>
    </div>
  )
}
