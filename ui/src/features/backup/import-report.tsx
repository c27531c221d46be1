import { useQuery } from '@tanstack/solid-query'
import { For, Show } from 'solid-js'
import type { ImportReport as Report } from '../../../../server/admin/contract/import-report.ts'
import { careQueries } from '../../api/care.ts'
import { dataOf } from '../../api/queries.ts'
import { Time } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'

/** What became of the original's data at the first start, row by row where something was repaired or left out. */
export function ImportReport() {
  const found = useQuery(() => careQueries.importReport())
  return <Show when={dataOf(found)?.report}>{(report) => <ReportView report={report()} />}</Show>
}

function ReportView(props: { readonly report: Report }) {
  const { t, format } = useI18n()
  const time = (): string => {
    const at = parseTime(props.report.at)
    return at === undefined ? '' : format().dateTime(at)
  }
  const tables = () => props.report.tables.filter(({ read }) => read > 0)
  const notes = () => tables().flatMap(({ name, notes: own }) => own.map((note) => ({ ...note, table: name })))
  const headers = ['table', 'read', 'imported', 'repaired', 'leftOut'] as const
  return (
    <section class="flex flex-col gap-3 border-border border-t pt-5">
      <div>
        <h2 class="font-semibold text-16">{t('backup.importTitle')}</h2>
        <p class="numbers text-13 text-text-2">
          <Time at={props.report.at}>{t('backup.importLead', { time: time() })}</Time>
        </p>
      </div>
      <div class="overflow-x-auto rounded-lg border border-border bg-surface">
        <table class="w-full text-13">
          <thead>
            <tr class="text-12 text-text-2">
              <For each={headers}>
                {(header, index) => (
                  <th class={`bg-surface-2 px-3 py-1.5 font-medium ${index() === 0 ? 'text-left' : 'text-right'}`}>
                    {t(`backup.importColumn.${header}`)}
                  </th>
                )}
              </For>
            </tr>
          </thead>
          <tbody>
            <For each={tables()}>
              {(table) => (
                <tr class="border-border border-t">
                  <td class="px-3 py-1.5 font-mono text-12">{table.name}</td>
                  <For each={['read', 'imported', 'repaired', 'leftOut'] as const}>
                    {(column) => <td class="numbers px-3 py-1.5 text-right">{format().number(table[column])}</td>}
                  </For>
                </tr>
              )}
            </For>
          </tbody>
        </table>
      </div>
      <Show when={notes().length > 0}>
        <details>
          <summary class="control inline-flex cursor-pointer items-center text-accent-text">
            {t('backup.importNotes')} ({format().number(notes().length)})
          </summary>
          <ul class="mt-2 flex flex-col gap-1 text-13">
            <For each={notes()}>
              {(note) => (
                <li class="wrap-anywhere">
                  <span class="font-mono text-12 text-text-3">{note.table}</span> {format().number(note.count)} ×{' '}
                  {note.text}
                </li>
              )}
            </For>
          </ul>
        </details>
      </Show>
      <Show when={props.report.keptAs}>
        {(place) => <p class="wrap-anywhere text-13 text-text-2">{t('backup.importKept', { place: place() })}</p>}
      </Show>
    </section>
  )
}
