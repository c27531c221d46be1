import Keyboard from 'lucide-solid/icons/keyboard'
import Search from 'lucide-solid/icons/search'
import type { JSX } from 'solid-js'
import { IconButton } from '../../components/button.tsx'
import { Logo } from '../../components/logo.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

const mod = /Mac|iPhone|iPad/.test(navigator.platform) ? '⌘' : 'Ctrl'

/** Above every page: the way to anything by typing, bulk work, the keys, and who is signed in. */
export function TopBar(props: {
  readonly app: string
  readonly onPalette: () => void
  readonly onKeys: () => void
  readonly jobs: JSX.Element
  readonly me: JSX.Element
}) {
  const { t } = useI18n()
  return (
    <header class="sticky top-0 z-20 flex h-13 shrink-0 items-center gap-1 border-border border-b bg-surface px-3 md:px-6">
      <span class="flex min-w-0 grow items-center gap-2 font-semibold text-16 md:hidden">
        <span class="text-accent">
          <Logo />
        </span>
        <span class="truncate">{props.app}</span>
      </span>
      <div class="md:grow">
        <button
          type="button"
          aria-keyshortcuts="Control+K Meta+K"
          onClick={() => props.onPalette()}
          class="control inline-flex items-center gap-2 rounded-md text-text-3 hover:bg-surface-2 max-md:size-11 max-md:justify-center md:w-72 md:border md:border-control md:px-2.5"
        >
          <Search size={16} strokeWidth={1.75} aria-hidden="true" />
          <span class="max-md:sr-only md:grow md:text-left">{t('palette.short')}</span>
          <span aria-hidden="true" class="font-mono text-12 max-md:hidden">
            {mod} K
          </span>
        </button>
      </div>
      <div class="flex items-center gap-1">
        {props.jobs}
        <span class="max-md:hidden">
          <IconButton icon={Keyboard} label={t('shortcuts.title')} onClick={() => props.onKeys()} />
        </span>
        {props.me}
      </div>
    </header>
  )
}
