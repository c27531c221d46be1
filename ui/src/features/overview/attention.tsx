import { A } from '@solidjs/router'
import CircleAlert from 'lucide-solid/icons/circle-alert'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import X from 'lucide-solid/icons/x'
import { createEffect, createMemo, createSignal, For, Show } from 'solid-js'
import { Button, buttonClass, IconButton } from '../../components/button.tsx'
import { returnFocus } from '../../components/lost-focus.ts'
import { TimeAgo } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { maskEmail } from '../../lib/format.ts'
import { attentionText, type Pointed, placeOf, wordsOf } from './attention-words.ts'
import { dismissed, dismissItem, forgetGone, showAgain } from './dismissed.ts'

const mostShown = 5

/** What wants a person, worst first, each with the way to it. Dismissed, it stays away until it changes. */
export function Attention(props: { readonly items: readonly Pointed[] }) {
  const { t, format } = useI18n()
  const now = createClock(30_000)
  const [all, setAll] = createSignal(false)
  const items = (): readonly Pointed[] => props.items
  createEffect(() => forgetGone(items().map(({ id }) => id)))
  const open = createMemo(() => items().filter(({ id }) => !dismissed().includes(id)))
  const about = (item: Pointed): string => (item.name ? maskEmail(item.name) : attentionText(item, t, format()))
  // What had it is gone: to the note that came in its place, or to the way back.
  const focusOn = (): void =>
    queueMicrotask(() => {
      const place = document.querySelector<HTMLElement>('[data-notes]')
      returnFocus(place?.matches('button') ? place : (place?.querySelector<HTMLElement>('a, button') ?? undefined))
    })
  const shown = () => (all() ? open() : open().slice(0, mostShown))
  return (
    <Show
      when={open().length > 0}
      fallback={
        <Show when={items().length}>
          {(count) => (
            <p class="flex flex-wrap items-center gap-x-2 text-13 text-text-2">
              {t('attention.dismissed', { count: format().number(count()) })}
              <Button
                look="quiet"
                data-notes=""
                onClick={() => {
                  showAgain()
                  focusOn()
                }}
              >
                {t('attention.again')}
              </Button>
            </p>
          )}
        </Show>
      }
    >
      <section
        data-notes=""
        aria-label={t('attention.title')}
        class="overflow-hidden rounded-lg border border-border bg-surface"
      >
        <h2 class="border-border border-b bg-surface-2 px-4 py-2 font-semibold text-14">{t('attention.title')}</h2>
        <ul class="divide-y divide-border">
          <For each={shown()}>
            {(item) => (
              <li class="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-2.5">
                <span class={`shrink-0 ${item.severity === 'critical' ? 'text-danger' : 'text-warning'}`}>
                  <Show
                    when={item.severity === 'critical'}
                    fallback={<TriangleAlert size={18} strokeWidth={1.75} aria-label={t('attention.warning')} />}
                  >
                    <CircleAlert size={18} strokeWidth={1.75} aria-label={t('attention.critical')} />
                  </Show>
                </span>
                <div class="min-w-0 flex-1 basis-56">
                  <p class="wrap-anywhere">
                    {attentionText(item, t, format())}
                    <Show when={item.since}>
                      <span class="text-12 text-text-3">
                        {' '}
                        · <TimeAgo at={item.since} now={now} never="" />
                      </span>
                    </Show>
                  </p>
                  <Show when={wordsOf(item)}>
                    {(words) => <p class="wrap-anywhere line-clamp-2 text-12 text-text-2">“{words()}”</p>}
                  </Show>
                </div>
                <div class="ml-auto flex items-center gap-3">
                  <A
                    href={placeOf(item)}
                    class={buttonClass('secondary')}
                    aria-label={`${t('attention.view')}: ${about(item)}`}
                  >
                    {t('attention.view')}
                  </A>
                  <IconButton
                    icon={X}
                    label={t('attention.dismiss', { name: about(item) })}
                    onClick={() => {
                      dismissItem(item.id)
                      focusOn()
                    }}
                  />
                </div>
              </li>
            )}
          </For>
        </ul>
        <Show when={open().length > mostShown}>
          <div class="border-border border-t px-2 py-1">
            <Button look="quiet" aria-expanded={all()} onClick={() => setAll(!all())}>
              {all() ? t('attention.less') : t('attention.all', { count: format().number(open().length) })}
            </Button>
          </div>
        </Show>
      </section>
    </Show>
  )
}
