import { useMutation, useQuery } from '@tanstack/solid-query'
import { type Accessor, createEffect, createMemo, createSignal, on } from 'solid-js'
import type { AccountBatch, JobItem, JobView } from '../../../../server/admin/contract/jobs.ts'
import { accountsApi } from '../../api/accounts.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf, queries, useRefresh } from '../../api/queries.ts'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

export type BulkAction = Omit<AccountBatch, 'ids'>

export type Bulk = {
  readonly job: Accessor<JobView | undefined>
  /** Of the job that has ended. */
  readonly failed: Accessor<readonly JobItem[]>
  readonly start: (action: BulkAction, ids: readonly string[]) => void
  readonly starting: Accessor<boolean>
  readonly cancel: () => void
  readonly retry: () => void
  readonly dismiss: () => void
}

const isBulk = ({ kind }: JobView): boolean => kind.startsWith('accounts.batch-')

/** Work on many accounts: one job at a time, found again by who comes back to the page. `onFailed`: what stays chosen. */
export function createBulk(onFailed: (ids: readonly string[]) => void): Bulk {
  const { t } = useI18n()
  const refresh = useRefresh()
  const jobs = useQuery(() => queries.jobs())
  const [chosen, setChosen] = createSignal<string>()
  const [dismissed, setDismissed] = createSignal<ReadonlySet<string>>(new Set())
  const [begun, setBegun] = createSignal<{ readonly action: BulkAction; readonly job: JobView }>()
  const list = () => dataOf(jobs)?.jobs ?? []
  const job = createMemo((): JobView | undefined => {
    const wanted = chosen() ?? list().find((one) => isBulk(one) && one.state === 'running')?.id
    if (wanted === undefined || dismissed().has(wanted)) return undefined
    const own = begun()?.job
    return list().find(({ id }) => id === wanted) ?? (own?.id === wanted ? own : undefined)
  })
  // One that was found running stays when it ends.
  createEffect(() => {
    const found = job()
    if (found !== undefined && chosen() === undefined) setChosen(found.id)
  })
  const isOver = (): boolean => job() !== undefined && job()?.state !== 'running'
  const detail = useQuery(() => ({ ...queries.job(job()?.id ?? ''), enabled: isOver() }))
  const failed = createMemo((): readonly JobItem[] => {
    const told = isOver() ? dataOf(detail) : undefined
    return told === undefined || told.id !== job()?.id || told.state === 'running'
      ? []
      : told.results.filter(({ ok }) => !ok)
  })
  const failedIds = () => failed().flatMap(({ id }) => id ?? [])
  createEffect(
    on(
      () => isOver() && dataOf(detail)?.id === job()?.id && dataOf(detail)?.state !== 'running',
      (over) => {
        if (!over) return
        onFailed(failedIds())
        void refresh('accounts', 'models')
      },
    ),
  )
  const begin = useMutation(() => ({
    mutationFn: ({ action, ids }: { action: BulkAction; ids: readonly string[] }) =>
      accountsApi.batch({ ...action, ids: [...ids] }),
    onSuccess: ({ job: started }, { action }) => {
      setBegun({ action, job: started })
      setChosen(started.id)
      void refresh('jobs')
    },
    onError: (error) => showToast({ tone: 'error', text: t('accounts.bulk.notStarted'), detail: errorText(error, t) }),
  }))
  const stop = useMutation(() => ({ mutationFn: (id: string) => api.cancelJob(id), onSettled: () => refresh('jobs') }))
  const start = (action: BulkAction, ids: readonly string[]): void => {
    if (ids.length > 0 && !begin.isPending) begin.mutate({ action, ids })
  }
  return {
    job,
    failed,
    start,
    starting: () => begin.isPending,
    cancel: () => {
      const running = job()
      if (running !== undefined) stop.mutate(running.id)
    },
    retry: () => {
      const action = begun()?.action ?? actionOf(job()?.kind ?? '')
      if (action !== undefined) start(action, failedIds())
    },
    dismiss: () => {
      const over = job()
      if (over !== undefined) setDismissed((known) => new Set([...known, over.id]))
      setChosen(undefined)
    },
  }
}

/** Of a job that somebody else began what it did can be told by its kind, but for what it was given. */
function actionOf(kind: string): BulkAction | undefined {
  const action = (['enable', 'disable', 'delete', 'check'] as const).find((one) => kind === `accounts.batch-${one}`)
  return action && { action }
}
