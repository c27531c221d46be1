import { useNavigate, useParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { createSignal, Show, Suspense } from 'solid-js'
import { createMayChange } from '../api/may-change.tsx'
import { dataOf, queries } from '../api/queries.ts'
import { PageHeader } from '../components/page-header.tsx'
import { Skeleton } from '../components/states.tsx'
import type { LogFilters } from '../features/logs/filters.ts'
import { logParams } from '../features/logs/filters.ts'
import { LogActions } from '../features/logs/log-actions.tsx'
import { LogView } from '../features/logs/log-view.tsx'
import { useI18n } from '../i18n/i18n.tsx'
import { later } from '../lib/later.tsx'
import { choiceParam } from '../lib/url-params.ts'
import { createUrlState } from '../lib/url-state.ts'

const AddressView = later(async () => ({
  default: (await import('../features/addresses/address-view.tsx')).AddressView,
}))
const CapturesDialog = later(() => import('../features/logs/captures.tsx'))
const DeleteLogsDialog = later(() => import('../features/logs/delete-logs.tsx'))

/** What happened to this request, or to these requests? And where they came from. All that is chosen is in the address. */
export default function LogsPage() {
  const { t } = useI18n()
  const session = useQuery(() => queries.session())
  const mayChange = createMayChange()
  const params = useParams<{ id?: string }>()
  const navigate = useNavigate()
  const tab = createUrlState({ view: choiceParam(['requests', 'addresses'] as const, 'requests') })
  const filters = createUrlState(logParams)
  const [capturing, setCapturing] = createSignal(false)
  const [deleting, setDeleting] = createSignal(false)
  const [deleted, setDeleted] = createSignal(0)
  const opened = new Set<string>()
  const seen = (name: string, open: boolean): boolean => {
    if (open) opened.add(name)
    return opened.has(name)
  }
  const showLogs = (chosen: Partial<LogFilters>): void => {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(chosen)) if (typeof value === 'string') search.set(name, value)
    navigate(`/logs?${search}`)
  }
  return (
    <>
      <PageHeader title={t('logs.title')} app={dataOf(session)?.name ?? ''} answer={t('logs.lead')}>
        <Show when={tab.value.view === 'requests'}>
          <LogActions
            filters={filters}
            mayChange={mayChange()}
            onCapture={() => setCapturing(true)}
            onDelete={() => setDeleting(true)}
          />
        </Show>
      </PageHeader>
      <nav aria-label={t('logs.views')} class="flex gap-1 border-border border-b">
        <ViewLink on={tab.value.view === 'requests'} text={t('logs.view.requests')} onClick={() => navigate('/logs')} />
        <ViewLink
          on={tab.value.view === 'addresses'}
          text={t('logs.view.addresses')}
          onClick={() => navigate('/logs?view=addresses')}
        />
      </nav>
      <Show
        when={tab.value.view === 'requests'}
        fallback={
          <Suspense fallback={<Skeleton rows={5} label={t('common.loading')} />}>
            <AddressView onShowLogs={(ip) => showLogs({ ip })} />
          </Suspense>
        }
      >
        <LogView filters={filters} requestId={params.id} reset={deleted()} onManageCapture={() => setCapturing(true)} />
      </Show>
      <Suspense>
        <Show when={seen('capture', capturing())}>
          <CapturesDialog open={capturing()} onClose={() => setCapturing(false)} />
        </Show>
        <Show when={seen('delete', deleting())}>
          <DeleteLogsDialog
            open={deleting()}
            onClose={() => setDeleting(false)}
            onDone={() => setDeleted((count) => count + 1)}
          />
        </Show>
      </Suspense>
    </>
  )
}

function ViewLink(props: { readonly on: boolean; readonly text: string; readonly onClick: () => void }) {
  return (
    <button
      type="button"
      aria-current={props.on ? 'page' : undefined}
      onClick={() => props.onClick()}
      class="control -mb-px border-transparent border-b-2 px-3 text-text-2 hover:text-text aria-[current]:border-accent aria-[current]:font-medium aria-[current]:text-text"
    >
      {props.text}
    </button>
  )
}
