import { A, Navigate, useLocation } from '@solidjs/router'
import { useQuery, useQueryClient } from '@tanstack/solid-query'
import Activity from 'lucide-solid/icons/activity'
import Boxes from 'lucide-solid/icons/boxes'
import KeyRound from 'lucide-solid/icons/key-round'
import MessageSquare from 'lucide-solid/icons/message-square'
import Route from 'lucide-solid/icons/route'
import UsersRound from 'lucide-solid/icons/users-round'
import {
  type Accessor,
  createEffect,
  createSignal,
  ErrorBoundary,
  For,
  type JSX,
  Match,
  Show,
  Suspense,
  Switch,
} from 'solid-js'
import { Dynamic } from 'solid-js/web'
import type { SessionView } from '../../../../server/admin/contract/session.ts'
import { api } from '../../api/client.ts'
import { dataOf, queries } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import type { Icon } from '../../components/button.tsx'
import { Logo } from '../../components/logo.tsx'
import { Skeleton } from '../../components/states.tsx'
import { ToastRegion } from '../../components/toast.tsx'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { useMemory } from '../../lib/memory.tsx'
import { Announcement } from './announcement.tsx'
import { MeMenu } from './me-menu.tsx'
import { PageFault } from './page-fault.tsx'

type Entry = { readonly href: string; readonly text: PlainKey; readonly short: PlainKey; readonly icon: Icon }

const entries: readonly Entry[] = [
  { href: '/accounts', text: 'nav.accounts', short: 'nav.accounts', icon: UsersRound },
  { href: '/keys', text: 'nav.keys', short: 'nav.keys', icon: KeyRound },
  { href: '/models', text: 'nav.models', short: 'nav.models', icon: Boxes },
  { href: '/proxies', text: 'nav.proxies', short: 'nav.proxies', icon: Route },
  { href: '/playground', text: 'nav.playground', short: 'nav.playgroundShort', icon: MessageSquare },
  { href: '/health', text: 'nav.health', short: 'nav.healthShort', icon: Activity },
]

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
    await client.invalidateQueries({ queryKey: ['session'] })
  }
  const next = (): string => encodeURIComponent(`${location.pathname}${location.search}`)
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
        <Navigate href={location.pathname === '/' ? '/login' : `/login?next=${next()}`} />
      </Match>
      <Match when={!entered() && session.isError}>
        <div class="p-6">
          <Banner tone="warning">{t('session.unreachable')}</Banner>
        </div>
      </Match>
      <Match when={entered() && view()}>
        {(shown) => (
          <>
            <Frame session={shown()} unreachable={session.isError} onSignOut={() => void signOut()}>
              {props.children}
            </Frame>
            <Show when={!shown().signedIn}>{props.signedOut(shown)}</Show>
            <ToastRegion />
          </>
        )}
      </Match>
    </Switch>
  )
}

type FrameProps = { session: SessionView; unreachable: boolean; onSignOut: () => void; children: JSX.Element }

function Frame(props: FrameProps) {
  const { t } = useI18n()
  const location = useLocation()
  return (
    <div class="flex min-h-dvh flex-col md:flex-row">
      <a
        href="#content"
        class="sr-only rounded-md bg-accent px-3 py-2 text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-60"
      >
        {t('common.skip')}
      </a>
      <header class="sticky top-0 shrink-0 z-20 flex items-center justify-between gap-2 border-border border-b bg-surface px-3 py-1 md:h-dvh md:w-14 md:flex-col md:items-stretch md:border-r md:border-b-0 md:px-2 md:py-3 xl:w-58">
        <span class="inline-flex items-center gap-2 font-semibold text-16 md:justify-center md:px-2 md:pb-4 xl:justify-start">
          <span class="text-accent">
            <Logo />
          </span>
          <span class="md:sr-only xl:not-sr-only">{props.session.name}</span>
        </span>
        <nav
          aria-label={t('nav.label')}
          class="flex max-md:fixed max-md:inset-x-0 max-md:bottom-0 max-md:z-20 max-md:border-border max-md:border-t max-md:bg-surface max-md:pb-[env(safe-area-inset-bottom)] md:grow md:flex-col md:gap-1"
        >
          <For each={entries}>
            {(entry) => (
              <A
                href={entry.href}
                activeClass="md:bg-accent-soft font-medium text-accent-text"
                inactiveClass="text-text-2 hover:bg-surface-2"
                aria-current={location.pathname.startsWith(entry.href) ? 'page' : undefined}
                title={t(entry.text)}
                class="flex items-center gap-2.5 rounded-md max-md:min-h-14 max-md:flex-1 max-md:flex-col max-md:justify-center max-md:gap-0.5 max-md:text-12 md:h-9 md:justify-center md:px-2 xl:justify-start"
              >
                <Dynamic component={entry.icon} size={20} strokeWidth={1.75} aria-hidden="true" />
                <span class="md:hidden">{t(entry.short)}</span>
                <span class="max-md:hidden md:sr-only xl:not-sr-only">{t(entry.text)}</span>
              </A>
            )}
          </For>
        </nav>
        <MeMenu user={props.session.user} onSignOut={props.onSignOut} />
      </header>
      <main id="content" tabIndex={-1} class="min-w-0 grow px-3 pt-4 pb-24 md:px-6 md:pb-10">
        <div class="mx-auto flex flex-col gap-4" classList={{ 'max-w-400': !props.session.fullWidth }}>
          <Show when={props.session.announcement}>{(text) => <Announcement text={text()} />}</Show>
          <Show when={props.session.demo}>
            <Banner tone="info">{t('demo.banner')}</Banner>
          </Show>
          <Show when={props.session.user?.role === 'viewer'}>
            <Banner tone="info">{t('role.viewerBanner')}</Banner>
          </Show>
          <Show when={props.unreachable}>
            <Banner tone="warning">{t('session.unreachable')}</Banner>
          </Show>
          <ErrorBoundary fallback={(error) => <PageFault error={error} />}>
            <Suspense fallback={<Skeleton rows={4} label={t('common.loading')} />}>{props.children}</Suspense>
          </ErrorBoundary>
        </div>
        <div id="overlays" class="pointer-events-none fixed inset-0 z-50" />
      </main>
    </div>
  )
}
