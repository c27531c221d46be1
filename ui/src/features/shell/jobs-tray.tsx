import ListChecks from 'lucide-solid/icons/list-checks'
import { Show, Suspense } from 'solid-js'
import { Drawer } from '../../components/dialog.tsx'
import { Skeleton } from '../../components/states.tsx'
import { laterWith, useI18n } from '../../i18n/i18n.tsx'

/** Bulk work goes on whatever page is open; here it is found again. */
export function JobsTray(props: {
  readonly running: number
  readonly open: boolean
  readonly onOpen: (open: boolean) => void
}) {
  const i18n = useI18n()
  const { t, format } = i18n
  const JobsList = laterWith(i18n, ['jobs', 'refusals'], () => import('./jobs-list.tsx'))
  const label = (): string =>
    props.running > 0 ? t('jobs.running', { count: format().number(props.running) }) : t('jobs.title')
  return (
    <>
      <button
        type="button"
        aria-label={label()}
        title={label()}
        onClick={() => props.onOpen(true)}
        class="control-square inline-flex items-center justify-center gap-1 rounded-md px-1 text-text-2 hover:bg-surface-2"
      >
        <ListChecks size={18} strokeWidth={1.75} aria-hidden="true" />
        <Show when={props.running > 0}>
          <span class="numbers rounded-full bg-accent px-1.5 font-medium text-12 text-on-accent">
            {format().number(props.running)}
          </span>
        </Show>
      </button>
      <Drawer open={props.open} onClose={() => props.onOpen(false)} title={t('jobs.title')}>
        <Suspense fallback={<Skeleton rows={2} label={t('common.loading')} />}>
          <JobsList />
        </Suspense>
      </Drawer>
    </>
  )
}
