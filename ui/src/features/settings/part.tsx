import { type JSX, Show } from 'solid-js'

/** A part of a section: heading, a line on what it is for, what can be done, and the thing itself. */
export function Part(props: {
  readonly title: string
  readonly lead?: string
  readonly action?: JSX.Element
  readonly children: JSX.Element
}) {
  return (
    <section class="flex flex-col gap-3 border-border border-t pt-5">
      <div class="flex flex-wrap items-start justify-between gap-x-4 gap-y-2">
        <div class="min-w-0">
          <h3 class="font-semibold">{props.title}</h3>
          <Show when={props.lead}>
            <p class="max-w-2xl text-13 text-text-2">{props.lead}</p>
          </Show>
        </div>
        <div class="flex flex-wrap gap-2">{props.action}</div>
      </div>
      {props.children}
    </section>
  )
}
