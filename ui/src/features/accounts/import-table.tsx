import CircleCheck from 'lucide-solid/icons/circle-check'
import CircleX from 'lucide-solid/icons/circle-x'
import Equal from 'lucide-solid/icons/equal'
import RefreshCw from 'lucide-solid/icons/refresh-cw'
import { For, Show } from 'solid-js'
import { Badge } from '../../components/badge.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { type ImportRow, shownRows } from './import.ts'

const icons = { success: CircleCheck, accent: RefreshCw, neutral: Equal, danger: CircleX } as const

/** Every sign-in with what is to become of it, or has; scrolls in itself. */
export function ImportTable(props: { rows: readonly ImportRow[] }) {
  const { t, format } = useI18n()
  const shown = () => shownRows(props.rows)
  return (
    <>
      {/* What scrolls must be reachable by keyboard. */}
      <section
        tabindex="0"
        aria-label={t('import.table')}
        class="max-h-72 overflow-auto rounded-lg border border-border"
      >
        <table class="w-full text-13">
          <thead>
            <tr class="border-border border-b bg-surface-2 text-left text-12 text-text-2">
              <th class="px-3 py-2 font-medium">{t('import.column.place')}</th>
              <th class="px-3 py-2 font-medium">{t('import.column.account')}</th>
              <th class="px-3 py-2 font-medium">{t('import.column.verdict')}</th>
            </tr>
          </thead>
          <tbody>
            <For each={shown()}>
              {(row) => (
                <tr class="border-border border-b last:border-b-0">
                  <td class="numbers whitespace-nowrap px-3 py-2 align-top text-text-2">{row.place}</td>
                  <td class="wrap-anywhere min-w-40 px-3 py-2 align-top">
                    <div>{row.name}</div>
                    <Show when={row.about}>
                      <div class="text-12 text-text-3">{row.about}</div>
                    </Show>
                  </td>
                  <td class="px-3 py-2 align-top">
                    <Badge tone={row.tone} icon={icons[row.tone]} text={row.verdict} />
                    <Show when={row.reason}>
                      <div class="mt-1 text-12 text-text-2">{row.reason}</div>
                    </Show>
                  </td>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </section>
      <Show when={props.rows.length > shown().length}>
        <p class="text-12 text-text-3">
          {t('import.more', { count: format().number(props.rows.length - shown().length) })}
        </p>
      </Show>
    </>
  )
}
