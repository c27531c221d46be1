import { Popover } from '@kobalte/core/popover'
import CalendarClock from 'lucide-solid/icons/calendar-clock'
import ChevronLeft from 'lucide-solid/icons/chevron-left'
import ChevronRight from 'lucide-solid/icons/chevron-right'
import { createSignal, For, Suspense } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { later } from '../lib/later.tsx'
import type { RangeState } from '../lib/range-state.ts'
import { serverTime } from '../lib/server-clock.ts'
import { browserZone, rangeNames, spanOf, stepRange, type TimeRange } from '../lib/time-range.ts'
import { buttonClass, IconButton } from './button.tsx'
import { overlayRoot } from './overlay-root.ts'
import { usePaletteActions } from './palette-actions.tsx'

const OwnRange = later(() => import('./own-range.tsx'))

/** From when to when: quick ranges, days and hours by hand, a step back and forth. Kept in the address. */
export function RangePicker(props: { readonly state: RangeState }) {
  const { t, format } = useI18n()
  const [open, setOpen] = createSignal(false)
  const range = () => props.state.range()
  const text = (): string => {
    const now = range()
    if ('name' in now) return t(`range.${now.name}`)
    return t('range.fromTo', { from: format().dateTime(now.from), to: format().dateTime(now.to) })
  }
  const choose = (next: TimeRange): void => {
    props.state.set(next)
    setOpen(false)
  }
  usePaletteActions(() => [
    { id: 'range', text: t('range.title'), icon: CalendarClock, keys: 't', run: () => setOpen(true) },
  ])
  const last = (): boolean => spanOf(range(), serverTime()).to >= serverTime() - 1000
  return (
    <div class="inline-flex items-center">
      <IconButton
        icon={ChevronLeft}
        label={t('range.earlier')}
        onClick={() => props.state.set(stepRange(range(), -1, serverTime()))}
      />
      <Popover open={open()} onOpenChange={setOpen} gutter={4} placement="bottom-end">
        <Popover.Trigger
          class={buttonClass('secondary')}
          aria-label={t('range.label', { range: text() })}
          data-range=""
        >
          <CalendarClock size={16} strokeWidth={1.75} aria-hidden="true" />
          <span class="numbers">{text()}</span>
        </Popover.Trigger>
        <Popover.Portal mount={overlayRoot()}>
          <Popover.Content class="appear forced-border pointer-events-auto z-50 flex max-h-[80dvh] w-72 flex-col gap-3 overflow-y-auto rounded-lg border border-border bg-surface p-3 shadow-overlay outline-none">
            <Popover.Title class="sr-only">{t('range.title')}</Popover.Title>
            <div class="grid grid-cols-2 gap-1">
              <For each={rangeNames}>
                {(name) => {
                  const chosen = (): boolean => {
                    const now = range()
                    return 'name' in now && now.name === name
                  }
                  return (
                    <button
                      type="button"
                      aria-pressed={chosen()}
                      class="control rounded-md px-2 text-left hover:bg-surface-2 aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent-text"
                      onClick={() => choose({ name })}
                    >
                      {t(`range.${name}`)}
                    </button>
                  )
                }}
              </For>
            </div>
            <Suspense fallback={<div class="h-46" />}>
              <OwnRange range={range()} onChoose={choose} />
            </Suspense>
            <p class="text-12 text-text-3">{t('range.zone', { zone: browserZone() })}</p>
          </Popover.Content>
        </Popover.Portal>
      </Popover>
      <IconButton
        icon={ChevronRight}
        label={t('range.later')}
        disabled={last()}
        onClick={() => props.state.set(stepRange(range(), 1, serverTime()))}
      />
    </div>
  )
}
