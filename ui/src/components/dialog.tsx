import { Dialog as Base } from '@kobalte/core/dialog'
import X from 'lucide-solid/icons/x'
import { type JSX, Show } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { Banner } from './banner.tsx'
import { Button, IconButton } from './button.tsx'

type DialogProps = {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly children: JSX.Element
  readonly footer?: JSX.Element
  /** Gets the focus on opening; else the first control does. */
  readonly firstFocus?: () => HTMLElement | undefined
  /** False: neither Esc, the cross nor a click outside closes it. */
  readonly closable?: boolean
  readonly wide?: boolean
}

/** A modal dialog; full screen on phones. Focus is kept inside and returns to the opener. */
export function Dialog(props: DialogProps) {
  const { t } = useI18n()
  const keepOpen = (event: Event): void => {
    if (props.closable === false) event.preventDefault()
  }
  return (
    <Base open={props.open} onOpenChange={(open) => !open && props.closable !== false && props.onClose()}>
      <Base.Portal>
        <Base.Overlay class="appear fixed inset-0 z-40 bg-scrim" />
        <div class="fixed inset-0 z-40 flex items-center justify-center md:p-6">
          <Base.Content
            class="appear forced-border flex max-h-full w-full flex-col bg-surface shadow-overlay max-md:h-full md:max-h-[calc(100dvh-3rem)] md:rounded-xl md:border md:border-border"
            classList={{ 'md:max-w-lg': !props.wide, 'md:max-w-2xl': props.wide ?? false }}
            onEscapeKeyDown={keepOpen}
            onPointerDownOutside={(event: Event) => {
              keepOpen(event)
              // A toast lies outside of the dialog; using it must not close the dialog.
              const target = (event as CustomEvent<{ originalEvent: Event }>).detail?.originalEvent?.target
              if (target instanceof Element && target.closest('[data-toasts]')) event.preventDefault()
            }}
            onOpenAutoFocus={(event: Event) => {
              const first = props.firstFocus?.()
              if (!first) return
              event.preventDefault()
              first.focus()
            }}
          >
            <div class="flex items-start justify-between gap-3 border-border border-b py-2.5 pr-2.5 pl-4">
              <Base.Title class="py-1 font-semibold text-16">{props.title}</Base.Title>
              <Show when={props.closable !== false}>
                <IconButton icon={X} label={t('common.close')} onClick={() => props.onClose()} />
              </Show>
            </div>
            <div class="flex min-h-0 grow flex-col gap-4 overflow-y-auto p-4">{props.children}</div>
            <Show when={props.footer}>
              <div class="flex flex-wrap justify-end gap-2 border-border border-t px-4 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
                {props.footer}
              </div>
            </Show>
          </Base.Content>
        </div>
      </Base.Portal>
    </Base>
  )
}

type ConfirmProps = {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly text: string
  /** Named after the act: "Revoke key". */
  readonly action: string
  readonly onConfirm: () => void
  readonly busy?: boolean
  readonly error?: string | undefined
}

/** For what cannot be undone: says the effect in one sentence, and the focus starts on Cancel. */
export function ConfirmDialog(props: ConfirmProps) {
  const { t } = useI18n()
  let cancel: HTMLButtonElement | undefined
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      title={props.title}
      firstFocus={() => cancel}
      footer={
        <>
          <Button ref={(element) => (cancel = element)} onClick={() => props.onClose()}>
            {t('common.cancel')}
          </Button>
          <Button look="danger" busy={props.busy ?? false} onClick={() => props.onConfirm()}>
            {props.action}
          </Button>
        </>
      }
    >
      <p>{props.text}</p>
      <Show when={props.error}>{(error) => <Banner tone="danger">{error()}</Banner>}</Show>
    </Dialog>
  )
}
