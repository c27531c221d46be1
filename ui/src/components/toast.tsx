import { createSignal, Show, Suspense } from 'solid-js'
import { later } from '../lib/later.tsx'
import type { ToastContent } from './toast-content.ts'

const view = () => import('./toast-view.tsx')
const ToastView = later(view)
const [wanted, setWanted] = createSignal(false)

/** A short notice. Errors stay until closed, the rest goes after 8 s (paused on hover and focus). */
export function showToast(content: ToastContent): void {
  setWanted(true)
  void ToastView.whenThere()
    .then(view)
    .then(({ show }) => show(content))
}

/** Where toasts appear, from the first one on: until then nothing of them is loaded. */
export function ToastRegion() {
  return (
    <Show when={wanted()}>
      <Suspense>
        <ToastView />
      </Suspense>
    </Show>
  )
}
