import { For } from 'solid-js'

/** One of a few, beside each other: what is shown changes at once. */
export function ChoiceBar<Value extends string>(props: {
  readonly legend: string
  readonly value: Value
  readonly options: readonly { readonly value: Value; readonly text: string }[]
  readonly onChange: (value: Value) => void
}) {
  return (
    <fieldset class="flex flex-wrap gap-1">
      <legend class="sr-only">{props.legend}</legend>
      <For each={props.options}>
        {(option) => (
          <button
            type="button"
            aria-pressed={props.value === option.value}
            onClick={() => props.onChange(option.value)}
            class="control rounded-md px-2.5 text-13 text-text-2 hover:bg-surface-2 aria-pressed:bg-accent-soft aria-pressed:font-medium aria-pressed:text-accent-text"
          >
            {option.text}
          </button>
        )}
      </For>
    </fieldset>
  )
}
