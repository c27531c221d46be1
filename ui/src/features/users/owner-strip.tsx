import { A, useLocation } from '@solidjs/router'
import ChevronRight from 'lucide-solid/icons/chevron-right'
import ShieldCheck from 'lucide-solid/icons/shield-check'
import { type Accessor, Show } from 'solid-js'
import type { KeyView } from '../../../../server/admin/contract/keys.ts'
import { Badge } from '../../components/badge.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { lastUsed, ownerId } from './user-state.ts'

/** Who holds the keys that belong to no user: built in, and so no row among those that can be changed. */
export function OwnerStrip(props: { readonly keys: readonly KeyView[]; readonly now: Accessor<number> }) {
  const { t, format } = useI18n()
  const location = useLocation()
  return (
    <A
      href={`/users/${ownerId}${location.search}`}
      noScroll
      class="control flex items-center gap-3 rounded-lg border border-border bg-surface px-3 py-2 hover:bg-surface-2"
    >
      <span class="min-w-0 grow">
        <span class="flex flex-wrap items-center gap-x-2 gap-y-0.5">
          <span class="font-medium">{t('users.ownerName')}</span>
          <Badge tone="neutral" icon={ShieldCheck} text={t('users.builtIn')} />
        </span>
        <span class="block text-12 text-text-3">{t('users.ownerAbout')}</span>
      </span>
      <span class="numbers shrink-0 text-right text-12 text-text-2">
        {t(`users.keys.${format().form(props.keys.length)}`, { count: format().number(props.keys.length) })}
        <Show when={lastUsed(props.keys)}>
          {(at) => (
            <span class="block text-text-3">
              <TimeAgo at={at()} now={props.now} never={t('common.never')} />
            </span>
          )}
        </Show>
      </span>
      <ChevronRight size={16} strokeWidth={1.75} class="shrink-0 text-text-3" aria-hidden="true" />
    </A>
  )
}
