import { createMemo, createSignal, createUniqueId, For, Show } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { matchesWords } from '../lib/search.ts'

export type Pick = {
  readonly value: string
  readonly text: string
  readonly hint?: string
  /** What a search also finds it by; not shown. */
  readonly words?: string
}

type PickListProps = {
  readonly label: string
  readonly options: readonly Pick[]
  /** Said when there is nothing to choose from. */
  readonly empty: string
  readonly chosen: readonly string[]
  readonly onChange: (chosen: readonly string[]) => void
  readonly error?: string | undefined
}

/** A longer list would only slow the page down: it is searched anyway. */
const mostShown = 100

/** Several of many: native check boxes under a search field. */
export function PickList(props: PickListProps) {
  const { t, format } = useI18n()
  const id = createUniqueId()
  const [search, setSearch] = createSignal('')
  const chosen = createMemo(() => new Set(props.chosen))
  const found = createMemo(() =>
    props.options.filter(({ text, hint, words }) => matchesWords(`${text} ${hint ?? ''} ${words ?? ''}`, search())),
  )
  const more = (): number => found().length - mostShown
  const toggle = (value: string, on: boolean): void => {
    const others = props.chosen.filter((one) => one !== value)
    props.onChange(on ? [...others, value] : others)
  }
  return (
    <fieldset class="flex flex-col gap-1">
      <legend class="mb-1 font-medium text-13">{props.label}</legend>
      <input
        type="search"
        aria-label={t('common.search')}
        placeholder={t('common.search')}
        autocomplete="off"
        spellcheck={false}
        value={search()}
        onInput={(event) => setSearch(event.currentTarget.value)}
        // Enter here would send the form around it.
        onKeyDown={(event) => event.key === 'Enter' && event.preventDefault()}
        aria-invalid={props.error ? true : undefined}
        aria-describedby={props.error ? `${id}-error` : undefined}
        class="control w-full rounded-md border border-control bg-surface px-2.5 text-14 max-md:text-16 aria-invalid:border-danger"
      />
      <ul class="max-h-56 overflow-y-auto rounded-md border border-border">
        <For
          each={found().slice(0, mostShown)}
          fallback={
            <li class="px-2.5 py-2 text-text-3">{props.options.length === 0 ? props.empty : t('common.noMatch')}</li>
          }
        >
          {(option) => (
            <li class="border-border border-b last:border-b-0">
              <label class="control flex cursor-pointer items-center gap-2.5 px-2.5 py-1 hover:bg-surface-2">
                <input
                  type="checkbox"
                  checked={chosen().has(option.value)}
                  onChange={(event) => toggle(option.value, event.currentTarget.checked)}
                  class="size-4 shrink-0 accent-accent"
                />
                <span class="min-w-0">
                  <span class="wrap-anywhere">{option.text}</span>
                  <Show when={option.hint}>
                    <span class="wrap-anywhere block text-12 text-text-3">{option.hint}</span>
                  </Show>
                </span>
              </label>
            </li>
          )}
        </For>
      </ul>
      <p role="status" class="numbers text-12 text-text-3">
        {t('common.chosen', { count: format().number(props.chosen.length) })}
        <Show when={more() > 0}> · {t('common.moreFound', { count: format().number(more()) })}</Show>
      </p>
      <Show when={props.error}>
        <p id={`${id}-error`} class="text-12 text-danger">
          {props.error}
        </p>
      </Show>
    </fieldset>
  )
}
