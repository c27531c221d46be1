import X from 'lucide-solid/icons/x'
import { createSignal, Show } from 'solid-js'
import { Banner } from '../../components/banner.tsx'
import { IconButton } from '../../components/button.tsx'
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
          <span class="-my-1.5 -mr-1.5 max-md:-my-2.5">
            <IconButton icon={X} label={t('common.close')} onClick={close} />
          </span>
        }
      >
        <span class="whitespace-pre-wrap">{props.text}</span>
      </Banner>
    </Show>
  )
}
