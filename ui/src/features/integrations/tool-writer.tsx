import { useMutation, useQuery } from '@tanstack/solid-query'
import FilePen from 'lucide-solid/icons/file-pen'
import Undo2 from 'lucide-solid/icons/undo-2'
import { createEffect, createSignal, For, Match, on, Show, Switch } from 'solid-js'
import type { ToolConfig, ToolConfigSaved } from '../../../../server/admin/contract/devtools.ts'
import { ApiError } from '../../api/client.ts'
import { errorText, itemErrorText } from '../../api/error-text.ts'
import { dataOf, useRefresh } from '../../api/queries.ts'
import { type Tool, toolQueries, tools } from '../../api/tools.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { PasswordField, TextField } from '../../components/field.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { showToast } from '../../components/toast.tsx'
import type { Translate } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusRefusal } from '../../lib/focus.ts'
import type { Place } from './client.ts'
import { dashed } from './terminal-clients.ts'

const unreadableText = ({ error = '', params }: ToolConfig, t: Translate): string =>
  itemErrorText({ index: 0, ok: false, outcome: '', code: 'UNREADABLE_FILE', error, ...(params && { params }) }, t)

type Props = {
  readonly tool: Tool
  readonly place: Place
  /** False while the place has no real key. */
  readonly hasKey: boolean
}

/** The tool's own file on this machine: what it is set to, set it, undo that. */
export function ToolWriter(props: Props) {
  const { t } = useI18n()
  const config = useQuery(() => toolQueries.config(props.tool))
  const [open, setOpen] = createSignal<'write' | 'undo'>()
  return (
    <section class="flex flex-col gap-3 rounded-lg border border-border bg-surface p-4">
      <div>
        <h2 class="font-semibold text-16">{t('integrations.writer')}</h2>
        <p class="text-13 text-text-2">{t('integrations.writerLead')}</p>
      </div>
      <Switch>
        <Match when={config.isPending}>
          <Skeleton rows={1} label={t('common.loading')} />
        </Match>
        <Match when={config.error}>
          <ErrorState
            text={t('integrations.writerFailed')}
            detail={errorText(config.error, t)}
            retry={t('common.retry')}
            busy={config.isFetching}
            onRetry={() => void config.refetch()}
          />
        </Match>
        <Match when={dataOf(config)}>
          {(shown) => (
            <>
              <div>
                <p class="wrap-anywhere font-mono text-13">{shown().path}</p>
                <p class="wrap-anywhere text-13 text-text-2">
                  {shown().configured
                    ? t('integrations.writerSet', { url: shown().baseUrl, key: shown().apiKey })
                    : t('integrations.writerUnset')}
                </p>
              </div>
              <Show when={shown().error}>
                <Banner tone="warning">{unreadableText(shown(), t)}</Banner>
              </Show>
              <div class="flex flex-wrap items-center gap-2">
                <Button
                  icon={FilePen}
                  disabled={!props.hasKey || shown().error !== undefined}
                  onClick={() => setOpen('write')}
                >
                  {t('integrations.writerPreview')}
                </Button>
                <Show when={shown().can_undo}>
                  <Button icon={Undo2} onClick={() => setOpen('undo')}>
                    {t('integrations.writerUndo')}
                  </Button>
                </Show>
                <Show when={!props.hasKey}>
                  <span class="text-12 text-text-3">{t('integrations.needsKey')}</span>
                </Show>
              </div>
            </>
          )}
        </Match>
      </Switch>
      <Dialog open={open() === 'write'} onClose={() => setOpen(undefined)} title={t('integrations.writer')} wide>
        <WriteForm {...props} onDone={() => setOpen(undefined)} />
      </Dialog>
      <Dialog open={open() === 'undo'} onClose={() => setOpen(undefined)} title={t('integrations.writerUndoTitle')}>
        <UndoForm tool={props.tool} path={dataOf(config)?.path ?? ''} onDone={() => setOpen(undefined)} />
      </Dialog>
    </section>
  )
}

