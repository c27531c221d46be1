import { For, type JSX, Show } from 'solid-js'
import { Dynamic } from 'solid-js/web'
import { Banner } from './banner.tsx'
import { Button } from './button.tsx'
import type { Icon } from './icon.ts'

/** The three states of a list besides "full". */

export function Skeleton(props: { rows: number; label: string }) {
  return (
    <div role="status" class="appear-late flex flex-col gap-2">
      <span class="sr-only">{props.label}</span>
      <For each={Array.from({ length: props.rows })}>{() => <div class="h-11 rounded-md bg-surface-2" />}</For>
    </div>
  )
}

export function EmptyState(props: { icon: Icon; text: string; children?: JSX.Element }) {
  return (
    <div class="flex flex-col items-center gap-3 rounded-lg border border-border border-dashed px-4 py-10 text-center">
      <span class="text-text-3">
        <Dynamic component={props.icon} size={28} strokeWidth={1.5} aria-hidden="true" />
      </span>
      <p class="text-text-2">{props.text}</p>
      <div class="flex flex-wrap justify-center gap-2">{props.children}</div>
    </div>
  )
}

export function ErrorState(props: {
  text: string
  detail?: string | undefined
  retry: string
  onRetry: () => void
  busy?: boolean
}) {
  return (
    <Banner
      tone="danger"
      action={
        <Button writes={false} busy={props.busy ?? false} onClick={() => props.onRetry()}>
          {props.retry}
        </Button>
      }
    >
      <p>{props.text}</p>
      <Show when={props.detail}>
        <p class="text-12">{props.detail}</p>
      </Show>
    </Banner>
  )
}
