import { Select as Base } from '@kobalte/core/select'
import Check from 'lucide-solid/icons/check'
import ChevronDown from 'lucide-solid/icons/chevron-down'
import { Show } from 'solid-js'
import { overlayRoot } from './overlay-root.ts'

export type Option = { readonly value: string; readonly text: string; readonly hint?: string }

type SelectProps = {
  readonly label: string
  readonly placeholder: string
  readonly options: readonly Option[]
  readonly value: string | undefined
  readonly onChange: (value: string) => void
  readonly disabled?: boolean
}

export function Select(props: SelectProps) {
  const selected = () => props.options.find((option) => option.value === props.value) ?? null
  return (
    <Base<Option>
      class="flex flex-col gap-1"
      options={[...props.options]}
      optionValue="value"
      optionTextValue="text"
      value={selected()}
      onChange={(option: Option | null) => option && props.onChange(option.value)}
      placeholder={props.placeholder}
      disabled={props.disabled ?? false}
      sameWidth
      gutter={4}
      itemComponent={(item) => (
        <Base.Item
          item={item.item}
          class="control flex cursor-default items-center justify-between gap-2 rounded-md px-2 outline-none data-highlighted:bg-surface-2"
        >
          <Base.ItemLabel class="min-w-0">
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
      <Base.Label class="font-medium text-13">{props.label}</Base.Label>
      <Base.Trigger class="control flex w-full items-center justify-between gap-2 rounded-md border border-control bg-surface px-2.5 text-left disabled:opacity-60">
        <Base.Value<Option> class="truncate data-placeholder-shown:text-text-3">
          {(state) => state.selectedOption()?.text}
        </Base.Value>
        <Base.Icon class="shrink-0 text-text-3">
          <ChevronDown size={16} strokeWidth={1.75} aria-hidden="true" />
        </Base.Icon>
      </Base.Trigger>
      <Base.Portal mount={overlayRoot()}>
        <Base.Content class="appear forced-border pointer-events-auto z-50 rounded-lg border border-border bg-surface shadow-overlay">
          <Base.Listbox class="max-h-72 overflow-y-auto p-1 outline-none" />
        </Base.Content>
      </Base.Portal>
    </Base>
  )
}
