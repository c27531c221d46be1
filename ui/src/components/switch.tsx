import { Switch as Base } from '@kobalte/core/switch'

type SwitchProps = {
  /** Read out; not shown, the row already names the thing. */
  readonly label: string
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly disabled?: boolean
}

export function Switch(props: SwitchProps) {
  return (
    <Base
      checked={props.checked}
      onChange={props.onChange}
      disabled={props.disabled ?? false}
      class="control-square inline-flex items-center justify-center"
    >
      <Base.Label class="sr-only">{props.label}</Base.Label>
      <Base.Input class="peer" />
      <Base.Control class="forced-border inline-flex h-5 w-9 cursor-pointer items-center rounded-full border border-control bg-surface-3 p-px transition-colors duration-120 data-checked:border-accent data-checked:bg-accent data-disabled:opacity-50 peer-focus-visible:outline-2 peer-focus-visible:outline-accent peer-focus-visible:outline-offset-2">
        <Base.Thumb class="forced-fill size-4 rounded-full bg-control transition-transform duration-120 data-checked:translate-x-4 data-checked:bg-on-accent" />
      </Base.Control>
    </Base>
  )
}
