import { useMutation, useQueryClient } from '@tanstack/solid-query'
import LoaderCircle from 'lucide-solid/icons/loader-circle'
import { createSignal, For, Show } from 'solid-js'
import type { RestoreDone, RestoreReport } from '../../../../server/admin/contract/backup.ts'
import { care } from '../../api/care.ts'
import { ApiError, api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { PasswordField, TextField } from '../../components/field.tsx'
import { FileField } from '../../components/file-field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault, focusRefusal } from '../../lib/focus.ts'
import { parseTime } from '../../lib/format.ts'
import { useFreshPassword } from '../fresh-password/fresh-password.tsx'
import { planRows } from './plan.ts'

/** What is restored: a copy on the server, or a file. `run` looks through it, or does it. */
export type Source = { readonly run: (dryRun: boolean) => Promise<RestoreDone> }
const word = 'RESTORE'

/** A file is chosen and looked through; what follows is the plan. */
export function RestoreFromFile(props: { readonly onPlan: (source: Source, report: RestoreReport) => void }) {
  const { t } = useI18n()
  const [file, setFile] = createSignal<File>()
  const [passphrase, setPassphrase] = createSignal('')
  const [tried, setTried] = createSignal(false)
  let form: HTMLFormElement | undefined
  const look = useMutation(() => ({
    gcTime: 0,
    mutationFn: (source: Source) => source.run(true),
    onSuccess: ({ report }, source) => props.onPlan(source, report),
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
        if (!look.isPending) look.mutate({ run: (dryRun) => care.importBackup(chosen, given, dryRun) })
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

export type Plan = { readonly source: Source; readonly report: RestoreReport }

/** What would be replaced by what; then the word, the password, and the restart. */
export function RestorePlan(props: {
  readonly plan: Plan | undefined
  readonly open: boolean
  readonly onClose: () => void
}) {
  const { t } = useI18n()
  const [restarting, setRestarting] = createSignal(false)
  return (
    <Dialog open={props.open} onClose={props.onClose} closable={!restarting()} wide title={t('backup.planTitle')}>
      <Show
        when={!restarting()}
        fallback={
          <p role="status" class="flex items-center gap-2">
            <LoaderCircle size={16} strokeWidth={1.75} class="turning" aria-hidden="true" />
            {t('backup.restarting')}
          </p>
        }
      >
        <Show when={props.plan}>
          {(plan) => (
            <PlanForm
              plan={plan()}
              onCancel={props.onClose}
              onRestarting={() => setRestarting(true)}
              onDone={() => {
                setRestarting(false)
                props.onClose()
              }}
            />
          )}
        </Show>
      </Show>
    </Dialog>
  )
}

function PlanForm(props: {
  readonly plan: Plan
  readonly onCancel: () => void
  readonly onRestarting: () => void
  readonly onDone: () => void
}) {
  const { t, format } = useI18n()
  const client = useQueryClient()
  const confirmed = useFreshPassword()
  const [typed, setTyped] = createSignal('')
  const [tried, setTried] = createSignal(false)
  let form: HTMLFormElement | undefined
  const made = (): string => {
    const at = parseTime(props.plan.report.createdAt)
    return at === undefined ? '' : format().dateTime(at)
  }
  const apply = useMutation(() => ({
    gcTime: 0,
    mutationFn: async (): Promise<boolean> => {
      if (!(await confirmed())) return false
      const { restarting } = await props.plan.source.run(false)
      if (restarting) {
        props.onRestarting()
        await serverIsBack()
      }
      return true
    },
    onSuccess: async (done) => {
      if (!done) return
      props.onDone()
      await client.invalidateQueries()
    },
  }))
  const isRight = (): boolean => typed().trim().toUpperCase() === word
  return (
    <form
      ref={(element) => (form = element)}
      class="flex flex-col gap-4"
      novalidate
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (!isRight()) focusFault(form)
        else if (!apply.isPending) apply.mutate()
      }}
    >
      <Banner tone="warning">
        {props.plan.report.kind === 'original' ? t('backup.planOriginal') : t('backup.planLead')}
      </Banner>
      <Show when={made()}>{(time) => <p class="numbers">{t('backup.planFrom', { time: time() })}</p>}</Show>
      <table class="w-full text-13">
        <thead>
          <tr class="border-border border-b text-12 text-text-2">
            <th class="py-1.5 text-left font-medium">{t('backup.planColumn.table')}</th>
            <th class="py-1.5 text-right font-medium">{t('backup.planColumn.replaces')}</th>
            <th class="py-1.5 text-right font-medium">{t('backup.planColumn.rows')}</th>
          </tr>
        </thead>
        <tbody>
          <For each={planRows(props.plan.report)}>
            {(row) => (
              <tr class="border-border border-b last:border-b-0" data-part={row.part}>
                <td class="py-1.5">{t(`backup.table.${row.part}`)}</td>
                <td class="numbers py-1.5 text-right">
                  {row.replaces === null ? t('backup.planUnknown') : format().number(row.replaces)}
                </td>
                <td class="numbers py-1.5 text-right">{format().number(row.rows)}</td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
      <TextField
        label={t('backup.planWord', { word })}
        autocapitalize="characters"
        mono
        value={typed()}
        onInput={(event) => setTyped(event.currentTarget.value)}
        error={tried() && !isRight() ? t('backup.planWordWrong') : undefined}
      />
      <Show when={apply.error}>
        <Banner tone="danger">{`${t('backup.restoreFailed')} ${errorText(apply.error, t)}`}</Banner>
      </Show>
      <div class="flex flex-wrap justify-end gap-2">
        <Button onClick={() => props.onCancel()}>{t('common.cancel')}</Button>
        <Button type="submit" look="danger" busy={apply.isPending}>
          {t('backup.planApply')}
        </Button>
      </div>
    </form>
  )
}

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** It lets open streams end first: a session that holds no longer says that the restored data is in force. */
async function serverIsBack(): Promise<void> {
  for (const until = Date.now() + 120_000; Date.now() < until; ) {
    await wait(500)
    const session = await api.session().catch(() => undefined)
    if (session && !session.signedIn) return
  }
}
