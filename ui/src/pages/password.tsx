import { Navigate, useNavigate } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { createEffect, Match, Switch } from 'solid-js'
import { dataOf, queries } from '../api/queries.ts'
import { Banner } from '../components/banner.tsx'
import { Skeleton } from '../components/states.tsx'
import { Entrance } from '../features/session/entrance.tsx'
import { PasswordForm } from '../features/session/password-form.tsx'
import { useI18n } from '../i18n/i18n.tsx'

/** The forced first change, and the change from the menu later. */
export default function PasswordPage() {
  const { t } = useI18n()
  const session = useQuery(() => queries.session())
  const navigate = useNavigate()
  const view = () => dataOf(session)
  const forced = (): boolean => view()?.mustChangePassword ?? true
  const title = (): string => (forced() ? t('password.setTitle') : t('password.changeTitle'))
  createEffect(() => {
    document.title = view()?.name ? `${title()} – ${view()?.name}` : title()
  })
  const leave = (): void => navigate('/', { replace: true })
  return (
    <Entrance
      app={view()?.name ?? ''}
      title={title()}
      lead={forced() ? t('password.setLead') : t('password.changeLead')}
    >
      <Switch fallback={<Skeleton rows={3} label={t('common.loading')} />}>
        <Match when={view() && !view()?.signedIn}>
          <Navigate href="/login?next=%2Fpassword" />
        </Match>
        <Match when={view()}>
          <PasswordForm onDone={leave} cancel={forced() ? undefined : leave} />
        </Match>
        <Match when={session.isError}>
          <Banner tone="warning">{t('session.unreachable')}</Banner>
        </Match>
      </Switch>
    </Entrance>
  )
}
