import { useMutation, useQuery } from '@tanstack/solid-query'
import Undo2 from 'lucide-solid/icons/undo-2'
import { Show } from 'solid-js'
import { careQueries } from '../../api/care.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Time } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import { ChangeTable } from './change-table.tsx'
import { copySource, type Plan } from './restore.tsx'

/** What the last restore did, and the way back as long as the copy from before is there. */
export function LastRestore(props: { readonly onPlan: (plan: Plan) => void }) {
  const { t, format } = useI18n()
  const last = useQuery(() => careQueries.lastRestore())
  const look = useMutation(() => ({
    mutationFn: (name: string) => copySource(name).look('replace'),
    onSuccess: ({ report }, name) => props.onPlan({ source: copySource(name), report, undoes: true }),
    onError: (error) => showToast({ tone: 'error', text: t('backup.dryRunFailed'), detail: errorText(error, t) }),
  }))
  const time = (): string => {
    const at = parseTime(dataOf(last)?.at)
    return at === undefined ? '' : format().dateTime(at)
  }
  return (
    <Show when={dataOf(last)?.report && dataOf(last)}>
      {(shown) => (
        <Banner
          tone="info"
          action={
            <Show when={shown().undo}>
              {(name) => (
                <Button icon={Undo2} busy={look.isPending} onClick={() => look.mutate(name())}>
                  {t('backup.undo')}
                </Button>
              )}
            </Show>
          }
        >
          <p class="numbers font-medium">
            <Time at={dataOf(last)?.at}>{t('backup.lastTitle', { time: time() })}</Time>
          </p>
          <p class="wrap-anywhere text-13">
            {shown().report?.mode === 'merge' ? t('backup.lastMerged') : t('backup.lastReplaced')}
          </p>
          <p class="wrap-anywhere text-13">
            {shown().undo ? t('backup.lastKept', { name: shown().undo ?? '' }) : t('backup.lastGone')}
          </p>
          <Show when={shown().report?.tables.some(({ changes }) => changes) && shown().report}>
            {(report) => (
              <details class="text-13">
                <summary class="control inline-flex cursor-pointer items-center text-accent-text">
                  {t('backup.lastDetails')}
                </summary>
                <ChangeTable report={report()} />
              </details>
            )}
          </Show>
        </Banner>
      )}
    </Show>
  )
}
