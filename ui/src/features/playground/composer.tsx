import Send from 'lucide-solid/icons/send'
import Square from 'lucide-solid/icons/square'
import { createSignal, Show } from 'solid-js'
import { Button } from '../../components/button.tsx'
import { TextArea } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

type Props = { readonly busy: boolean; readonly onSend: (text: string) => boolean; readonly onStop: () => void }

/** `onSend` says whether the message was taken; only then the field is emptied. */
export function Composer(props: Props) {
  const { t } = useI18n()
  const [text, setText] = createSignal('')
  const send = (): void => {
    const message = text().trim() || t('playground.placeholder')
    if (!props.busy && props.onSend(message)) setText('')
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an input method composes, Enter picks a candidate (keyCode 229 in older Safari).
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return
    event.preventDefault()
    send()
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
      class="flex flex-col gap-2"
    >
      <TextArea
        label={t('playground.message')}
        help={t('playground.enterHint')}
        placeholder={t('playground.placeholder')}
        rows={3}
        spellcheck
        value={text()}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <div class="flex justify-end gap-2">
        <Show
          when={props.busy}
          fallback={
            <Button type="submit" look="primary" icon={Send}>
              {t('playground.send')}
            </Button>
          }
        >
          <Button icon={Square} onClick={() => props.onStop()}>
            {t('playground.stop')}
          </Button>
        </Show>
      </div>
    </form>
  )
}
