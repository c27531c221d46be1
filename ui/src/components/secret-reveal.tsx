import { onMount } from 'solid-js'
import { CopyButton } from './copy-button.tsx'

/** A secret on the only occasion on which it can be seen: selected, with Copy. */
export function SecretReveal(props: { label: string; secret: string; onCopied?: () => void }) {
  let field: HTMLTextAreaElement | undefined
  onMount(() => field?.select())
  return (
    <div class="flex flex-col items-end gap-2">
      {/* Wraps, so that all of it is seen at any width. */}
      <textarea
        ref={(element) => (field = element)}
        readOnly
        rows={2}
        spellcheck={false}
        aria-label={props.label}
        value={props.secret}
        onFocus={(event) => event.currentTarget.select()}
        onCopy={() => props.onCopied?.()}
        class="w-full resize-none break-all rounded-md border border-control bg-code-bg px-2.5 py-1.5 font-mono text-13"
      />
      <CopyButton text={props.secret} look="primary" select={() => field} onCopied={() => props.onCopied?.()} />
    </div>
  )
}
