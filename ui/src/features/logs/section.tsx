import type { JSX } from 'solid-js'

export function Section(props: { readonly title: string; readonly children: JSX.Element }) {
  return (
    <section class="flex flex-col gap-2">
      <h3 class="font-semibold">{props.title}</h3>
      {props.children}
    </section>
  )
}
