import { Navigate, useLocation, useNavigate } from '@solidjs/router'
import { useQuery, useQueryClient } from '@tanstack/solid-query'
import Keyboard from 'lucide-solid/icons/keyboard'
import ListChecks from 'lucide-solid/icons/list-checks'
import LockKeyhole from 'lucide-solid/icons/lock-keyhole'
import LogOut from 'lucide-solid/icons/log-out'
import MonitorSmartphone from 'lucide-solid/icons/monitor-smartphone'
import MonitorX from 'lucide-solid/icons/monitor-x'
import PanelLeft from 'lucide-solid/icons/panel-left'
import RefreshCw from 'lucide-solid/icons/refresh-cw'
import Rocket from 'lucide-solid/icons/rocket'
import Search from 'lucide-solid/icons/search'
import SunMoon from 'lucide-solid/icons/sun-moon'
import {
  type Accessor,
  createEffect,
  createSignal,
  ErrorBoundary,
  type JSX,
  Match,
  onCleanup,
  Show,
  Suspense,
  Switch,
} from 'solid-js'
import type { SessionView } from '../../../../server/admin/contract/session.ts'
import { isAway } from '../../api/away.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { LiveProvider } from '../../api/live.tsx'
import { liveness } from '../../api/liveness.ts'
import { MayChangeProvider } from '../../api/may-change.tsx'
import { dataOf, queries } from '../../api/queries.ts'
import { Writes } from '../../api/writes.tsx'
import { Banner } from '../../components/banner.tsx'
import { watchLostFocus } from '../../components/lost-focus.ts'
import { PaletteProvider, usePalette, usePaletteActions } from '../../components/palette-actions.tsx'
import { Skeleton } from '../../components/states.tsx'
import { showToast, ToastRegion } from '../../components/toast.tsx'
import { laterWith, useI18n } from '../../i18n/i18n.tsx'
import { isNarrow, resolveTheme, saveNarrow } from '../../lib/appearance.ts'
import { lack, later, loadWhenIdle } from '../../lib/later.tsx'
import { createMediaQuery, phoneQuery } from '../../lib/media.ts'
import { useMemory } from '../../lib/memory.tsx'
import { signInPath } from '../../lib/path.ts'
import { createTheme } from '../../lib/theme.ts'
import { Announcement } from './announcement.tsx'
import { JobsTray } from './jobs-tray.tsx'
import { MeMenu } from './me-menu.tsx'
import { navEntries } from './nav.ts'
import { PageFault, PartFault } from './page-fault.tsx'
import { createShortcuts } from './shortcuts.ts'
import { SideBar } from './side-bar.tsx'
import { TopBar } from './top-bar.tsx'
import { createTypeAhead, type TypeAhead } from './type-ahead.ts'

const PhoneBar = later(() => import('./phone-bar.tsx'))

type ShellProps = {
  readonly children?: JSX.Element
  /** Shown over the untouched page when the session ends, and made once, so that what is typed stays; the shell itself knows no sign-in. */
  readonly signedOut: (session: Accessor<SessionView>) => JSX.Element
}

