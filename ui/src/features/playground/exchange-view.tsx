import Pencil from 'lucide-solid/icons/pencil'
import Trash2 from 'lucide-solid/icons/trash'
import { createSignal, For, Show } from 'solid-js'
import { IconButton } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { AnswerView } from './answer-view.tsx'
import { answeredCalls, type Exchange, type Picture, type Question, shownAnswer } from './chat.ts'
import { Composer, Thumbnail } from './composer.tsx'
import type { FailureView } from './failure-banner.tsx'
import { picturesIn } from './pictures.ts'

type Props = {
  readonly exchange: Exchange
  /** The chat before it. */
  readonly before: readonly Exchange[]
  readonly busy: boolean
  /** Only the last answer is asked for again: what follows another one builds on it. */
  readonly isLast: boolean
  readonly mayAsk: boolean
  readonly failure: FailureView
  readonly onRetry: () => void
  readonly onShow: (index: number) => void
  readonly onEdit: (question: Question) => boolean
  readonly onRemove: () => void
}

/** What was asked, and what came. */
export function ExchangeView(props: Props) {
  const { t } = useI18n()
  const [editing, setEditing] = createSignal<{ readonly text: string; readonly pictures: readonly Picture[] }>()
  let edit: HTMLElement | undefined
  const question = () => props.exchange.question
  /** Left by key: opened again, the field has what was typed. */
  let left: ReturnType<typeof editing>
  const back = (isByKey: boolean): void => {
    left = isByKey ? editing() : undefined
    setEditing(undefined)
    queueMicrotask(() => edit?.querySelector('button')?.focus({ preventScroll: true }))
  }
  return (
    <li class="group flex flex-col gap-3">
      <Show
        when={editing()}
        fallback={
          <div class="flex flex-col items-end gap-1">
            <div class="forced-border flex max-w-[85%] flex-col gap-2 rounded-lg bg-accent-soft px-3 py-2">
              <h2 class="sr-only">{t('playground.you')}</h2>
              <For each={question().results}>
                {(result) => (
                  <p class="wrap-anywhere whitespace-pre-wrap font-mono text-12 text-text-2">{result.text}</p>
                )}
              </For>
              <Show when={question().pictures.length > 0}>
                <div class="flex flex-wrap gap-2">
                  <For each={question().pictures}>{(picture) => <Thumbnail picture={picture} />}</For>
                </div>
              </Show>
              <Show when={question().text}>
                <p class="wrap-anywhere whitespace-pre-wrap">{question().text}</p>
              </Show>
            </div>
            <div
              ref={(element) => (edit = element)}
              class="-my-1 flex xl:opacity-0 xl:group-focus-within:opacity-100 xl:group-hover:opacity-100"
            >
              <Show when={props.mayAsk}>
                <IconButton
                  icon={Pencil}
                  label={t('playground.edit')}
                  disabled={props.busy}
                  onClick={() => setEditing(left ?? { text: question().text, pictures: question().pictures })}
                />
              </Show>
              <IconButton
                icon={Trash2}
                label={t('playground.remove')}
                disabled={props.busy}
                onClick={() => props.onRemove()}
              />
            </div>
          </div>
        }
      >
        {(draft) => (
          <div class="forced-border rounded-lg border border-border p-3">
            <Composer
              text={draft().text}
              onText={(text) => editing() && setEditing({ ...draft(), text })}
              pictures={draft().pictures}
              onPictures={(pictures) => editing() && setEditing({ ...draft(), pictures })}
              held={picturesIn(props.before)}
              calls={answeredCalls(props.exchange, props.before)}
              results={question().results}
              busy={props.busy}
              field={(element) => queueMicrotask(() => element.focus({ preventScroll: true }))}
              onCancel={back}
              onSend={(asked) => {
                if (!props.onEdit(asked)) return false
                setEditing(undefined)
                return true
              }}
            />
          </div>
        )}
      </Show>
      <Show when={shownAnswer(props.exchange)}>
        {(answer) => (
          <div class="min-w-0">
            <h2 class="sr-only">{t('playground.answer')}</h2>
            <AnswerView
              answer={answer()}
              failure={props.failure}
              count={props.exchange.answers.length}
              at={props.exchange.shown + 1}
              onShow={(at) => props.onShow(at - 1)}
              onRetry={props.isLast && props.mayAsk && !props.busy ? () => props.onRetry() : undefined}
            />
          </div>
        )}
      </Show>
    </li>
  )
}
