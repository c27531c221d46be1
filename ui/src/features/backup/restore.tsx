import { useMutation, useQueryClient } from '@tanstack/solid-query'
import LoaderCircle from 'lucide-solid/icons/loader-circle'
import { createSignal, Show } from 'solid-js'
import type { RestoreDone, RestoreMode, RestoreReport } from '../../../../server/admin/contract/backup.ts'
import type { JobDetail, JobStarted } from '../../../../server/admin/contract/jobs.ts'
import { care } from '../../api/care.ts'
import { ApiError, api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Choice, PasswordField, TextField } from '../../components/field.tsx'
import { FileField } from '../../components/file-field.tsx'
import { Meter } from '../../components/meter.tsx'
import { Skeleton } from '../../components/states.tsx'
import { Time } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault, focusRefusal } from '../../lib/focus.ts'
import { parseTime } from '../../lib/format.ts'
import { useFreshPassword } from '../fresh-password/fresh-password.tsx'
import { ChangeTable } from './change-table.tsx'
import { partOf } from './plan.ts'

/** What is restored: a copy on the server, or a file. */
export type Source = {
  /** Says what it would do. */
  readonly look: (mode: RestoreMode) => Promise<RestoreDone>
  readonly restore: (mode: RestoreMode) => Promise<JobStarted>
}
export const copySource = (name: string): Source => ({
  look: (mode) => care.lookThroughCopy(name, mode),
  restore: (mode) => care.restoreCopy(name, mode),
})
const word = 'RESTORE'

/** A file is chosen and looked through; what follows is the plan. */
export function RestoreFromFile(props: { readonly onPlan: (plan: Plan) => void }) {
  const { t } = useI18n()
  const [file, setFile] = createSignal<File>()
  const [passphrase, setPassphrase] = createSignal('')
  const [tried, setTried] = createSignal(false)
  let form: HTMLFormElement | undefined
  const look = useMutation(() => ({
    gcTime: 0,
    mutationFn: (source: Source) => source.look('merge'),
    onSuccess: ({ report }, source) => props.onPlan({ source, report }),
  }))
  const ofPassphrase = (): boolean => look.error instanceof ApiError && look.error.field === 'passphrase'
  focusRefusal(
    () => ofPassphrase() && look.error,
    () => form,
  )
  const fault = (): string | undefined => (tried() && !file() ? t('backup.fileNone') : undefined)
  return (
    <form
      ref={(element) => (form = element)}
      class="flex max-w-lg flex-col gap-4"
      novalidate
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        const chosen = file()
        if (!chosen) return focusFault(form)
        const given = passphrase()
        if (look.isPending) return
        look.mutate({
          look: (mode) => care.lookThroughBackup(chosen, given, mode),
          restore: (mode) => care.importBackup(chosen, given, mode),
        })
      }}
    >
      <FileField
        label={t('backup.file')}
        choose={t('backup.fileChoose')}
        none={t('backup.fileNoneYet')}
        accept=".json,.jsonl,application/json"
        file={file()}
        onFile={(chosen) => {
          look.reset()
          setFile(chosen)
        }}
        error={fault()}
      />
      <PasswordField
        label={t('backup.filePassphrase')}
        help={t('backup.filePassphraseHelp')}
        autocomplete="off"
        optional
        value={passphrase()}
        onInput={(event) => {
          look.reset()
          setPassphrase(event.currentTarget.value)
        }}
        error={ofPassphrase() ? errorText(look.error, t) : undefined}
      />
      <Show when={look.error && !ofPassphrase()}>
        <Banner tone="danger">{`${t('backup.dryRunFailed')} ${errorText(look.error, t)}`}</Banner>
      </Show>
      <div>
        <Button type="submit" busy={look.isPending}>
          {t('backup.dryRun')}
        </Button>
      </div>
    </form>
  )
}

/** `undoes`: it brings back what was before a restore, which only a replacement does. */
export type Plan = { readonly source: Source; readonly report: RestoreReport; readonly undoes?: boolean }

