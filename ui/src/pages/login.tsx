import { Navigate, useNavigate, useSearchParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { createEffect, Match, Show, Switch } from 'solid-js'
import { dataOf, queries } from '../api/queries.ts'
import { Banner } from '../components/banner.tsx'
import { Skeleton } from '../components/states.tsx'
import { Entrance } from '../features/session/entrance.tsx'
import { SignInForm } from '../features/session/sign-in-form.tsx'
import { useI18n } from '../i18n/i18n.tsx'
import { safeNext } from '../lib/path.ts'

export default function LoginPage() {
  const { t } = useI18n()
  const session = useQuery(() => queries.session())
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const app = (): string => dataOf(session)?.name ?? ''
  const destination = (): string => (dataOf(session)?.mustChangePassword ? '/password' : safeNext(search.next))
  createEffect(() => {
    document.title = app() ? `${t('login.title')} – ${app()}` : t('login.title')
  })
  return (
    <Entrance app={app()} title={t('login.title')}>
      <Switch fallback={<Skeleton rows={2} label={t('common.loading')} />}>
        <Match when={dataOf(session)?.signedIn}>
          <Navigate href={destination()} />
        </Match>
        <Match when={dataOf(session)}>
          {(view) => (
            <>
              <SignInForm session={view()} onDone={() => navigate(destination(), { replace: true })} />
              <Show when={view().resetCommand}>
                {(command) => (
                  <p class="text-12 text-text-3">
                    {t('login.forgot')} <code class="select-all break-all font-mono text-text-2">{command()}</code>
                  </p>
                )}
              </Show>
            </>
          )}
        </Match>
        <Match when={session.isError}>
          <Banner tone="warning">{t('session.unreachable')}</Banner>
        </Match>
      </Switch>
    </Entrance>
  )
}
