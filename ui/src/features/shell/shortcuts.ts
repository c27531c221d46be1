import { createEffect, createMemo, createSignal, onCleanup } from 'solid-js'
import { tinykeys } from 'tinykeys'
import type { PaletteAction } from '../../components/palette-actions.tsx'
import { areKeysOn } from '../../lib/appearance.ts'

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || target.closest('input, textarea, select, [role="menu"], [role="listbox"]') !== null)

/** Letters are for who is not writing, and a dialog is answered before anything else. */
const isAside = (event: KeyboardEvent): boolean =>
  event.isComposing || event.repeat || isTyping(event.target) || document.querySelector('[role="dialog"]') !== null

/** Runs what has the keys that are pressed; of two with the same keys the first. */
export function createShortcuts(actions: () => readonly PaletteAction[], openPalette: () => void): void {
  // Bound anew only when there are other keys: an answer that changes what is offered must not forget the first of two.
  const known = createMemo(() => [...new Set(actions().flatMap(({ keys }) => keys ?? []))].toSorted().join('\n'))
  // And after each that ran: tinykeys would go on waiting for the ends of others that begin alike, and miss their next beginning.
  const [ran, setRan] = createSignal(0)
  createEffect(() => {
    ran()
    const letters = Object.fromEntries(
      known()
        .split('\n')
        .filter((keys) => keys !== '')
        .map((keys) => [
          keys,
          (event: KeyboardEvent) => {
            event.preventDefault()
            setRan((count) => count + 1)
            const action = actions().find((one) => one.keys === keys)
            const run = action?.byKey ?? action?.run
            run?.()
          },
        ]),
    )
    const stops = [
      tinykeys(
        window,
        {
          '$mod+k': (event) => {
            event.preventDefault()
            openPalette()
          },
        },
        { ignore: ({ isComposing, repeat }) => isComposing || repeat },
      ),
      tinykeys(window, letters, { ignore: (event) => isAside(event) || !areKeysOn(), timeout: 2_000 }),
    ]
    onCleanup(() => {
      for (const stop of stops) stop()
    })
  })
}
