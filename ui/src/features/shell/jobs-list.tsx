import { useMutation, useQuery } from '@tanstack/solid-query'
import ListChecks from 'lucide-solid/icons/list-checks'
import { createSignal, For, Show } from 'solid-js'
import type { JobView } from '../../../../server/admin/contract/jobs.ts'
import { api } from '../../api/client.ts'
import { errorText, itemErrorText } from '../../api/error-text.ts'
import { jobTitle } from '../../api/job-title.ts'
import { createMayChange } from '../../api/may-change.tsx'
import { dataOf, queries, useRefresh } from '../../api/queries.ts'
import { Button } from '../../components/button.tsx'
import { JobProgress } from '../../components/job-progress.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../components/states.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { maskEmail } from '../../lib/format.ts'

/** Bulk work that runs or has ended within a day, newest first. */
export default function JobsList() {
  const { t } = useI18n()
  const jobs = useQuery(() => queries.jobs())
  return (
    <Show
      when={dataOf(jobs)}
      fallback={
        <Show when={jobs.isError} fallback={<Skeleton rows={2} label={t('common.loading')} />}>
          <ErrorState text={errorText(jobs.error, t)} retry={t('common.retry')} onRetry={() => void jobs.refetch()} />
        </Show>
      }
    >
      {(list) => (
        <Show when={list().jobs.length > 0} fallback={<EmptyState icon={ListChecks} text={t('jobs.empty')} />}>
          <ul class="flex flex-col divide-y divide-border">
            <For each={list().jobs}>{(job) => <Job job={job} />}</For>
          </ul>
        </Show>
      )}
    </Show>
  )
}

function Job(props: { readonly job: JobView }) {
  const { t } = useI18n()
  const mayChange = createMayChange()
  const refresh = useRefresh()
  const now = createClock(30_000)
  const [open, setOpen] = createSignal(false)
  const cancel = useMutation(() => ({
    mutationFn: () => api.cancelJob(props.job.id),
    onSuccess: () => refresh('jobs'),
  }))
  return (
    <li class="flex flex-col gap-2 py-3 first:pt-0 last:pb-0">
      <JobProgress job={props.job} title={jobTitle(props.job.kind, t)}>
        <Show
          when={props.job.state === 'running'}
          fallback={
            <span class="shrink-0 text-12 text-text-3">
              <TimeAgo at={props.job.ended_at} now={now} never="" />
            </span>
          }
        >
          <Show when={mayChange()}>
            <Button look="quiet" busy={cancel.isPending} onClick={() => cancel.mutate()}>
              {t('common.cancel')}
            </Button>
          </Show>
        </Show>
      </JobProgress>
      <Show when={props.job.failed > 0}>
        <div>
          <Button look="quiet" aria-expanded={open()} onClick={() => setOpen(!open())}>
            {open() ? t('jobs.hideFailed') : t('jobs.showFailed')}
          </Button>
        </div>
        <Show when={open()}>
          <Failures id={props.job.id} />
        </Show>
      </Show>
    </li>
  )
}

function Failures(props: { readonly id: string }) {
  const { t } = useI18n()
  const job = useQuery(() => queries.job(props.id))
  const failed = () => dataOf(job)?.results.filter(({ ok }) => !ok) ?? []
  return (
    <Show when={dataOf(job)} fallback={<Skeleton rows={1} label={t('common.loading')} />}>
      <ul class="flex max-h-48 flex-col gap-1 overflow-y-auto rounded-md bg-surface-2 p-2 text-12">
        <For each={failed().slice(0, 100)}>
          {(item) => (
            <li class="wrap-anywhere">
              <span class="font-medium">{item.name ? maskEmail(item.name) : (item.id ?? `#${item.index + 1}`)}</span>
              <span class="text-text-2"> {itemErrorText(item, t)}</span>
            </li>
          )}
        </For>
      </ul>
    </Show>
  )
}
