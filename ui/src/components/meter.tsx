const fills = {
  unknown: 'bg-surface-3',
  normal: 'bg-accent',
  warning: 'bg-meter-warning',
  danger: 'bg-danger-solid',
} as const

/** How much of a limit is used. `ratio` 0-1; more than 1 fills the bar. */
export function Meter(props: { ratio: number; level: keyof typeof fills; label: string }) {
  const percent = () => Math.round(Math.min(1, Math.max(0, props.ratio)) * 100)
  return (
    // biome-ignore lint/a11y/useSemanticElements: the native meter cannot be coloured alike in all browsers
    <div
      role="meter"
      aria-label={props.label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent()}
      class="forced-border h-1.5 w-full overflow-hidden rounded-full bg-surface-3"
    >
      <div class={`forced-fill h-full rounded-full ${fills[props.level]}`} style={{ width: `${percent()}%` }} />
    </div>
  )
}
