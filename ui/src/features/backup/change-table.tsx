import { For, Show } from 'solid-js'
import type { RestoreReport } from '../../../../server/admin/contract/backup.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { createMediaQuery, phoneQuery } from '../../lib/media.ts'
import { leftOutOf, type PlanRow, planRows } from './plan.ts'

const columns = ['added', 'changed', 'same', 'kept', 'removed', 'invalid'] as const
type Column = (typeof columns)[number]
/** Shown only where there is any. */
const rare: readonly Column[] = ['kept', 'removed', 'invalid']

/** What a restore does or did, part by part; and why rows are left out. */
export function ChangeTable(props: { readonly report: RestoreReport }) {
  const { t, format } = useI18n()
  const isPhone = createMediaQuery(phoneQuery)
  const rows = (): readonly PlanRow[] =>
    planRows(props.report).filter(({ rows: count, changes }) => count > 0 || (changes?.removed ?? 0) > 0)
  const shown = (): readonly Column[] =>
    columns.filter((column) => !rare.includes(column) || rows().some(({ changes }) => (changes?.[column] ?? 0) > 0))
  const count = (row: PlanRow, column: Column): string =>
    row.changes === undefined ? '–' : format().number(row.changes[column])
  const leftOut = () => leftOutOf(props.report)
  return (
    <>
      <Show
        when={!isPhone()}
        fallback={
          <ul class="flex flex-col text-13">
            <For each={rows()}>
              {(row) => (
                <li class="border-border border-b py-1.5 last:border-b-0" data-part={row.part}>
                  <span class="font-medium">{t(`backup.table.${row.part}`)}</span>
                  <dl class="numbers flex flex-wrap gap-x-3 text-12 text-text-2">
                    <For each={shown()}>
                      {(column) => (
                        <div class="flex gap-1">
                          <dt>{t(`backup.change.${column}`)}</dt>
                          <dd class="text-text" data-change={column}>
                            {count(row, column)}
                          </dd>
                        </div>
                      )}
                    </For>
                  </dl>
                </li>
              )}
            </For>
          </ul>
        }
      >
        <table class="w-full text-13">
          <thead>
            <tr class="border-border border-b text-12 text-text-2">
              <th class="py-1.5 text-left font-medium">{t('backup.planColumn.table')}</th>
              <For each={shown()}>
                {(column) => <th class="py-1.5 pl-2 text-right font-medium">{t(`backup.change.${column}`)}</th>}
              </For>
            </tr>
          </thead>
          <tbody>
            <For each={rows()}>
              {(row) => (
                <tr class="border-border border-b last:border-b-0" data-part={row.part}>
                  <td class="py-1.5">{t(`backup.table.${row.part}`)}</td>
                  <For each={shown()}>
                    {(column) => (
                      <td class="numbers py-1.5 pl-2 text-right" data-change={column}>
                        {count(row, column)}
                      </td>
                    )}
                  </For>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </Show>
      <Show when={rows().some(({ changes }) => changes === undefined)}>
        <p class="text-13 text-text-2">{t('backup.planUnknown')}</p>
      </Show>
      <Show when={leftOut().length > 0}>
        <details>
          <summary class="control inline-flex cursor-pointer items-center text-accent-text">
            {t('backup.leftOut')}
          </summary>
          <ul class="mt-2 flex flex-col gap-1 text-13">
            <For each={leftOut()}>
              {({ part, reason }) => (
                <li class="wrap-anywhere">
                  <span class="text-text-2">{t(`backup.table.${part}`)}:</span> {reason}
                </li>
              )}
            </For>
          </ul>
        </details>
      </Show>
    </>
  )
}
