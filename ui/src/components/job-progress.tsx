import CircleAlert from 'lucide-solid/icons/circle-alert'
import CircleCheck from 'lucide-solid/icons/circle-check'
import CirclePause from 'lucide-solid/icons/circle-pause'
import { type JSX, Match, Show, Switch } from 'solid-js'
import type { JobView } from '../../../server/admin/contract/jobs.ts'
import { useI18n } from '../i18n/i18n.tsx'
import { Meter } from './meter.tsx'

/** How far a job is, or how it ended: "37 of 214 done, 2 failed". */
export function JobProgress(props: { readonly job: JobView; readonly title: string; readonly children?: JSX.Element }) {
  const { t, format } = useI18n()
  const running = (): boolean => props.job.state === 'running'
  const progress = (): string => {
    const { done, failed, total } = props.job
    const count = { done: format().number(done), total: total === null ? '…' : format().number(total) }
    return failed > 0
      ? t('jobs.progressFailed', { ...count, failed: format().number(failed) })
      : t('jobs.progress', count)
  }
  return (
    <div class="flex min-w-0 grow flex-col gap-1.5">
      <div class="flex items-center gap-2">
        <Switch>
          <Match when={props.job.state === 'done' && props.job.failed === 0}>
            <CircleCheck size={16} strokeWidth={1.75} class="shrink-0 text-success" aria-hidden="true" />
          </Match>
          <Match when={props.job.state === 'cancelled'}>
            <CirclePause size={16} strokeWidth={1.75} class="shrink-0 text-text-3" aria-hidden="true" />
          </Match>
          <Match when={!running()}>
            <CircleAlert size={16} strokeWidth={1.75} class="shrink-0 text-danger" aria-hidden="true" />
          </Match>
        </Switch>
        <span class="min-w-0 grow font-medium">{props.title}</span>
        {props.children}
      </div>
      <Show when={running()}>
        <Meter
          ratio={props.job.total ? props.job.done / props.job.total : 0}
          level={props.job.failed > 0 ? 'warning' : 'normal'}
          label={props.title}
        />
      </Show>
      <p class="numbers text-12 text-text-2" aria-live={running() ? 'off' : 'polite'}>
        {running() ? '' : `${t(`jobs.state.${props.job.state}`)} · `}
        {progress()}
      </p>
      <Show when={props.job.error}>
        <p class="wrap-anywhere text-12 text-danger">{t('jobs.brokeOff')}</p>
      </Show>
    </div>
  )
}
