import Download from 'lucide-solid/icons/download'
import { createEffect, createSignal, createUniqueId, For, on, onCleanup, Show } from 'solid-js'
import type { ImportPreview, ImportResult, ImportTexts } from '../../../../server/admin/contract/imports.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button, buttonClass } from '../../components/button.tsx'
import { TextArea } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { saveText } from '../../lib/save-file.ts'
import { batchesOf, countsText, failedLines, importLimits, previewRow, resultRow, sourceText } from './import.ts'
import { ImportTable } from './import-table.tsx'

type Source = ImportTexts['sources'][number]
type Done = { readonly results: readonly ImportResult[]; readonly failure?: unknown }

const typingPauseMs = 400

/** Many accounts at once, from pasted text or files: first what is in them, then what came of each. */
export function ImportAccounts(props: { onDone: () => void }) {
  const { t, format } = useI18n()
  const refresh = useRefresh()
  const [pasted, setPasted] = createSignal('')
  const [files, setFiles] = createSignal<readonly Source[]>([])
  const [fault, setFault] = createSignal<'import.fileFailed' | 'import.tooLarge'>()
  const [preview, setPreview] = createSignal<ImportPreview>()
  const [unread, setUnread] = createSignal<unknown>()
  const [reading, setReading] = createSignal(false)
  const [progress, setProgress] = createSignal<number>()
  const [done, setDone] = createSignal<Done>()
  const inputId = createUniqueId()
  const sources = (): Source[] => [
    ...(pasted().trim() === '' ? [] : [{ text: pasted() }]),
    ...files().filter(({ text }) => text.trim() !== ''),
  ]

  // Asked once the typing rests; an answer to an older text is dropped.
  createEffect(
    on([pasted, files], () => {
      setPreview(undefined)
      setUnread(undefined)
      const asked = sources()
      const isTooLarge = asked.reduce((sum, { text }) => sum + text.length, 0) > importLimits.bytes
      setReading(asked.length > 0 && !isTooLarge)
      if (isTooLarge) setFault('import.tooLarge')
      if (asked.length === 0 || isTooLarge) return
      const controller = new AbortController()
      const timer = setTimeout(async () => {
        try {
          const read = await api.previewImport({ sources: asked }, controller.signal)
          if (controller.signal.aborted) return
          setPreview(read)
        } catch (error) {
          if (controller.signal.aborted) return
          setUnread(error)
        }
        setReading(false)
      }, typingPauseMs)
      onCleanup(() => {
        clearTimeout(timer)
        controller.abort()
      })
    }),
  )

  const readFiles = async (list: FileList | null): Promise<void> => {
    setFault(undefined)
    const chosen = [...(list ?? [])]
    if (chosen.reduce((sum, file) => sum + file.size, 0) > importLimits.bytes) {
      setFault('import.tooLarge')
      return
    }
    const read = await Promise.all(chosen.map(async (file) => ({ name: file.name, text: await file.text() }))).catch(
      () => undefined,
    )
    if (read) setFiles(read)
    else setFault('import.fileFailed')
  }
  const usable = (): number =>
    preview()?.items.filter(({ verdict }) => verdict !== 'refused' && verdict !== 'repeated').length ?? 0

  const run = async (asked: ImportPreview): Promise<void> => {
    const texts = sources()
    const results: ImportResult[] = []
    let failure: unknown
    setProgress(0)
    try {
      for (const indexes of batchesOf(asked.items)) {
        const answer = await api.importSignIns({ sources: texts, indexes: [...indexes] })
        results.push(...answer.results)
        setProgress(results.length)
      }
    } catch (error) {
      failure = error
    }
    setProgress(undefined)
    setDone({ results, ...(failure === undefined ? {} : { failure }) })
    await refresh('accounts', 'models')
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const asked = preview()
    if (asked && usable() > 0 && progress() === undefined) void run(asked)
  }
  const number = (value: number): string => format().number(value)
  return (
    <Show
      when={done()}
      fallback={
        <form onSubmit={submit} class="flex flex-col gap-4">
          <TextArea
            label={t('import.text')}
            help={t('import.help')}
            rows={preview() ? 3 : 8}
            mono
            autocomplete="off"
            value={pasted()}
            onInput={(event) => {
              setFault(undefined)
              setPasted(event.currentTarget.value)
            }}
            error={faultText()}
          />
          <div class="flex flex-wrap items-center gap-3">
            <input
              id={inputId}
              type="file"
              multiple
              accept=".json,.jsonl,.txt,application/json,text/plain"
              class="peer sr-only"
              onChange={(event) => void readFiles(event.currentTarget.files)}
            />
            <label
              for={inputId}
              class={`${buttonClass('secondary')} cursor-pointer peer-focus-visible:outline-2 peer-focus-visible:outline-accent peer-focus-visible:outline-offset-2`}
            >
              {t('import.files')}
            </label>
            <div role="status" class="numbers text-text-2">
              {statusText()}
              <ul>
                <For each={progress() === undefined ? preview()?.sources : []}>
                  {(source, index) => (
                    <li>
                      {source.name ? `${source.name}: ` : ''}
                      {sourceText(source, itemsOf(index()), t, format())}
                    </li>
                  )}
                </For>
              </ul>
            </div>
          </div>
          <Show when={preview()}>
            {(read) => <ImportTable rows={read().items.map((item) => previewRow(item, read(), t, format()))} />}
          </Show>
          <div class="flex justify-end">
            <Button type="submit" look="primary" busy={progress() !== undefined} disabled={usable() === 0}>
              {t('import.run', { count: number(usable()) })}
            </Button>
          </div>
        </form>
      }
    >
      {(outcome) => (
        <>
          <Banner tone={outcome().failure ? 'danger' : allTaken(outcome()) ? 'success' : 'warning'}>
            <p class="font-medium">
              {outcome().failure
                ? t('import.stopped', {
                    done: number(outcome().results.length),
                    total: number(preview()?.items.length ?? 0),
                  })
                : t('import.resultTitle')}
            </p>
            <p class="numbers">{countsText(outcome().results, t, format())}</p>
            <Show when={outcome().failure}>
              <p>{errorText(outcome().failure, t)}</p>
            </Show>
          </Banner>
          <Show when={preview()}>
            {(read) => <ImportTable rows={outcome().results.map((result) => resultRow(result, read(), t, format()))} />}
          </Show>
          <div class="flex flex-wrap justify-end gap-2">
            <Show when={failedText(outcome())}>
              {(text) => (
                <Button
                  icon={Download}
                  onClick={() => saveText(text(), 'failed-sign-ins.jsonl', 'application/x-ndjson')}
                >
                  {t('import.failedLines')}
                </Button>
              )}
            </Show>
            <Button
              onClick={() => {
                setPasted('')
                setFiles([])
                setDone(undefined)
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

  /** The lines and items that were refused, as they were given: what is mended can be given again. */
  function failedText(outcome: Done): string | undefined {
    const refused = outcome.results.filter((result) => result.outcome === 'refused')
    const lines = failedLines(
      sources().map(({ text }) => text),
      preview()?.items ?? [],
      refused.map(({ index }) => index),
    )
    return lines.length === 0 ? undefined : `${lines.join('\n')}\n`
  }
  function itemsOf(source: number) {
    return preview()?.items.filter((item) => item.source === source) ?? []
  }
  function faultText(): string | undefined {
    const key = fault()
    if (key) return t(key)
    return unread() ? `${t('import.failed')} ${errorText(unread(), t)}` : undefined
  }
  function statusText(): string {
    const count = progress()
    if (count !== undefined)
      return t('import.progress', { done: number(count), total: number(preview()?.items.length ?? 0) })
    return reading() ? t('import.reading') : ''
  }
}

const allTaken = ({ results }: Done): boolean => results.every(({ outcome }) => outcome !== 'refused')
