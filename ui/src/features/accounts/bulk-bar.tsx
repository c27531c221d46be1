import CirclePause from 'lucide-solid/icons/circle-pause'
import CirclePlay from 'lucide-solid/icons/circle-play'
import Download from 'lucide-solid/icons/download'
import RefreshCw from 'lucide-solid/icons/refresh-cw'
import Route from 'lucide-solid/icons/route'
import Scale from 'lucide-solid/icons/scale'
import Trash2 from 'lucide-solid/icons/trash'
import { For, Show } from 'solid-js'
import { itemErrorText } from '../../api/error-text.ts'
import { jobTitle } from '../../api/job-title.ts'
import { Writes } from '../../api/writes.tsx'
import { Button } from '../../components/button.tsx'
import { JobProgress } from '../../components/job-progress.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { Bulk } from './bulk.ts'

type Props = {
  readonly count: number
  /** That match the filters. */
  readonly total: number
  readonly bulk: Bulk
  readonly selecting: boolean
  readonly onSelectAll: () => void
  readonly onClear: () => void
  readonly onEnable: (on: boolean) => void
  readonly onCheck: () => void
  readonly onProxy: () => void
  readonly onWeight: () => void
  readonly onExport: () => void
  readonly onDelete: () => void
}

/** What can be done with the chosen accounts; while it is done, how far it is; then what failed, which stays chosen. */
export default function BulkBar(props: Props) {
  const { t, format } = useI18n()
  return (
    <Show when={props.count > 0 || props.bulk.job()}>
      <section
        aria-label={t('accounts.bulk.label')}
        class="sticky bottom-4 z-10 flex flex-col gap-3 rounded-lg border border-border bg-surface p-3 shadow-overlay max-md:bottom-20"
      >
        <Show when={props.bulk.job()}>
          {(job) => (
            <div class="flex flex-col gap-2">
              <JobProgress job={job()} title={jobTitle(job().kind, t)}>
                <Show
                  when={job().state === 'running'}
                  fallback={
                    <Button look="quiet" onClick={props.bulk.dismiss}>
                      {t('common.close')}
                    </Button>
                  }
                >
                  <Button look="quiet" onClick={props.bulk.cancel}>
                    {t('common.cancel')}
                  </Button>
                </Show>
              </JobProgress>
              <Show when={props.bulk.failed().length > 0}>
                <ul class="flex max-h-40 flex-col gap-1 overflow-y-auto rounded-md bg-surface-2 p-2 text-12">
                  <For each={props.bulk.failed().slice(0, 100)}>
                    {(item) => (
                      <li class="wrap-anywhere">
                        <span class="font-medium">{item.name ?? item.id}</span>{' '}
                        <span class="text-text-2">{itemErrorText(item, t)}</span>
                      </li>
                    )}
                  </For>
                </ul>
                <div>
                  <Button onClick={props.bulk.retry}>{t('accounts.bulk.retry')}</Button>
                </div>
              </Show>
            </div>
          )}
        </Show>
        <Show when={props.count > 0 && props.bulk.job()?.state !== 'running'}>
          <div class="flex flex-wrap items-center gap-2">
            <p role="status" class="numbers pr-2 font-medium">
              {t('common.chosen', { count: format().number(props.count) })}
            </p>
            <Show when={props.total > props.count}>
              <Button look="quiet" writes={false} busy={props.selecting} onClick={props.onSelectAll}>
                {t('accounts.bulk.selectAll', { count: format().number(props.total) })}
              </Button>
            </Show>
            <Button look="quiet" onClick={props.onClear}>
              {t('accounts.bulk.clear')}
            </Button>
            <span class="grow" />
            <Writes all>
              <Button icon={CirclePlay} onClick={() => props.onEnable(true)}>
                {t('accounts.bulk.enable')}
              </Button>
              <Button icon={CirclePause} onClick={() => props.onEnable(false)}>
                {t('accounts.bulk.disable')}
              </Button>
              <Button icon={RefreshCw} onClick={props.onCheck}>
                {t('accounts.bulk.check')}
              </Button>
              <Button icon={Route} onClick={props.onProxy}>
                {t('accounts.setProxy')}
              </Button>
              <Button icon={Scale} onClick={props.onWeight}>
                {t('accounts.bulk.weight')}
              </Button>
              <Button icon={Download} onClick={props.onExport}>
                {t('accounts.export.action')}
              </Button>
              <Button icon={Trash2} look="quiet-danger" onClick={props.onDelete}>
                {t('accounts.delete')}
              </Button>
            </Writes>
          </div>
        </Show>
      </section>
    </Show>
  )
}
