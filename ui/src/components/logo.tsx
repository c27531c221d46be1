/** Three strokes enter from the left and leave as one. */
export function Logo(props: { size?: number }) {
  return (
    <svg
      width={props.size ?? 24}
      height={props.size ?? 24}
      viewBox="0 0 24 24"
      fill="none"
      stroke="currentColor"
      stroke-width="2"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d="M2.5 5.5h4c4 0 3.5 6.5 7.5 6.5h7.5" />
      <path d="M2.5 12h12" />
      <path d="M2.5 18.5h4c4 0 3.5-6.5 7.5-6.5" />
    </svg>
  )
}
