import { useMutation } from '@tanstack/solid-query'
import Download from 'lucide-solid/icons/download'
import FileText from 'lucide-solid/icons/file-text'
import { createSignal, Show } from 'solid-js'
import { care } from '../../api/care.ts'
import { errorText } from '../../api/error-text.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { saveText } from '../../lib/save-file.ts'

/** Made by the server, read by whoever sends it before it goes anywhere. */
export function SupportReport() {
  const { t } = useI18n()
  const [open, setOpen] = createSignal(false)
  let text: HTMLPreElement | undefined
  const make = useMutation(() => ({ mutationFn: care.report, onSuccess: () => setOpen(true) }))
  return (
    <section class="flex flex-col gap-2">
      <h2 class="font-semibold text-16">{t('health.report')}</h2>
      <p class="max-w-2xl text-text-2">{t('health.reportLead')}</p>
      <Show when={make.error}>
        <Banner tone="danger">{`${t('health.reportFailed')} ${errorText(make.error, t)}`}</Banner>
      </Show>
      <div>
        <Button icon={FileText} busy={make.isPending} onClick={() => make.mutate()}>
          {t('health.reportOpen')}
        </Button>
      </div>
      <Dialog
        open={open()}
        onClose={() => setOpen(false)}
        wide
        title={t('health.report')}
        footer={
          <>
            <Button icon={Download} onClick={() => saveText(make.data ?? '', 'support-report.md')}>
              {t('health.reportDownload')}
            </Button>
            <CopyButton text={make.data ?? ''} look="primary" select={() => text} />
          </>
        }
      >
        <pre
          ref={(element) => (text = element)}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
          tabIndex={0}
          class="wrap-anywhere whitespace-pre-wrap rounded-md bg-code-bg p-3 font-mono text-12"
        >
          {make.data}
        </pre>
      </Dialog>
    </section>
  )
}
