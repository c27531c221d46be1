import { useMutation } from '@tanstack/solid-query'
import { createSignal, createUniqueId, For, Show } from 'solid-js'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button, buttonClass } from '../../components/button.tsx'
import { TextArea } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { type ImportFault, type ImportFound, importLimits, parseImport } from './import.ts'

type Outcome = {
  readonly imported: number
  readonly duplicate: number
  readonly failed: number
  readonly lines: readonly { readonly index: number; readonly reason: string }[]
}

/** Many accounts at once, from pasted text or files. */
export function ImportAccounts(props: { onDone: () => void }) {
  const { t, format } = useI18n()
  const refresh = useRefresh()
  const [pasted, setPasted] = createSignal('')
  const [files, setFiles] = createSignal<readonly string[]>([])
  const [fileFault, setFileFault] = createSignal<'import.fileFailed' | 'import.tooLarge'>()
  const inputId = createUniqueId()
  const texts = (): readonly string[] => [pasted(), ...files()].filter((text) => text.trim() !== '')
  const parsed = () => (texts().length > 0 ? parseImport(texts()) : undefined)
  const found = (): ImportFound | undefined => {
    const result = parsed()
    return result?.ok ? result.value : undefined
  }
  const fault = (): ImportFault | undefined => {
    const result = parsed()
    return result && !result.ok ? result.error : undefined
  }
  const count = (): number => (found()?.tokens.length ?? 0) + (found()?.accounts.length ?? 0)

  const run = useMutation(() => ({ mutationFn: send, onSettled: () => refresh('accounts', 'models') }))
  const readFiles = async (list: FileList | null): Promise<void> => {
    setFileFault(undefined)
    const chosen = [...(list ?? [])]
    if (chosen.reduce((sum, file) => sum + file.size, 0) > importLimits.bytes) {
      setFileFault('import.tooLarge')
      return
    }
    const read = await Promise.all(chosen.map((file) => file.text())).catch(() => undefined)
    if (read) setFiles(read)
    else setFileFault('import.fileFailed')
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const value = found()
    if (value && !run.isPending) run.mutate(value)
  }
  return (
    <Show
      when={run.data}
      fallback={
        <form onSubmit={submit} class="flex flex-col gap-4">
          <TextArea
            label={t('import.text')}
            help={t('import.help')}
            rows={8}
            mono
            autocomplete="off"
            value={pasted()}
            onInput={(event) => setPasted(event.currentTarget.value)}
            error={faultText(fault() ?? fileFault(), t)}
          />
          <div class="flex flex-wrap items-center gap-3">
            <input
              id={inputId}
              type="file"
              multiple
              accept=".json,.txt,application/json,text/plain"
              class="peer sr-only"
              onChange={(event) => void readFiles(event.currentTarget.files)}
            />
            <label
              for={inputId}
              class={`${buttonClass('secondary')} cursor-pointer peer-focus-visible:outline-2 peer-focus-visible:outline-accent peer-focus-visible:outline-offset-2`}
            >
              {t('import.files')}
            </label>
            <span role="status" class="numbers text-text-2">
              {found() ? foundText(found()?.skipped ?? 0) : ''}
            </span>
          </div>
          <Show when={run.error}>
            <Banner tone="danger">{errorText(run.error, t)}</Banner>
          </Show>
          <div class="flex justify-end">
            <Button type="submit" look="primary" busy={run.isPending} disabled={count() === 0}>
              {t('import.run')}
            </Button>
          </div>
        </form>
      }
    >
      {(outcome) => (
        <>
          <Banner tone={outcome().failed > 0 ? 'warning' : 'success'}>
            <p class="font-medium">{t('import.resultTitle')}</p>
            <p class="numbers">
              {t('import.result', {
                imported: format().number(outcome().imported),
                duplicate: format().number(outcome().duplicate),
                failed: format().number(outcome().failed),
              })}
            </p>
          </Banner>
          <Show when={outcome().lines.length > 0}>
            <ul class="max-h-48 list-disc overflow-y-auto pl-5 text-12 text-text-2">
              <For each={outcome().lines}>
                {(line) => <li>{t('import.line', { index: format().number(line.index), reason: line.reason })}</li>}
              </For>
            </ul>
          </Show>
          <div class="flex flex-wrap justify-end gap-2">
            <Button
              onClick={() => {
                run.reset()
                setPasted('')
                setFiles([])
              }}
            >
              {t('add.another')}
            </Button>
            <Button look="primary" onClick={() => props.onDone()}>
              {t('common.done')}
            </Button>
          </div>
        </>
      )}
    </Show>
  )

  function foundText(skipped: number): string {
    const shown = format().number(count())
    return skipped > 0
      ? t('import.foundSkipped', { count: shown, skipped: format().number(skipped) })
      : t('import.found', { count: shown })
  }
}

const faultText = (
  fault: ImportFault | 'import.fileFailed' | undefined,
  t: (key: ImportFault | 'import.fileFailed') => string,
) => fault && t(fault)

/** Rows of an export and plain tokens go to different routes; their results are added up. */
async function send(found: ImportFound): Promise<Outcome> {
  const rows = found.accounts.length > 0 ? await api.importAccounts(found.accounts) : undefined
  const tokens = found.tokens.length > 0 ? await api.importTokens(found.tokens) : undefined
  return {
    imported: (rows?.imported ?? 0) + (tokens?.imported ?? 0),
    duplicate: (rows?.duplicate ?? 0) + (tokens?.duplicate ?? 0),
    failed: (rows?.invalid ?? 0) + (tokens?.failed ?? 0),
    lines: (tokens?.results ?? [])
      .filter((result) => !result.success && result.error)
      .map((result) => ({ index: result.index + 1, reason: result.error ?? '' })),
  }
}
