import { Combobox as Base } from '@kobalte/core/combobox'
import Check from 'lucide-solid/icons/check'
import ChevronDown from 'lucide-solid/icons/chevron-down'
import X from 'lucide-solid/icons/x'
import { createMemo, createSignal, Show } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { matchesWords } from '../lib/search.ts'
import { overlayRoot } from './overlay-root.ts'

export type Option = { readonly value: string; readonly text: string; readonly hint?: string }

type ComboboxProps = {
  readonly label: string
  /** The label is read out only: a filter bar says by its placeholder what it is for. */
  readonly quiet?: boolean
  readonly placeholder: string
  /** `words`: what a search also finds it by. */
  readonly options: readonly (Option & { readonly words?: string })[]
  readonly value: string | undefined
  /** Undefined: cleared. */
  readonly onChange: (value: string | undefined) => void
  /** What was typed as one more to choose, where it is none of the list. */
  readonly own?: (typed: string) => Option | undefined
  readonly disabled?: boolean
  readonly error?: string | undefined
}

/** A longer list would only slow the page down: typing finds the rest. */
const mostShown = 50

/** One of many, found by typing. */
export function Combobox(props: ComboboxProps) {
  const { t } = useI18n()
  const [typed, setTyped] = createSignal('')
  const [place, setPlace] = createSignal<HTMLElement>()
  const selected = () => props.options.find((option) => option.value === props.value) ?? null
  const found = createMemo(() => {
    const search = typed() === selected()?.text ? '' : typed()
    const matching = props.options
      .filter(({ text, hint, words }) => matchesWords(`${text} ${hint ?? ''} ${words ?? ''}`, search))
      .slice(0, mostShown)
    const own = search === '' ? undefined : props.own?.(search)
    return own === undefined || matching.some(({ value }) => value === own.value) ? matching : [own, ...matching]
  })
  return (
    <Base<Option>
      class="flex min-w-0 flex-col gap-1"
      options={[...found()]}
      optionValue="value"
      optionTextValue="text"
      optionLabel="text"
      // What is shown is found already.
      defaultFilter={() => true}
      onInputChange={setTyped}
      value={selected()}
      onChange={(option: Option | null) => props.onChange(option?.value)}
      placeholder={props.placeholder}
      disabled={props.disabled ?? false}
      validationState={props.error ? 'invalid' : 'valid'}
      allowsEmptyCollection
      sameWidth
      gutter={4}
      itemComponent={(item) => (
        <Base.Item
          item={item.item}
          class="control flex cursor-default items-center justify-between gap-2 rounded-md px-2 outline-none data-highlighted:bg-surface-2"
        >
          <Base.ItemLabel class="wrap-anywhere min-w-0">
            {item.item.rawValue.text}
            <Show when={item.item.rawValue.hint}>
              <span class="block text-12 text-text-3">{item.item.rawValue.hint}</span>
            </Show>
          </Base.ItemLabel>
          <Base.ItemIndicator>
            <Check size={16} strokeWidth={1.75} aria-hidden="true" />
          </Base.ItemIndicator>
        </Base.Item>
      )}
    >
      <Base.Label class={props.quiet ? 'sr-only' : 'font-medium text-13'}>{props.label}</Base.Label>
      <Base.Control
        // In a dialog the list belongs to the dialog: what lies outside of it is out of reach.
        ref={(element: HTMLElement) =>
          queueMicrotask(() => setPlace(element.closest<HTMLElement>('[role="dialog"]') ?? undefined))
        }
        class="control flex w-full items-center rounded-md border border-control bg-surface data-invalid:border-danger data-disabled:opacity-60"
      >
        {/* As high as the frame around it, for fingers. */}
        <Base.Input class="-my-px min-w-0 grow self-stretch rounded-md bg-transparent px-2.5 max-md:text-16" />
        <Show when={props.value !== undefined}>
          <button
            type="button"
            aria-label={t('combobox.clear', { label: props.label })}
            class="control-square inline-flex items-center justify-center text-text-3 hover:text-text"
            onClick={() => props.onChange(undefined)}
          >
            <X size={14} strokeWidth={1.75} aria-hidden="true" />
          </button>
        </Show>
        <Base.Trigger
          aria-label={t('combobox.show', { label: props.label })}
          class="-my-px inline-flex w-8 shrink-0 max-md:w-11 items-center justify-center self-stretch text-text-3"
        >
          <ChevronDown size={16} strokeWidth={1.75} aria-hidden="true" />
        </Base.Trigger>
      </Base.Control>
      <Show when={props.error}>
        <Base.ErrorMessage class="text-12 text-danger">{props.error}</Base.ErrorMessage>
      </Show>
      <Base.Portal mount={place() ?? overlayRoot()}>
        <Base.Content
          // The focus stays in the field: gone to the page around it, the list would close before the choice is made.
          onMouseDown={(event: MouseEvent) => event.preventDefault()}
          class="appear forced-border pointer-events-auto z-50 rounded-lg border border-border bg-surface shadow-overlay"
        >
          <Base.Listbox class="max-h-72 overflow-y-auto p-1 outline-none" />
          <Show when={found().length === 0}>
            <p class="px-3 pb-2 text-13 text-text-3">{t('common.noMatch')}</p>
          </Show>
        </Base.Content>
      </Base.Portal>
    </Base>
  )
}