function WriteForm(props: Props & { onDone: () => void }) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const { tool, place } = props // as it was when the dialog was opened
  const model = tool === 'claude-code' ? dashed(place.model) : place.model
  const wanted = { baseUrl: place.origin, apiKey: place.key, model }
  // Kept while it is asked for again: what is typed below it stays.
  const [changes, setChanges] = createSignal<ToolConfigSaved>()
  const preview = useMutation(() => ({
    mutationFn: () => tools.save(tool, { ...wanted, preview: true }),
    onSuccess: (made) => void setChanges(made),
  }))
  preview.mutate()
  const write = useMutation(() => ({
    mutationFn: (confirm: Confirm) => {
      const revision = changes()?.revision
      return tools.save(tool, { ...wanted, ...(revision === undefined ? {} : { revision }) }, confirm)
    },
    onSuccess: async ({ path, backup }) => {
      showToast({
        tone: 'info',
        text: t('integrations.writerWritten', { path }),
        detail: backup === null ? undefined : t('integrations.writerBackup', { path: backup }),
      })
      props.onDone()
      await refresh('tool-config')
    },
    // It was changed by somebody else: what would change now?
    onError: (error) => isChanged(error) && preview.mutate(),
  }))
  return (
    <Switch>
      <Match when={preview.error}>
        {(error) => (
          <ErrorState
            text={t('integrations.writerFailed')}
            detail={errorText(error(), t)}
            retry={t('common.retry')}
            onRetry={() => preview.mutate()}
          />
        )}
      </Match>
      <Match when={changes()}>
        {(shown) => (
          <Show when={shown().changes.length > 0} fallback={<p>{t('integrations.writerSame')}</p>}>
            <p class="wrap-anywhere font-mono text-13">{shown().path}</p>
            <figure class="forced-border overflow-hidden rounded-lg border border-border bg-code-bg">
              <figcaption class="border-border border-b px-3 py-1 text-12 text-text-3">
                {t('integrations.writerChanges')}
              </figcaption>
              <pre class="whitespace-pre-wrap break-all px-3 py-2 font-mono text-13">
                <For each={shown().changes}>
                  {({ name, before, after }) => (
                    <>
                      <Show when={before !== null}>
                        <del class="block text-danger no-underline">{`- ${name}: ${before}`}</del>
                      </Show>
                      <Show when={after !== null}>
                        <ins class="block text-success no-underline">{`+ ${name}: ${after}`}</ins>
                      </Show>
                    </>
                  )}
                </For>
              </pre>
            </figure>
            <ConfirmForm
              action={t('integrations.writerWrite')}
              error={write.error}
              busy={write.isPending}
              onCancel={props.onDone}
              onConfirm={(confirm) => write.mutate(confirm)}
            />
          </Show>
        )}
      </Match>
      <Match when={preview.isPending}>
        <Skeleton rows={3} label={t('common.loading')} />
      </Match>
    </Switch>
  )
}

function UndoForm(props: { tool: Tool; path: string; onDone: () => void }) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const undo = useMutation(() => ({
    mutationFn: (confirm: Confirm) => tools.undo(props.tool, confirm),
    onSuccess: ({ path }) => {
      showToast({ tone: 'info', text: t('integrations.writerUndone', { path }) })
      props.onDone()
    },
    onSettled: () => refresh('tool-config'),
  }))
  return (
    <>
      <p class="wrap-anywhere">{t('integrations.writerUndoText', { path: props.path })}</p>
      <ConfirmForm
        action={t('integrations.writerUndo')}
        error={undo.error}
        busy={undo.isPending}
        onCancel={props.onDone}
        onConfirm={(confirm) => undo.mutate(confirm)}
      />
    </>
  )
}

type Confirm = { readonly password: string; readonly code?: string }

/** The password once more, and the second factor where one is on. */
function ConfirmForm(props: {
  action: string
  error: Error | null
  busy: boolean
  onCancel: () => void
  onConfirm: (confirm: Confirm) => void
}) {
  const { t } = useI18n()
  const [password, setPassword] = createSignal('')
  const [code, setCode] = createSignal('')
  const [needsCode, setNeedsCode] = createSignal(false)
  let form: HTMLFormElement | undefined
  const refused = (...codes: readonly string[]): string | undefined =>
    props.error instanceof ApiError && codes.includes(props.error.code) ? errorText(props.error, t) : undefined
  createEffect(
    on(
      () => props.error,
      (error) => error instanceof ApiError && error.code.startsWith('SECOND_FACTOR') && setNeedsCode(true),
    ),
  )
  focusRefusal(
    () => props.error,
    () => form,
  )
  const passwordFault = () => refused('INVALID_PASSWORD', 'PASSWORD_REQUIRED')
  const codeFault = () => refused('SECOND_FACTOR_REQUIRED', 'SECOND_FACTOR_WRONG')
  return (
    <form
      ref={(element) => (form = element)}
      class="flex flex-col gap-4"
      novalidate
      onSubmit={(event) => {
        event.preventDefault()
        if (!props.busy) props.onConfirm({ password: password(), ...(code() === '' ? {} : { code: code() }) })
      }}
    >
      <PasswordField
        label={t('integrations.writerPassword')}
        help={t('integrations.writerPasswordHelp')}
        autocomplete="current-password"
        value={password()}
        onInput={(event) => setPassword(event.currentTarget.value)}
        error={passwordFault()}
      />
      <Show when={needsCode()}>
        <TextField
          label={t('integrations.writerCode')}
          autocomplete="one-time-code"
          value={code()}
          onInput={(event) => setCode(event.currentTarget.value)}
          error={codeFault()}
        />
      </Show>
      <Show when={props.error && !passwordFault() && !codeFault()}>
        <Banner tone="danger">{errorText(props.error, t)}</Banner>
      </Show>
      <FormActions submit={props.action} busy={props.busy} onCancel={props.onCancel} />
    </form>
  )
}

const isChanged = (error: unknown): boolean => error instanceof ApiError && error.code === 'CHANGED_MEANWHILE'
