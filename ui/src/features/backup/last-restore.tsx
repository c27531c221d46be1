import { useMutation, useQuery } from '@tanstack/solid-query'
import Undo2 from 'lucide-solid/icons/undo-2'
import { Show } from 'solid-js'
import type { RestoreReport } from '../../../../server/admin/contract/backup.ts'
import { care, careQueries } from '../../api/care.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import type { Source } from './restore.tsx'

/** What the last restore did, and the way back as long as the copy from before is there. */
export function LastRestore(props: { readonly onPlan: (source: Source, report: RestoreReport) => void }) {
  const { t, format } = useI18n()
  const last = useQuery(() => careQueries.lastRestore())
  const look = useMutation(() => ({
    mutationFn: (source: Source) => source.run(true),
    onSuccess: ({ report }, source) => props.onPlan(source, report),
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
                <Button
                  icon={Undo2}
                  busy={look.isPending}
                  onClick={() => look.mutate({ run: (dryRun) => care.restoreCopy(name(), dryRun) })}
                >
                  {t('backup.undo')}
                </Button>
              )}
            </Show>
          }
        >
          <p class="numbers font-medium">{t('backup.lastTitle', { time: time() })}</p>
          <p class="wrap-anywhere text-13">
            {shown().undo ? t('backup.lastText', { name: shown().undo ?? '' }) : t('backup.lastGone')}
          </p>
        </Banner>
      )}
    </Show>
  )
}
