import X from 'lucide-solid/icons/x'
import { createSignal, Show } from 'solid-js'
import { Banner } from '../../components/banner.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { dismissAnnouncement, isDismissed } from '../../lib/appearance.ts'

/** What the operator wants everybody to read. Closed, it comes back only with another text. */
export function Announcement(props: { text: string }) {
  const { t } = useI18n()
  const [closed, setClosed] = createSignal('')
  const close = (): void => {
    dismissAnnouncement(props.text)
    setClosed(props.text)
  }
  return (
    <Show when={closed() !== props.text && !isDismissed(props.text)}>
      <Banner
        tone="info"
        action={
          <button
            type="button"
            class="rounded-md p-1 hover:bg-surface-2"
            aria-label={t('common.close')}
            onClick={close}
          >
            <X size={16} strokeWidth={1.75} aria-hidden="true" />
          </button>
        }
      >
        <span class="whitespace-pre-wrap">{props.text}</span>
      </Banner>
    </Show>
  )
}
