import Lock from 'lucide-solid/icons/lock'
import { For, Show } from 'solid-js'
import type { StartSetting } from '../../../../server/admin/contract/settings.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { isStartKey } from './registry.ts'
import { Tag } from './setting-row.tsx'

/** What the server was started with: shown with where it comes from, not to be changed here. */
export function StartRows(props: { readonly rows: readonly StartSetting[] }) {
  const { t } = useI18n()
  const reason = ({ from, where }: StartSetting): string =>
    from === 'default' ? t('settings.locked.default') : t(`settings.locked.${from}`, { where: where ?? '' })
  return (
    <Show when={props.rows.length > 0}>
      <section class="flex flex-col gap-1 pt-4">
        <h3 class="flex flex-wrap items-center gap-2 font-semibold">
          <Lock size={16} strokeWidth={1.75} aria-hidden="true" />
          {t('settings.started')}
          <Tag tone="neutral" text={t('settings.tag.restart')} />
        </h3>
        <p class="text-13 text-text-2">{t('settings.startedLead')}</p>
        <dl class="flex flex-col">
          <For each={props.rows}>
            {(row) => (
              <div class="grid gap-x-8 gap-y-1 border-border border-b py-3 last:border-b-0 md:grid-cols-[minmax(0,1fr)_20rem]">
                <dt class="min-w-0">
                  <span class="wrap-anywhere font-mono text-13">{row.key}</span>
                  <Show when={isStartKey(row.key) && row.key}>
                    {(key) => <span class="block text-13 text-text-2">{t(`settings.start.${key()}`)}</span>}
                  </Show>
                </dt>
                <dd class="min-w-0">
                  <span class="wrap-anywhere numbers block font-mono text-13">
                    {row.value === '' ? t('settings.empty') : row.value === '(set)' ? t('common.isSet') : row.value}
                  </span>
                  <span class="wrap-anywhere text-12 text-text-3">{reason(row)}</span>
                </dd>
              </div>
            )}
          </For>
        </dl>
      </section>
    </Show>
  )
}
