import { For, Show } from 'solid-js'
import type { KeyView } from '../../../../server/admin/contract/keys.ts'
import { Button } from '../../components/button.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { createMediaQuery, phoneQuery } from '../../lib/media.ts'

export const keyMask = (key: Pick<KeyView, 'prefix' | 'last4'>): string => `${key.prefix}…${key.last4}`

export function KeyListView(props: { keys: readonly KeyView[]; onRevoke: (key: KeyView) => void }) {
  const { t } = useI18n()
  const phone = createMediaQuery(phoneQuery)
  const now = createClock(30_000)
  const Revoke = (own: { item: KeyView }) => (
    <Button
      look="quiet"
      class="text-danger"
      aria-label={t('keys.revokeNamed', { name: own.item.name })}
      onClick={() => props.onRevoke(own.item)}
    >
      {t('keys.revoke')}
    </Button>
  )
  return (
    <Show
      when={phone()}
      fallback={
        <div class="overflow-x-auto rounded-lg border border-border bg-surface">
          <table class="w-full text-13">
            <thead>
              <tr class="border-border border-b bg-surface-2 text-left text-12 text-text-2">
                <th class="px-3 py-2 font-medium">{t('keys.column.name')}</th>
                <th class="px-3 py-2 font-medium">{t('keys.column.key')}</th>
                <th class="px-3 py-2 font-medium">{t('keys.column.created')}</th>
                <th class="px-3 py-2 font-medium">{t('keys.column.lastUsed')}</th>
                <th class="px-3 py-2">
                  <span class="sr-only">{t('keys.column.actions')}</span>
                </th>
              </tr>
            </thead>
            <tbody>
              <For each={props.keys}>
                {(item) => (
                  <tr class="border-border border-b last:border-b-0 hover:bg-surface-2">
                    <td class="px-3 py-1 font-medium">{item.name}</td>
                    <td class="px-3 py-1 font-mono text-12">{keyMask(item)}</td>
                    <td class="px-3 py-1">
                      <TimeAgo at={item.created_at} now={now} never={t('common.unknown')} />
                    </td>
                    <td class="px-3 py-1">
                      <TimeAgo at={item.last_used_at} now={now} never={t('common.never')} />
                    </td>
                    <td class="px-3 py-1 text-right">
                      <Revoke item={item} />
                    </td>
                  </tr>
                )}
              </For>
            </tbody>
          </table>
        </div>
      }
    >
      <ul class="flex flex-col gap-2">
        <For each={props.keys}>
          {(item) => (
            <li class="flex items-start justify-between gap-2 rounded-lg border border-border bg-surface p-3">
              <div class="min-w-0">
                <div class="font-medium">{item.name}</div>
                <div class="font-mono text-12 text-text-2">{keyMask(item)}</div>
                <div class="text-12 text-text-3">
                  {t('keys.column.lastUsed')}: <TimeAgo at={item.last_used_at} now={now} never={t('common.never')} />
                </div>
              </div>
              <Revoke item={item} />
            </li>
          )}
        </For>
      </ul>
    </Show>
  )
}