/** What would change; then the word where something is lost, the password, the work, and the restart. */
export function RestorePlan(props: {
  readonly plan: Plan | undefined
  readonly open: boolean
  readonly onClose: () => void
}) {
  const { t } = useI18n()
  const [step, setStep] = createSignal<Step>()
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      closable={step() === undefined}
      wide
      title={t('backup.planTitle')}
    >
      <Show when={step()}>{(shown) => <UnderWay step={shown()} />}</Show>
      <Show when={props.plan} keyed>
        {(plan) => (
          <div class={step() === undefined ? 'contents' : 'hidden'}>
            <PlanForm
              plan={plan}
              onCancel={props.onClose}
              onStep={setStep}
              onDone={() => {
                setStep(undefined)
                props.onClose()
              }}
            />
          </div>
        )}
      </Show>
    </Dialog>
  )
}

/** How far a restore is. */
type Step = { readonly at: 'working'; readonly job: JobDetail } | { readonly at: 'restarting' }

function UnderWay(props: { readonly step: Step }) {
  const { t, format } = useI18n()
  const job = (): JobDetail | undefined => (props.step.at === 'working' ? props.step.job : undefined)
  const now = (): string => {
    const name = job()?.results.at(-1)?.name
    return name === undefined ? t('backup.reading') : t('backup.working', { part: t(`backup.table.${partOf(name)}`) })
  }
  return (
    <Show
      when={job()}
      fallback={
        <p role="status" class="flex items-center gap-2">
          <LoaderCircle size={16} strokeWidth={1.75} class="turning" aria-hidden="true" />
          {t('backup.restarting')}
        </p>
      }
    >
      {(shown) => (
        <div class="flex flex-col gap-2">
          <p role="status">{now()}</p>
          <Meter ratio={shown().done / (shown().total ?? 1)} level="normal" label={t('backup.planTitle')} />
          <p class="numbers text-12 text-text-2">
            {t('backup.workingDone', {
              done: format().number(shown().done),
              total: format().number(shown().total ?? shown().done),
            })}
          </p>
          <p class="text-13 text-text-2">{t('backup.mayLeave')}</p>
        </div>
      )}
    </Show>
  )
}

