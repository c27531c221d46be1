import { createHold } from '../api/writes.tsx'

type SwitchProps = {
  /** Read out; not shown, the row already names the thing. */
  readonly label: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly disabled?: boolean
}

/** The browser's own box in another dress: a long list shows hundreds, and each must cost next to nothing. */
export function Switch(props: SwitchProps) {
  const held = createHold(() => true)
  return (
    <label class="control-square inline-flex items-center justify-center">
      <input
        type="checkbox"
        // biome-ignore lint/a11y/useAriaPropsForRole: the box itself says whether it is checked
        role="switch"
        aria-label={props.label}
        checked={props.checked}
        disabled={props.disabled}
        aria-disabled={held() ? true : undefined}
        title={held()}
        onClick={(event) => held() && event.preventDefault()}
        onChange={(event) => {
          const wanted = event.currentTarget.checked
          props.onChange(wanted)
          // It shows what is, which need not be what was asked for.
          event.currentTarget.checked = props.checked
        }}
        class="forced-border flex h-5 w-9 cursor-pointer appearance-none items-center rounded-full border border-control bg-surface-3 p-px transition-colors duration-120 before:size-4 before:rounded-full before:bg-control before:transition-transform before:duration-120 checked:border-accent checked:bg-accent checked:before:translate-x-4 checked:before:bg-on-accent disabled:cursor-default disabled:opacity-50 aria-disabled:opacity-50 forced-colors:before:bg-[Highlight] forced-colors:before:forced-color-adjust-none"
      />
    </label>
  )
}
