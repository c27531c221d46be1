import { Navigate, useNavigate, useSearchParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { createEffect, createSignal, Match, Show, Suspense, Switch } from 'solid-js'
import { dataOf, queries } from '../api/queries.ts'
import { Banner } from '../components/banner.tsx'
import { Skeleton } from '../components/states.tsx'
import { DemoEntry } from '../features/session/demo-entry.tsx'
import { Entrance } from '../features/session/entrance.tsx'
import { SignInForm } from '../features/session/sign-in-form.tsx'
import { useI18n } from '../i18n/i18n.tsx'
import { later } from '../lib/later.tsx'
import { safeNext } from '../lib/path.ts'

const FirstPassword = later(() => import('../features/session/first-password.tsx'))

export default function LoginPage() {
  const { t } = useI18n()
  const session = useQuery(() => queries.session())
  const [search] = useSearchParams()
  const navigate = useNavigate()
  const app = (): string => dataOf(session)?.name ?? ''
  const first = (): boolean => dataOf(session)?.firstVisit ?? false
  const [wasFirst, setWasFirst] = createSignal(false)
  createEffect(() => first() && setWasFirst(true))
  const destination = (): string => {
    if (dataOf(session)?.mustChangePassword) return '/password'
    // Whoever has just chosen the password is led to a first answer.
    return wasFirst() ? '/setup' : safeNext(search.next)
  }
  const title = (): string => (first() ? t('password.setTitle') : t('login.title'))
  const leave = (): void => navigate(destination(), { replace: true })
  createEffect(() => {
    document.title = app() ? `${title()} – ${app()}` : title()
  })
  return (
    <Entrance app={app()} title={title()} lead={first() ? t('password.setLead') : undefined}>
      <Switch fallback={<Skeleton rows={2} label={t('common.loading')} />}>
        <Match when={dataOf(session)?.signedIn}>
          <Navigate href={destination()} />
        </Match>
        <Match when={first() && dataOf(session)}>
          {(view) => (
            <Suspense fallback={<Skeleton rows={2} label={t('common.loading')} />}>
              <FirstPassword session={view()} onDone={leave} />
            </Suspense>
          )}
        </Match>
        <Match when={dataOf(session)?.demoPassword}>
          {(password) => <DemoEntry password={password()} onDone={leave} />}
        </Match>
        <Match when={dataOf(session)}>
          {(view) => (
            <>
              <SignInForm session={view()} onDone={leave} />
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
