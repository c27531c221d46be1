import { For } from 'solid-js'
import { encode } from 'uqr'

/** Always dark on white: many phone cameras do not read inverted codes. */
export default function QrCode(props: { text: string; label: string }) {
  const code = () => encode(props.text, { ecc: 'M', border: 2 })
  const rows = () => code().data.map((row) => row.flatMap((dark, x) => (dark ? [x] : [])))
  return (
    <svg
      role="img"
      aria-label={props.label}
      viewBox={`0 0 ${code().size} ${code().size}`}
      shape-rendering="crispEdges"
      width="144"
      height="144"
      class="shrink-0 rounded-md border border-border"
    >
      <rect width="100%" height="100%" fill="#fff" />
      <For each={rows()}>
        {(columns, y) => <path fill="#000" d={columns.map((x) => `M${x} ${y()}h1v1h-1z`).join('')} />}
      </For>
    </svg>
  )
}
