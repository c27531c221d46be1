import { A, useLocation } from '@solidjs/router'
import MenuIcon from 'lucide-solid/icons/menu'
import { createSignal, For, Show } from 'solid-js'
import { Dynamic } from 'solid-js/web'
import type { StatusView } from '../../../../server/admin/contract/events.ts'
import { Dialog } from '../../components/dialog.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { LiveState } from './live-state.tsx'
import { isHere, type NavEntry, navEntries } from './nav.ts'

const itemClass = 'relative flex min-h-14 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-12'

/** On a phone: the pages of every day below the thumb, all others one tap further. */
export default function PhoneBar(props: {
  readonly status: StatusView | undefined
  readonly version: string | undefined
}) {
  const { t } = useI18n()
  const location = useLocation()
  const [open, setOpen] = createSignal(false)
  const rest = navEntries.filter(({ phone }) => !phone)
  const inMenu = (): boolean => rest.some(({ href }) => isHere(href, location.pathname))
  return (
    <nav
      aria-label={t('nav.label')}
      class="fixed inset-x-0 bottom-0 z-20 flex border-border border-t bg-surface pb-[env(safe-area-inset-bottom)]"
    >
      <For each={navEntries.filter(({ phone }) => phone)}>
        {(entry) => (
          <A
            href={entry.href}
            end={entry.href === '/'}
            activeClass="font-medium text-accent-text"
            inactiveClass="text-text-2"
            aria-current={isHere(entry.href, location.pathname) ? 'page' : undefined}
            class={itemClass}
          >
            <Dynamic component={entry.icon} size={20} strokeWidth={1.75} aria-hidden="true" />
            <span class="max-w-full truncate">{t(entry.short ?? entry.text)}</span>
            <Count entry={entry} status={props.status} />
          </A>
        )}
      </For>
      <button
        type="button"
        aria-haspopup="dialog"
        onClick={() => setOpen(true)}
        class={`${itemClass} ${inMenu() ? 'font-medium text-accent-text' : 'text-text-2'}`}
      >
        <MenuIcon size={20} strokeWidth={1.75} aria-hidden="true" />
        {t('nav.menu')}
      </button>
      <Dialog open={open()} onClose={() => setOpen(false)} title={t('nav.menu')}>
        <ul class="flex flex-col gap-1">
          <For each={rest}>
            {(entry) => (
              <li>
                <A
                  href={entry.href}
                  activeClass="bg-accent-soft font-medium text-accent-text"
                  inactiveClass="hover:bg-surface-2"
                  class="relative flex min-h-12 items-center gap-3 rounded-md px-3"
                  onClick={() => setOpen(false)}
                >
                  <Dynamic component={entry.icon} size={20} strokeWidth={1.75} aria-hidden="true" />
                  <span class="grow">{t(entry.text)}</span>
                  <Count entry={entry} status={props.status} inRow />
                </A>
              </li>
            )}
          </For>
        </ul>
        <LiveState status={props.status} version={props.version} narrow={false} always />
      </Dialog>
    </nav>
  )
}

function Count(props: { readonly entry: NavEntry; readonly status: StatusView | undefined; readonly inRow?: boolean }) {
  const { t, format } = useI18n()
  const count = (): number => (props.status && props.entry.count?.(props.status)) ?? 0
  return (
    <Show when={count() > 0}>
      <span
        class="numbers min-w-4 rounded-full bg-danger-solid px-1 text-center font-medium text-12 text-on-danger"
        classList={{ 'absolute top-1 left-1/2 ml-2': !props.inRow }}
      >
        {format().number(count())}
        <span class="sr-only"> {t('nav.attention')}</span>
      </span>
    </Show>
  )
}
