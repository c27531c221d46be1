import { createUniqueId, Show } from 'solid-js'
import { buttonClass } from './button.tsx'

/** One file. The browser's own field speaks the browser's language, so it is only heard and reached, and a button of ours is seen. */
export function FileField(props: {
  readonly label: string
  /** Of the button. */
  readonly choose: string
  /** Shown while there is no file. */
  readonly none: string
  readonly accept: string
  readonly file: File | undefined
  readonly onFile: (file: File | undefined) => void
  readonly error?: string | undefined
}) {
  const id = createUniqueId()
  return (
    <div class="relative flex flex-col gap-1">
      <span id={`${id}-label`} class="font-medium text-13">
        {props.label}
      </span>
      <div class="flex min-w-0 flex-wrap items-center gap-3">
        <input
          id={id}
          type="file"
          accept={props.accept}
          class="peer sr-only"
          aria-labelledby={`${id}-label ${id}-button`}
          aria-describedby={`${id}-name${props.error ? ` ${id}-error` : ''}`}
          aria-invalid={props.error ? true : undefined}
          onChange={(event) => props.onFile(event.currentTarget.files?.[0])}
        />
        <label
          id={`${id}-button`}
          for={id}
          class={`${buttonClass('secondary')} cursor-pointer peer-focus-visible:outline-2 peer-focus-visible:outline-accent peer-focus-visible:outline-offset-2`}
          classList={{ 'border-danger': props.error !== undefined }}
        >
          {props.choose}
        </label>
        <span id={`${id}-name`} class="wrap-anywhere min-w-0 text-13" classList={{ 'text-text-3': !props.file }}>
          {props.file?.name ?? props.none}
        </span>
      </div>
      <Show when={props.error}>
        {(text) => (
          <p id={`${id}-error`} class="text-12 text-danger">
            {text()}
          </p>
        )}
      </Show>
    </div>
  )
}