/** Navigation around every page, for the signed-in only. */
export function Shell(props: ShellProps) {
  const { t } = useI18n()
  const session = useQuery(() => queries.session())
  const client = useQueryClient()
  const memory = useMemory()
  const location = useLocation()
  const view = () => dataOf(session)
  // Once in, the page stays when the session ends: the sign-in dialog opens over it, and nothing typed is lost.
  const [entered, setEntered] = createSignal(false)
  createEffect(() => {
    if (view()?.signedIn && !view()?.mustChangePassword) setEntered(true)
  })
  const signOut = async (): Promise<void> => {
    await api.logout().catch(() => undefined)
    setEntered(false)
    memory.forget()
    client.removeQueries({ predicate: (query) => query.queryKey[0] !== 'session' })
    client.setQueryData<SessionView>(['session'], (known) => {
      if (known === undefined) return known
      const { user: _gone, ...rest } = known
      return rest
    })
    await client.invalidateQueries({ queryKey: ['session'] })
  }
  const signOutEverywhere = async (): Promise<void> => {
    try {
      await api.endOtherSessions()
      await signOut()
    } catch (error) {
      showToast({ tone: 'error', text: t('me.signOutEverywhereFailed'), detail: errorText(error, t) })
    }
  }
  return (
    <Switch
      fallback={
        <div class="p-6">
          <Skeleton rows={4} label={t('common.loading')} />
        </div>
      }
    >
      <Match when={view()?.signedIn && view()?.mustChangePassword}>
        <Navigate href="/password" />
      </Match>
      <Match when={!entered() && view() && !view()?.signedIn}>
        <Navigate href={signInPath(location)} />
      </Match>
      <Match when={!entered() && session.isError}>
        <div class="p-6">
          <Banner tone="warning">{t('session.unreachable')}</Banner>
        </div>
      </Match>
      <Match when={entered() && view()}>
        {(shown) => (
          <MayChangeProvider>
            <LiveProvider>
              <PaletteProvider>
                <Writes>
                  <Frame
                    session={shown()}
                    unreachable={session.isError}
                    onSignOut={() => void signOut()}
                    onSignOutEverywhere={() => void signOutEverywhere()}
                  >
                    {props.children}
                  </Frame>
                </Writes>
              </PaletteProvider>
            </LiveProvider>
            <Show when={!shown().signedIn}>{props.signedOut(shown)}</Show>
            <ToastRegion />
          </MayChangeProvider>
        )}
      </Match>
    </Switch>
  )
}

type FrameProps = {
  readonly session: SessionView
  readonly unreachable: boolean
  readonly onSignOut: () => void
  readonly onSignOutEverywhere: () => void
  readonly children: JSX.Element
}

