import { Toast, toaster } from '@kobalte/core/toast'
import X from 'lucide-solid/icons/x'
import { Show } from 'solid-js'
import { Portal } from 'solid-js/web'
import { useI18n } from '../i18n/i18n.tsx'
import type { ToastContent } from './toast-content.ts'

export function show(content: ToastContent): void {
  toaster.show((shown) => (
    <Toast
      as="div"
      toastId={shown.toastId}
      persistent={content.tone === 'error'}
      duration={8000}
      priority={content.tone === 'error' ? 'high' : 'low'}
      class="appear forced-border pointer-events-auto flex items-start gap-2 rounded-lg border border-border bg-surface py-2 pr-2 pl-3 shadow-overlay"
      classList={{ 'border-l-4 border-l-danger': content.tone === 'error' }}
    >
      <div class="min-w-0 flex-1 py-1">
        <Toast.Title>{content.text}</Toast.Title>
        <Show when={content.detail}>
          <Toast.Description class="text-12 text-text-3">{content.detail}</Toast.Description>
        </Show>
      </div>
      <Show when={content.action}>
        {(action) => (
          <button
            type="button"
            class="control rounded-md px-2 font-medium text-accent-text hover:bg-surface-2"
            onClick={() => {
              toaster.dismiss(shown.toastId)
              action().run()
            }}
          >
            {action().text}
          </button>
        )}
      </Show>
      <ToastClose />
    </Toast>
  ))
}

function ToastClose() {
  const { t } = useI18n()
  return (
    <Toast.CloseButton
      aria-label={t('common.close')}
      class="control-square inline-flex items-center justify-center rounded-md text-text-3 hover:bg-surface-2"
    >
      <X size={16} strokeWidth={1.75} aria-hidden="true" />
    </Toast.CloseButton>
  )
}

/** Where toasts appear; F6 moves the focus here. */
export default function ToastView() {
  const { t } = useI18n()
  return (
    <Portal>
      <Toast.Region
        aria-label={t('common.notifications')}
        hotkey={['F6']}
        limit={3}
        swipeDirection="right"
        data-toasts=""
      >
        <Toast.List
          as="div"
          class="pointer-events-none fixed right-0 bottom-0 z-60 flex w-full max-w-sm flex-col gap-2 p-4 outline-none max-md:bottom-16"
        />
      </Toast.Region>
    </Portal>
  )
}
