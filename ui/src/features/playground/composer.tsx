import ImagePlus from 'lucide-solid/icons/image-plus'
import Send from 'lucide-solid/icons/send'
import Square from 'lucide-solid/icons/square'
import X from 'lucide-solid/icons/x'
import { createSignal, createUniqueId, For, Show } from 'solid-js'
import { isAway } from '../../api/away.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { TextArea } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { Call } from './answer.ts'
import type { CallResult, Picture, Question } from './chat.ts'
import { type PictureFault, pictureTypes, readPictures } from './pictures.ts'

type Props = {
  readonly text: string
  readonly onText: (text: string) => void
  readonly pictures: readonly Picture[]
  readonly onPictures: (pictures: readonly Picture[]) => void
  /** All pictures of the chat: they are sent along. */
  readonly held: readonly Picture[]
  /** Calls that wait for what their tools gave, and what was given before. */
  readonly calls: readonly Call[]
  readonly results?: readonly CallResult[]
  readonly busy: boolean
  readonly onStop?: () => void
  /** Says whether the message was taken; only then the fields are emptied. */
  readonly onSend: (question: Question) => boolean
  /** Of an edit in place. By key it may have been meant for something else: what was typed is kept. */
  readonly onCancel?: (isByKey: boolean) => void
  readonly field?: (element: HTMLTextAreaElement) => void
}

/** Text, pictures by paste, drop or file, and results of tools. */
export function Composer(props: Props) {
  const { t } = useI18n()
  const [faults, setFaults] = createSignal<readonly PictureFault[]>([])
  const [over, setOver] = createSignal(false)
  const [results, setResults] = createSignal<Readonly<Record<string, string>>>(
    Object.fromEntries((props.results ?? []).map(({ id, text }) => [id, text])),
  )
  const hint = createUniqueId()
  let chooser: HTMLInputElement | undefined
  let area: HTMLTextAreaElement | undefined

  const attach = async (files: readonly File[]): Promise<void> => {
    if (files.length === 0) return
    const read = await readPictures(files, [...props.held, ...props.pictures], props.pictures.length)
    setFaults(read.faults)
    props.onPictures([...props.pictures, ...read.pictures])
  }
  const question = (): Question => {
    const given: readonly CallResult[] = props.calls.map(({ id }) => ({ id, text: results()[id] ?? '' }))
    const isBare = props.pictures.length === 0 && given.length === 0
    const text = props.text.trim()
    return {
      text: text === '' && isBare ? t('playground.placeholder') : text,
      pictures: props.pictures,
      results: given,
    }
  }
  const send = (): void => {
    // It would fail, and the text would be gone from the field.
    if (props.busy || isAway() || !props.onSend(question())) return
    props.onText('')
    props.onPictures([])
    setResults({})
    setFaults([])
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    if (event.key === 'Escape' && props.onCancel) {
      event.stopPropagation()
      props.onCancel(true)
    }
    // While an input method composes, Enter picks a candidate (keyCode 229 in older Safari).
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return
    event.preventDefault()
    send()
  }
  const drop = (event: DragEvent): void => {
    setOver(false)
    const files = [...(event.dataTransfer?.files ?? [])]
    if (files.length === 0) return
    event.preventDefault()
    void attach(files)
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
      onDragOver={(event) => {
        if (!event.dataTransfer?.types.includes('Files')) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      class="flex flex-col gap-2 rounded-lg"
      classList={{ 'outline-2 outline-accent outline-dashed outline-offset-4': over() }}
    >
      <For each={props.calls}>
        {(call) => (
          <TextArea
            label={call.name === '' ? t('playground.resultUnnamed') : t('playground.result', { name: call.name })}
            rows={2}
            mono
            value={results()[call.id] ?? ''}
            onInput={(event) => setResults({ ...results(), [call.id]: event.currentTarget.value })}
          />
        )}
      </For>
      <Show when={props.pictures.length > 0}>
        <ul class="flex flex-wrap gap-2">
          <For each={props.pictures}>
            {(picture) => (
              <li class="relative">
                <Thumbnail picture={picture} />
                <IconButton
                  icon={X}
                  label={t('playground.imageRemove', { name: picture.name })}
                  class="forced-border absolute -top-2 -right-2 border border-border bg-surface"
                  onClick={() => {
                    props.onPictures(props.pictures.filter((other) => other !== picture))
                    area?.focus({ preventScroll: true })
                  }}
                />
              </li>
            )}
          </For>
        </ul>
      </Show>
      <For each={faults()}>
        {({ name, fault }) => (
          <p role="alert" class="wrap-anywhere text-12 text-danger">
            {name}: {t(fault)}
          </p>
        )}
      </For>
      <textarea
        ref={(element) => {
          area = element
          props.field?.(element)
        }}
        aria-label={t('playground.message')}
        aria-describedby={hint}
        placeholder={t('playground.placeholder')}
        rows={2}
        spellcheck
        class="w-full resize-y rounded-md border border-control bg-surface px-2.5 py-1.5 text-14 max-md:text-16"
        value={props.text}
        onInput={(event) => props.onText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
        onPaste={(event) => {
          const files = [...(event.clipboardData?.files ?? [])]
          if (files.length === 0) return
          event.preventDefault()
          void attach(files)
        }}
      />
      <div class="flex items-center justify-between gap-2">
        <span class="flex min-w-0 flex-1 items-center gap-1">
          <input
            ref={(element) => (chooser = element)}
            type="file"
            multiple
            accept={pictureTypes.join(',')}
            hidden
            onChange={(event) => {
              const files = [...(event.currentTarget.files ?? [])]
              event.currentTarget.value = ''
              void attach(files)
            }}
          />
          <IconButton icon={ImagePlus} label={t('playground.image')} onClick={() => chooser?.click()} />
          <span id={hint} class="min-w-0 text-12 text-text-3">
            {t('playground.enterHint')}
            <span class="max-md:hidden max-2xl:sr-only"> {t('playground.imageHelp')}</span>
          </span>
        </span>
        <span class="inline-flex shrink-0 gap-2">
          <Show when={props.onCancel}>
            {(cancel) => <Button onClick={() => cancel()(false)}>{t('common.cancel')}</Button>}
          </Show>
          <Show
            when={props.busy && props.onStop}
            fallback={
              <Button type="submit" look="primary" icon={Send} disabled={props.busy}>
                {t('playground.send')}
              </Button>
            }
          >
            <Button
              icon={Square}
              onClick={() => {
                // The button goes away under the finger.
                area?.focus({ preventScroll: true })
                props.onStop?.()
              }}
            >
              {t('playground.stop')}
            </Button>
          </Show>
        </span>
      </div>
    </form>
  )
}

export function Thumbnail(props: { picture: Picture }) {
  return (
    <img
      src={`data:${props.picture.type};base64,${props.picture.base64}`}
      alt={props.picture.name}
      class="forced-border size-20 rounded-md border border-border bg-surface-2 object-cover"
    />
  )
}
