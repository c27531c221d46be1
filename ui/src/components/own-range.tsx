import { createSignal } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { focusFault } from '../lib/focus.ts'
import { serverTime } from '../lib/server-clock.ts'
import { spanOf, type TimeRange, toLocalText } from '../lib/time-range.ts'
import { Button } from './button.tsx'
import { TextField } from './field.tsx'

/** Beginning and end by hand. */
export default function OwnRange(props: { readonly range: TimeRange; readonly onChoose: (range: TimeRange) => void }) {
  const { t } = useI18n()
  const start = spanOf(props.range, serverTime())
  const [from, setFrom] = createSignal(toLocalText(start.from))
  const [to, setTo] = createSignal(toLocalText(start.to))
  const [tried, setTried] = createSignal(false)
  let form: HTMLFormElement | undefined
  const span = () => ({ from: Date.parse(from()), to: Date.parse(to()) })
  const fault = (): string | undefined => (span().from < span().to ? undefined : t('range.order'))
  return (
    <form
      ref={(element) => (form = element)}
      class="flex flex-col gap-2 border-border border-t pt-3"
      novalidate
      onSubmit={(event) => {
        event.preventDefault()
        setTried(true)
        if (fault()) focusFault(form)
        else props.onChoose(span())
      }}
    >
      <TextField
        type="datetime-local"
        label={t('range.from')}
        value={from()}
        onInput={(event) => setFrom(event.currentTarget.value)}
      />
      <TextField
        type="datetime-local"
        label={t('range.to')}
        value={to()}
        onInput={(event) => setTo(event.currentTarget.value)}
        error={tried() ? fault() : undefined}
      />
      <Button type="submit" writes={false}>
        {t('range.apply')}
      </Button>
    </form>
  )
}
