import { createSignal, Show, Suspense } from 'solid-js'
import { later } from '../../lib/later.tsx'
import { BlockList } from './block-list.tsx'

const BlockDialog = later(() => import('./block-dialog.tsx'))

/** The one list of blocked addresses, with the way to add to it. */
export function Blocked() {
  const [open, setOpen] = createSignal(false)
  const [seen, setSeen] = createSignal(false)
  return (
    <>
      <BlockList
        onBlock={() => {
          setSeen(true)
          setOpen(true)
        }}
      />
      <Suspense>
        <Show when={seen()}>
          <BlockDialog open={open()} onClose={() => setOpen(false)} ip="" />
        </Show>
      </Suspense>
    </>
  )
}
