import { createEffect, type JSX, onCleanup, onMount, Show } from 'solid-js'
import { holdFocus } from '../lib/focus.ts'

type PageHeaderProps = {
  readonly title: string
  readonly app: string
  readonly answer?: string | undefined
  readonly children?: JSX.Element
}

/** The page's heading, its one-line answer and its main action. On a route change the focus comes here. */
export function PageHeader(props: PageHeaderProps) {
  let heading: HTMLHeadingElement | undefined
  createEffect(() => {
    document.title = props.app ? `${props.title} – ${props.app}` : props.title
  })
  onMount(() => onCleanup(holdFocus(() => heading)))
  return (
    <div class="flex flex-wrap items-start justify-between gap-3">
      <div class="min-w-0">
        <h1 ref={(element) => (heading = element)} tabIndex={-1} class="font-semibold text-20">
          {props.title}
        </h1>
        <Show when={props.answer}>
          <p class="numbers text-text-2">{props.answer}</p>
        </Show>
      </div>
      <div class="flex flex-wrap gap-2">{props.children}</div>
    </div>
  )
}