function Frame(props: FrameProps) {
  const i18n = useI18n()
  const { t } = i18n
  const Palette = laterWith(i18n, ['palette'], () => import('./palette.tsx'))
  const ShortcutsSheet = laterWith(i18n, ['palette'], () => import('./shortcuts-sheet.tsx'))
  const navigate = useNavigate()
  const phone = createMediaQuery(phoneQuery)
  const status = useQuery(() => queries.status())
  const actions = usePalette()
  const client = useQueryClient()
  const [shown, setShown] = createSignal<'palette' | 'keys' | 'jobs'>()
  const [narrow, setNarrow] = createSignal(isNarrow())
  const { theme, setTheme } = createTheme()
  const turnNarrow = (next: boolean): void => {
    saveNarrow(next)
    setNarrow(next)
  }
  const dark = (): boolean => resolveTheme(theme(), matchMedia('(prefers-color-scheme: dark)').matches) === 'dark'
  usePaletteActions(() => [
    ...navEntries.map(({ href, text, icon, key }) => ({
      id: `page:${href}`,
      text: t(text),
      words: href.slice(1),
      icon,
      keys: `g ${key}`,
      run: () => navigate(href),
    })),
    {
      id: 'keys',
      inPlace: true,
      text: t('shortcuts.title'),
      icon: Keyboard,
      keys: 'Shift+?',
      run: () => setShown('keys'),
    },
    { id: 'jobs', inPlace: true, text: t('jobs.title'), icon: ListChecks, run: () => setShown('jobs') },
    {
      id: 'search',
      text: t('shortcuts.search'),
      icon: Search,
      keys: '/',
      run: () => document.querySelector<HTMLElement>('[data-page-search]')?.focus(),
    },
    {
      id: 'refresh',
      inPlace: true,
      text: t('common.refresh'),
      icon: RefreshCw,
      keys: 'r',
      run: () => void client.refetchQueries({ type: 'active' }),
    },
    {
      id: 'narrow',
      inPlace: true,
      text: t('shortcuts.narrow'),
      icon: PanelLeft,
      keys: '[',
      run: () => turnNarrow(!narrow()),
    },
    {
      id: 'theme',
      inPlace: true,
      text: dark() ? t('palette.light') : t('palette.dark'),
      icon: SunMoon,
      run: () => setTheme(dark() ? 'light' : 'dark'),
    },
    { id: 'setup', text: t('palette.setup'), icon: Rocket, run: () => navigate('/setup?step=account') },
    { id: 'password', text: t('me.password'), icon: LockKeyhole, run: () => navigate('/password') },
    { id: 'devices', text: t('me.devices'), icon: MonitorSmartphone, run: () => navigate('/settings/security') },
    { id: 'signOut', text: t('me.signOut'), icon: LogOut, run: () => props.onSignOut() },
    {
      id: 'signOutEverywhere',
      text: t('me.signOutEverywhere'),
      icon: MonitorX,
      run: () => props.onSignOutEverywhere(),
    },
  ])
  onCleanup(watchLostFocus(document))
  onCleanup(loadWhenIdle(() => client.isFetching() === 0))
  // The first time its code has to come; what is typed meanwhile is for it.
  let typedAhead: (() => TypeAhead) | undefined
  const takeTyped = (): TypeAhead | undefined => {
    const typed = typedAhead?.()
    typedAhead = undefined
    return typed
  }
  const openPalette = (): void => {
    if (shown() === 'palette') return
    takeTyped()
    typedAhead = createTypeAhead(() => setShown(undefined))
    setShown('palette')
  }
  onCleanup(takeTyped)
  createShortcuts(actions, openPalette)
  const view = () => dataOf(status)
  return (
    <div class="flex min-h-dvh flex-col md:flex-row">
      <a
        href="#content"
        class="sr-only rounded-md bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-60"
      >
        {t('common.skip')}
      </a>
      <Show when={!phone()}>
        <SideBar
          app={props.session.name}
          version={props.session.version}
          status={view()}
          narrow={narrow()}
          onNarrow={turnNarrow}
        />
      </Show>
      <div class="flex min-w-0 grow flex-col">
        <TopBar
          app={props.session.name}
          onPalette={openPalette}
          onKeys={() => setShown('keys')}
          jobs={
            <JobsTray
              running={view()?.counters.jobs_running ?? 0}
              open={shown() === 'jobs'}
              onOpen={(open) => setShown(open ? 'jobs' : undefined)}
            />
          }
          me={
            <MeMenu
              user={props.session.user}
              theme={theme()}
              onTheme={setTheme}
              onKeys={() => setShown('keys')}
              onSignOut={props.onSignOut}
              onSignOutEverywhere={props.onSignOutEverywhere}
            />
          }
        />
        <main id="content" tabIndex={-1} class="min-w-0 grow px-3 pt-4 pb-24 md:px-6 md:pb-10">
          <div class="mx-auto flex flex-col gap-4" classList={{ 'max-w-400': !props.session.fullWidth }}>
            <Show when={props.session.announcement}>{(text) => <Announcement text={text()} />}</Show>
            <Show when={props.session.demo}>
              <Banner tone="info">{t('demo.banner')}</Banner>
            </Show>
            <Show when={props.session.user?.role === 'viewer'}>
              <Banner tone="info">{t('role.viewerBanner')}</Banner>
            </Show>
            <PartFault />
            <Show
              when={props.unreachable && !isAway() && lack() !== 'away'}
              fallback={
                <Show when={liveness() === 'polling'}>
                  <p role="status" class="text-12 text-text-3">
                    {t('live.pollingBanner')}
                  </p>
                </Show>
              }
            >
              <Banner tone="warning">{t('session.unreachable')}</Banner>
            </Show>
            <ErrorBoundary fallback={(error) => <PageFault error={error} />}>
              <Suspense fallback={<Skeleton rows={4} label={t('common.loading')} />}>{props.children}</Suspense>
            </ErrorBoundary>
          </div>
          <div id="overlays" class="pointer-events-none fixed inset-0 z-50" />
        </main>
      </div>
      <Show when={phone()}>
        <Suspense>
          <PhoneBar status={view()} version={props.session.version} />
        </Suspense>
      </Show>
      <Suspense>
        <Show when={shown() === 'palette'}>
          <Palette actions={actions()} typedAhead={takeTyped} onClose={() => setShown(undefined)} />
        </Show>
        <Show when={shown() === 'keys'}>
          <ShortcutsSheet actions={actions()} onClose={() => setShown(undefined)} />
        </Show>
      </Suspense>
    </div>
  )
}
