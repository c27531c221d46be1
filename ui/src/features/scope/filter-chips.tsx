import X from 'lucide-solid/icons/x'
import { For, Show } from 'solid-js'
import { useI18n } from '../../i18n/i18n.tsx'

/** What is set, each with the way to drop it. */
export function FilterChips<Name extends string>(props: {
  readonly chips: readonly { readonly name: Name; readonly text: string }[]
  readonly onDrop: (name: Name) => void
}) {
  const { t } = useI18n()
  return (
    <Show when={props.chips.length > 0}>
      <ul class="flex flex-wrap gap-1.5">
        <For each={props.chips}>
          {(chip) => (
            <li>
              <button
                type="button"
                class="inline-flex min-h-7 max-w-72 items-center gap-1 rounded-full border border-border bg-surface px-2.5 text-12 hover:bg-surface-2 max-md:min-h-11"
                aria-label={t('scope.remove', { name: chip.text })}
                onClick={() => props.onDrop(chip.name)}
              >
                <span class="truncate">{chip.text}</span>
                <X size={12} strokeWidth={1.75} aria-hidden="true" />
              </button>
            </li>
          )}
        </For>
      </ul>
    </Show>
  )
}
