import { A, useLocation } from '@solidjs/router'
import PanelLeft from 'lucide-solid/icons/panel-left'
import { For, Show } from 'solid-js'
import { Dynamic } from 'solid-js/web'
import type { StatusView } from '../../../../server/admin/contract/events.ts'
import { IconButton } from '../../components/button.tsx'
import { Logo } from '../../components/logo.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { LiveState } from './live-state.tsx'
import { isHere, type NavEntry, navEntries } from './nav.ts'

type SideBarProps = {
  readonly app: string
  readonly version: string | undefined
  readonly status: StatusView | undefined
  readonly narrow: boolean
  readonly onNarrow: (narrow: boolean) => void
}

/** Pages and what goes on, beside every page from a tablet's width on. */
export function SideBar(props: SideBarProps) {
  const { t } = useI18n()
  const wide = (classes: string): string => (props.narrow ? '' : classes)
  return (
    <aside
      class={`sticky top-0 z-20 flex h-dvh w-14 shrink-0 flex-col gap-3 border-border border-r bg-surface px-2 py-3 ${wide('xl:w-58')}`}
    >
      <span
        class={`flex h-8 items-center justify-center gap-2 font-semibold text-16 ${wide('xl:justify-start xl:px-2')}`}
      >
        <span class="text-accent">
          <Logo />
        </span>
        <span class={`sr-only truncate ${wide('xl:not-sr-only')}`}>{props.app}</span>
      </span>
      <nav aria-label={t('nav.label')} class="flex min-h-0 grow flex-col gap-0.5 overflow-y-auto">
        <For each={navEntries}>{(entry) => <Entry entry={entry} status={props.status} narrow={props.narrow} />}</For>
      </nav>
      <LiveState status={props.status} version={props.version} narrow={props.narrow} />
      <div class={`hidden ${props.narrow ? 'xl:flex xl:justify-center' : 'xl:flex xl:justify-end'}`}>
        <IconButton
          icon={PanelLeft}
          label={props.narrow ? t('nav.widen') : t('nav.narrow')}
          aria-pressed={props.narrow}
          onClick={() => props.onNarrow(!props.narrow)}
        />
      </div>
    </aside>
  )
}

function Entry(props: { readonly entry: NavEntry; readonly status: StatusView | undefined; readonly narrow: boolean }) {
  const { t, format } = useI18n()
  const location = useLocation()
  const count = (): number => (props.status && props.entry.count?.(props.status)) ?? 0
  return (
    <A
      href={props.entry.href}
      end={props.entry.href === '/'}
      activeClass="bg-accent-soft font-medium text-accent-text"
      inactiveClass="text-text-2 hover:bg-surface-2"
      aria-current={isHere(props.entry.href, location.pathname) ? 'page' : undefined}
      title={t(props.entry.text)}
      class={`relative flex h-9 shrink-0 items-center justify-center gap-2.5 rounded-md px-2 ${props.narrow ? '' : 'xl:justify-start'}`}
    >
      <Dynamic component={props.entry.icon} size={20} strokeWidth={1.75} aria-hidden="true" />
      <span class={`sr-only truncate ${props.narrow ? '' : 'xl:not-sr-only xl:grow'}`}>{t(props.entry.text)}</span>
      <Show when={count() > 0}>
        <span
          class={`numbers forced-border absolute top-0.5 right-0.5 min-w-4 rounded-full bg-danger-solid px-1 text-center font-medium text-12 text-on-danger ${props.narrow ? '' : 'xl:static xl:px-1.5'}`}
        >
          {format().number(count())}
          <span class="sr-only"> {t('nav.attention')}</span>
        </span>
      </Show>
    </A>
  )
}
