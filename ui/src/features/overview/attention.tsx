import { A } from '@solidjs/router'
import CircleAlert from 'lucide-solid/icons/circle-alert'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import X from 'lucide-solid/icons/x'
import { createMemo, createSignal, For, Show } from 'solid-js'
import type { AttentionItem } from '../../../../server/admin/contract/events.ts'
import { Button, buttonClass, IconButton } from '../../components/button.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import type { Translate } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import type { Format } from '../../lib/format.ts'
import { parseTime } from '../../lib/format.ts'
import { dismissedItems, dismissItem } from './dismissed.ts'

const mostShown = 5

/** Where it is dealt with. */
function placeOf(item: AttentionItem): string {
  if (item.account_id) return `/accounts/${encodeURIComponent(item.account_id)}`
  if (item.proxy_id) return '/proxies'
  return '/accounts'
}

function attentionText(item: AttentionItem, t: Translate, format: Format): string {
  const name = item.name ?? item.account_id ?? item.proxy_id ?? ''
  if (item.kind === 'account.running_out') {
    const at = parseTime(item.detail)
    return at === undefined
      ? t('attention.account.running_out_soon', { name })
      : t('attention.account.running_out', { name, time: format.dateTime(at) })
  }
  if (item.kind === 'pool.empty') return t('attention.pool.empty')
  return t(`attention.${item.kind}`, { name })
}

/** The provider's own words say more than ours; what we say ourselves need not stand there twice. */
const wordsOf = ({ kind, detail }: AttentionItem): string | null =>
  kind === 'account.running_out' || kind === 'pool.empty' ? null : detail

/** What wants a person, worst first, each with the way to it. Dismissed, it stays away until it changes. */
export function Attention(props: { readonly items: readonly AttentionItem[] }) {
  const { t, format } = useI18n()
  const now = createClock(30_000)
  const [all, setAll] = createSignal(false)
  const [dismissed, setDismissed] = createSignal(dismissedItems())
  const open = createMemo(() => props.items.filter(({ id }) => !dismissed().includes(id)))
  const shown = () => (all() ? open() : open().slice(0, mostShown))
  return (
    <Show when={open().length > 0}>
      <section aria-label={t('attention.title')} class="overflow-hidden rounded-lg border border-border bg-surface">
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
                  <A href={placeOf(item)} class={buttonClass('secondary')}>
                    {t('attention.view')}
                    <span class="sr-only">: {item.name ?? ''}</span>
                  </A>
                  <IconButton
                    icon={X}
                    label={t('attention.dismiss', { name: item.name ?? '' })}
                    onClick={() => setDismissed(dismissItem(item.id))}
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
