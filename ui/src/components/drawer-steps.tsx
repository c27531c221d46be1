import ChevronDown from 'lucide-solid/icons/chevron-down'
import ChevronUp from 'lucide-solid/icons/chevron-up'
import { onCleanup } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { areKeysOn } from '../lib/appearance.ts'
import { IconButton } from './button.tsx'

type Props = {
  /** What leads to the next or the previous one of the list; undefined at its ends. */
  readonly step: (by: 1 | -1) => (() => void) | undefined
}

/** From one to the next without leaving the drawer, by button or by J and K as in a mail program; never while somebody writes. */
export function DrawerSteps(props: Props) {
  const { t } = useI18n()
  const press = (event: KeyboardEvent): void => {
    const by = event.key === 'j' ? 1 : event.key === 'k' ? -1 : undefined
    const isWriting = event.target instanceof Element && event.target.closest('input, textarea, select') !== null
    if (by === undefined || isWriting || !areKeysOn() || event.isComposing) return
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const go = props.step(by)
    if (go === undefined) return
    event.preventDefault()
    go()
  }
  document.addEventListener('keydown', press)
  onCleanup(() => document.removeEventListener('keydown', press))
  return (
    <div class="flex items-center gap-1">
      <IconButton
        icon={ChevronUp}
        label={t('list.previous')}
        disabled={props.step(-1) === undefined}
        onClick={() => props.step(-1)?.()}
      />
      <IconButton
        icon={ChevronDown}
        label={t('list.next')}
        disabled={props.step(1) === undefined}
        onClick={() => props.step(1)?.()}
      />
      <span class="text-12 text-text-3 max-md:hidden">{t('list.stepKeys')}</span>
    </div>
  )
}
