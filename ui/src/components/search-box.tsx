import Search from 'lucide-solid/icons/search'
import { createEffect, createSignal, on, onCleanup } from 'solid-js'

const waitMs = 250

/** The search of a list, asked for once somebody stops typing. The key `/` leads here. */
export function SearchBox(props: {
  readonly label: string
  readonly value: string
  readonly class?: string
  readonly onSearch: (text: string) => void
}) {
  const [typed, setTyped] = createSignal(props.value)
  let timer: ReturnType<typeof setTimeout> | undefined
  onCleanup(() => clearTimeout(timer))
  // Back, and "clear filters".
  createEffect(
    on(
      () => props.value,
      (value) => value !== typed().trim() && setTyped(value),
      { defer: true },
    ),
  )
  const ask = (): void => {
    clearTimeout(timer)
    if (typed().trim() !== props.value) props.onSearch(typed().trim())
  }
  return (
    <div class={`relative min-w-40 grow basis-40 md:min-w-48 md:max-w-72 md:basis-auto ${props.class ?? ''}`}>
      <span class="pointer-events-none absolute inset-y-0 left-2.5 flex items-center text-text-3">
        <Search size={16} strokeWidth={1.75} aria-hidden="true" />
      </span>
      <input
        type="search"
        data-page-search=""
        aria-label={props.label}
        placeholder={props.label}
        autocomplete="off"
        spellcheck={false}
        value={typed()}
        onInput={(event) => {
          setTyped(event.currentTarget.value)
          clearTimeout(timer)
          timer = setTimeout(ask, waitMs)
        }}
        onKeyDown={(event) => event.key === 'Enter' && !event.isComposing && ask()}
        class="control w-full rounded-md border border-control bg-surface pr-2.5 pl-8 max-md:text-16"
      />
    </div>
  )
}