function PlanForm(props: {
  readonly plan: Plan
  readonly onCancel: () => void
  readonly onStep: (step: Step | undefined) => void
  readonly onDone: () => void
}) {
  const { t, format } = useI18n()
  const client = useQueryClient()
  const confirmed = useFreshPassword()
  const [mode, setMode] = createSignal<RestoreMode>(props.plan.report.mode ?? 'replace')
  const [typed, setTyped] = createSignal('')
  const [tried, setTried] = createSignal(false)
  let form: HTMLFormElement | undefined
  const [reports, setReports] = createSignal<Partial<Record<RestoreMode, RestoreReport>>>({
    [mode()]: props.plan.report,
  })
  const report = (): RestoreReport | undefined => reports()[mode()]
  const look = useMutation(() => ({
    gcTime: 0,
    mutationFn: (wanted: RestoreMode) => props.plan.source.look(wanted),
    onSuccess: (done, wanted) => setReports((known) => ({ ...known, [wanted]: done.report })),
  }))
  const made = (): string => {
    const at = parseTime(props.plan.report.createdAt)
    return at === undefined ? '' : format().dateTime(at)
  }
  const apply = useMutation(() => ({
    gcTime: 0,
    mutationFn: async (): Promise<boolean> => {
      if (!(await confirmed())) return false
      const { job } = await props.plan.source.restore(mode())
      await jobIsOver(job.id, (found) => props.onStep({ at: 'working', job: found }))
      props.onStep({ at: 'restarting' })
      await serverIsBack(job.id)
      return true
    },
    onSuccess: async (done) => {
      if (!done) return
      props.onDone()
      await client.invalidateQueries()
    },
    onError: () => props.onStep(undefined),
  }))
  const isReplaced = (): boolean => mode() === 'replace'
  const isRight = (): boolean => !isReplaced() || typed().trim().toUpperCase() === word
  const lead = (): string => {
    if (!isReplaced()) return t('backup.leadMerge')
    return props.plan.report.kind === 'original' ? t('backup.planOriginal') : t('backup.planLead')
  }
  return (
    <form
      ref={(element) => (form = element)}
      class="flex flex-col gap-4"
      novalidate
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (!isRight()) focusFault(form)
        else if (report() && !apply.isPending) apply.mutate()
      }}
    >
      <Show when={!props.plan.undoes}>
        <Choice
          label={t('backup.mode')}
          value={mode()}
          options={[
            { value: 'merge', text: t('backup.mode.merge') },
            { value: 'replace', text: t('backup.mode.replace') },
          ]}
          onChange={(chosen) => {
            apply.reset()
            setTried(false)
            setMode(chosen)
            if (!report()) look.mutate(chosen)
          }}
        />
      </Show>
      <Banner tone={isReplaced() ? 'warning' : 'info'}>
        <p>{lead()}</p>
        <p>{t('backup.planKept')}</p>
      </Banner>
      <Show when={made()}>
        {(time) => (
          <p class="numbers">
            <Time at={props.plan.report.createdAt}>{t('backup.planFrom', { time: time() })}</Time>
          </p>
        )}
      </Show>
      <Show
        when={report()}
        fallback={
          <Show when={look.error} fallback={<Skeleton rows={4} label={t('common.loading')} />}>
            <Banner tone="danger">{`${t('backup.dryRunFailed')} ${errorText(look.error, t)}`}</Banner>
          </Show>
        }
      >
        {(found) => <ChangeTable report={found()} />}
      </Show>
      <Show when={isReplaced()}>
        <TextField
          label={t('backup.planWord', { word })}
          autocapitalize="characters"
          mono
          value={typed()}
          onInput={(event) => setTyped(event.currentTarget.value)}
          error={tried() && !isRight() ? t('backup.planWordWrong') : undefined}
        />
      </Show>
      <Show when={apply.error}>
        <Banner tone="danger">{`${t('backup.restoreFailed')} ${errorText(apply.error, t)}`}</Banner>
      </Show>
      <div class="flex flex-wrap justify-end gap-2">
        <Button onClick={() => props.onCancel()}>{t('common.cancel')}</Button>
        <Button
          type="submit"
          look={isReplaced() ? 'danger' : 'primary'}
          busy={apply.isPending || look.isPending}
          disabled={!report()}
        >
          {isReplaced() ? t('backup.planApply') : t('backup.planMerge')}
        </Button>
      </div>
    </form>
  )
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** So long a server may give no answer while it starts anew. */
const awayMs = 120_000

/**
 * Follows the job to its end: throws what the restore was refused for. Whoever is not known any more talks to a server that
 * starts anew; a call that got no answer says nothing of either.
 */
async function jobIsOver(jobId: string, onStep: (job: JobDetail) => void): Promise<void> {
  for (let answeredAt = Date.now(); ; await wait(500)) {
    try {
      const job = await api.job(jobId)
      answeredAt = Date.now()
      const fault = job.results.find(({ ok }) => !ok)
      if (job.state === 'running') onStep(job)
      else if (fault === undefined && job.error === null) return
      else throw refusalOf(job, fault)
    } catch (error) {
      const { status } = error as ApiError
      // Nobody is signed in any more, or has been again since: the server has begun anew.
      if (status === 401 || status === 404) return
      if ((status !== 0 && status < 500) || Date.now() - answeredAt > awayMs) throw error
    }
  }
}

const refusalOf = ({ error, code }: JobDetail, fault: JobDetail['results'][number] | undefined): ApiError =>
  new ApiError({
    status: 400,
    code: fault?.code ?? code ?? 'INVALID_BACKUP',
    message: fault?.error ?? error ?? '',
    params: fault?.params,
  })

/**
 * It lets open streams end first: a session that holds no longer says that the restored data is in force, and to whoever has signed in
 * again by then, that nobody knows the job any more.
 */
async function serverIsBack(jobId: string): Promise<void> {
  let fault: unknown
  for (const until = Date.now() + awayMs; Date.now() < until; ) {
    await wait(500)
    try {
      const session = await api.session()
      if (!session.signedIn || (await isForgotten(jobId))) return
      fault = undefined
    } catch (error) {
      fault = error
    }
  }
  if (fault !== undefined) throw fault
}

const isForgotten = (jobId: string): Promise<boolean> =>
  api.job(jobId).then(
    () => false,
    (error: unknown) => error instanceof ApiError && error.status === 404,
  )
