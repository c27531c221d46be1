import { Tooltip as Base } from '@kobalte/core/tooltip'
import type { JSX } from 'solid-js'
import { overlayRoot } from './overlay-root.ts'

/** More about a word or a mark, for pointer and keyboard alike; a touch shows it too. Never the only place of something needed. */
export function Tooltip(props: { readonly text: string; readonly children: JSX.Element; readonly class?: string }) {
  return (
    <Base openDelay={300} closeDelay={100} gutter={6}>
      <Base.Trigger
        as="button"
        type="button"
        class={`inline-flex items-center rounded-sm text-left ${props.class ?? ''}`}
      >
        {props.children}
      </Base.Trigger>
      <Base.Portal mount={overlayRoot()}>
        <Base.Content class="appear forced-border pointer-events-auto z-50 max-w-80 rounded-md bg-text px-2.5 py-1.5 text-12 text-surface shadow-overlay">
          {props.text}
        </Base.Content>
      </Base.Portal>
    </Base>
  )
}
