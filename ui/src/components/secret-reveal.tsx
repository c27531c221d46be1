import { onMount } from 'solid-js'
import { CopyButton } from './copy-button.tsx'

/** A secret on the only occasion on which it can be seen: selected, with Copy. */
export function SecretReveal(props: { label: string; secret: string; onCopied?: () => void }) {
  let field: HTMLInputElement | undefined
  onMount(() => field?.select())
  return (
    <div class="flex flex-wrap gap-2">
      <input
        ref={(element) => (field = element)}
        readOnly
        aria-label={props.label}
        value={props.secret}
        onFocus={(event) => event.currentTarget.select()}
        class="control min-w-0 flex-1 basis-64 rounded-md border border-control bg-code-bg px-2.5 font-mono text-13"
      />
      <CopyButton text={props.secret} look="primary" select={() => field} onCopied={() => props.onCopied?.()} />
    </div>
  )
}
