import { A } from '@solidjs/router'
import { useMutation, useQuery, useQueryClient } from '@tanstack/solid-query'
import Archive from 'lucide-solid/icons/archive'
import ArchiveRestore from 'lucide-solid/icons/archive-restore'
import { createSignal, type JSX, Match, Show, Switch } from 'solid-js'
import type { BackupFileView } from '../../../server/admin/contract/backup.ts'
import { care, careQueries } from '../api/care.ts'
import { ApiError } from '../api/client.ts'
import { errorText } from '../api/error-text.ts'
import { dataOf, queries } from '../api/queries.ts'
import { Button } from '../components/button.tsx'
import { ConfirmDialog } from '../components/dialog.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { usePaletteActions } from '../components/palette-actions.tsx'
import { EmptyState, ErrorState, Skeleton } from '../components/states.tsx'
import { showToast } from '../components/toast.tsx'
import { Copies } from '../features/backup/copies.tsx'
import { ImportReport } from '../features/backup/import-report.tsx'
import { LastRestore } from '../features/backup/last-restore.tsx'
import { newestOf } from '../features/backup/plan.ts'
import { PortableBackup } from '../features/backup/portable.tsx'
import { copySource, type Plan, RestoreFromFile, RestorePlan } from '../features/backup/restore.tsx'
import { useI18n } from '../i18n/i18n.tsx'
import { createClock } from '../lib/clock.ts'

/** Could I rebuild this server tomorrow? */
export default function BackupPage() {
  const { t } = useI18n()
  const session = useQuery(() => queries.session())
  const isOwner = (): boolean => dataOf(session)?.user?.role === 'owner'
  return (
    <Show
      when={isOwner()}
      fallback={
        <>
          <PageHeader title={t('backup.title')} app={dataOf(session)?.name ?? ''} />
          <p class="text-text-2">{t('backup.ownerOnly')}</p>
        </>
      }
    >
      <OwnerBackup app={dataOf(session)?.name ?? ''} />
    </Show>
  )
}

function OwnerBackup(props: { readonly app: string }) {
  const { t, format } = useI18n()
  const client = useQueryClient()
  const now = createClock(30_000)
  const copies = useQuery(() => careQueries.copies())
  const settings = useQuery(() => queries.settings())
  const [plan, setPlan] = createSignal<Plan>()
  const [open, setOpen] = createSignal(false)
  const [asking, setAsking] = createSignal(false)
  let restore: HTMLElement | undefined
  /** Once a page that was on its way is there, and its heading has had the focus. */
  const goToRestore = (): void => {
    setTimeout(() => {
      restore?.scrollIntoView({ block: 'center' })
      restore?.querySelector('input')?.focus({ preventScroll: true })
    }, 60)
  }
  const show = (shown: Plan): void => {
    setPlan(shown)
    setOpen(true)
  }
  const make = useMutation(() => ({
    mutationFn: care.makeCopy,
    onSuccess: ({ name }) => showToast({ tone: 'info', text: t('backup.created', { name }) }),
    onError: (error) =>
      showToast({
        tone: 'error',
        text: t('backup.createFailed'),
        // The one reason that is no fault: there is no file to copy.
        detail:
          error instanceof ApiError && error.message.includes('MySQL') ? t('backup.onServer') : errorText(error, t),
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ['backup'] }),
  }))
  const look = useMutation(() => ({
    mutationFn: (copy: BackupFileView) => care.lookThroughCopy(copy.name, 'merge'),
    onSuccess: ({ report }, copy) => show({ source: copySource(copy.name), report }),
    onError: (error) => showToast({ tone: 'error', text: t('backup.dryRunFailed'), detail: errorText(error, t) }),
  }))
  const answer = (): string | undefined => {
    const files = dataOf(copies)?.files
    if (!files) return undefined
    const newest = newestOf(files, now())
    if (newest === undefined) return t('backup.answerNone')
    return t('backup.answer', { count: format().number(files.length), time: format().relative(newest, now()) })
  }
  const schedule = (): string => {
    const found = dataOf(settings)
    if (!found) return ''
    return found.backupIntervalHours === 0
      ? t('backup.scheduleOff')
      : t('backup.scheduleOn', {
          hours: format().number(found.backupIntervalHours),
          keep: format().number(found.backupKeep),
        })
  }
  usePaletteActions(() => [
    {
      ...{ id: 'backup.create', writes: true, text: t('backup.create'), icon: Archive, keys: 'n' },
      run: () => make.mutate(),
      byKey: () => setAsking(true),
    },
    { id: 'backup.restore', text: t('backup.restore'), icon: ArchiveRestore, run: goToRestore },
  ])
  const create = (
    <Button look="primary" icon={Archive} busy={make.isPending} onClick={() => make.mutate()}>
      {t('backup.create')}
    </Button>
  )
  return (
    <>
      <PageHeader title={t('backup.title')} app={props.app} answer={answer()}>
        {create}
      </PageHeader>
      <LastRestore onPlan={show} />
      <Section title={t('backup.copies')} lead={t('backup.copiesLead', { folder: dataOf(copies)?.folder ?? '…' })}>
        <Switch>
          <Match when={copies.isPending}>
            <Skeleton rows={2} label={t('common.loading')} />
          </Match>
          <Match when={!dataOf(copies) && copies.error}>
            <ErrorState
              text={t('backup.failed')}
              detail={errorText(copies.error, t)}
              retry={t('common.retry')}
              busy={copies.isFetching}
              onRetry={() => void copies.refetch()}
            />
          </Match>
          <Match when={dataOf(copies)?.files.length === 0}>
            <EmptyState icon={Archive} text={t('backup.empty')} />
          </Match>
          <Match when={dataOf(copies)}>
            {(shown) => <Copies copies={shown().files} onRestore={(copy) => look.mutate(copy)} />}
          </Match>
        </Switch>
        <p class="numbers flex flex-wrap items-center gap-x-2 text-13">
          <span class="font-medium">{t('backup.schedule')}</span>
          <span class="text-text-2">{schedule()}</span>
          <A href="/settings/backup" class="text-accent-text underline finger-link">
            {t('backup.scheduleChange')}
          </A>
        </p>
      </Section>
      <div class="grid gap-x-10 gap-y-5 lg:grid-cols-2">
        <Section title={t('backup.portable')} lead={t('backup.portableLead')}>
          <PortableBackup />
        </Section>
        <div ref={(element) => (restore = element)}>
          <Section title={t('backup.restore')} lead={t('backup.restoreLead')}>
            <RestoreFromFile onPlan={show} />
          </Section>
        </div>
      </div>
      <ImportReport />
      <ConfirmDialog
        open={asking()}
        onClose={() => setAsking(false)}
        title={t('backup.createAsk')}
        text={t('backup.copiesLead', { folder: dataOf(copies)?.folder ?? '…' })}
        action={t('backup.create')}
        onConfirm={() => {
          setAsking(false)
          make.mutate()
        }}
      />
      <RestorePlan plan={plan()} open={open()} onClose={() => setOpen(false)} />
    </>
  )
}

function Section(props: { readonly title: string; readonly lead: string; readonly children: JSX.Element }) {
  return (
    <section class="flex flex-col gap-3 border-border border-t pt-5">
      <div>
        <h2 class="font-semibold text-16">{props.title}</h2>
        <p class="wrap-anywhere max-w-3xl text-13 text-text-2">{props.lead}</p>
      </div>
      {props.children}
    </section>
  )
}
