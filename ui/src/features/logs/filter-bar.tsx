import ListFilter from 'lucide-solid/icons/list-filter'
import { createMemo, createSignal, createUniqueId, For, Show } from 'solid-js'
import { Button } from '../../components/button.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { RangePicker } from '../../components/range-picker.tsx'
import { SearchBox } from '../../components/search-box.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { RangeState } from '../../lib/range-state.ts'
import type { UrlState } from '../../lib/url-state.ts'
import { FilterChips } from '../scope/filter-chips.tsx'
import { scopeChips } from '../scope/scope-chips.ts'
import { ScopeFields } from '../scope/scope-fields.tsx'
import { createScopeOptions } from '../scope/scope-options.ts'
import { dialects, type LogFilters, type logParams, outcomes, searchOf, streamings } from './filters.ts'

export type LogFilterState = UrlState<typeof logParams>

type Chip = { readonly name: keyof LogFilters; readonly text: string }

/** When, how it ended, whose it was: all of it in the address. What is set beyond the first line stands as chips. */
export function FilterBar(props: { readonly filters: LogFilterState; readonly range: RangeState }) {
  const { t } = useI18n()
  const [open, setOpen] = createSignal(false)
  const panel = createUniqueId()
  const value = () => props.filters.value
  const options = createScopeOptions(value, open)
  const chips = createMemo((): readonly Chip[] => {
    const filters = value()
    return [
      ...scopeChips(filters, options, t),
      ...(filters.api === 'any' ? [] : [{ name: 'api' as const, text: t(`logs.api.${filters.api}`) }]),
      ...(filters.stream === 'any' ? [] : [{ name: 'stream' as const, text: t(`logs.stream.${filters.stream}`) }]),
      ...(filters.retried ? [{ name: 'retried' as const, text: t('logs.filter.retried') }] : []),
      ...(filters.ip === '' ? [] : [{ name: 'ip' as const, text: filters.ip }]),
      ...(filters.session === ''
        ? []
        : [{ name: 'session' as const, text: t('logs.chip.session', { name: filters.session.slice(0, 12) }) }]),
      ...(filters.id === '' ? [] : [{ name: 'id' as const, text: filters.id }]),
    ]
  })
  const drop = (name: keyof LogFilters): void => props.filters.set({ [name]: undefined })
  const set = props.filters.set
  return (
    <div class="flex flex-col gap-2">
      <div class="flex flex-wrap items-end gap-2">
        <span class="max-md:order-1">
          <RangePicker state={props.range} />
        </span>
        <select
          aria-label={t('logs.filter.status')}
          class="control rounded-md border border-control bg-surface px-2.5 max-md:order-3 max-md:w-36 max-md:text-16"
          onChange={(event) => set({ status: outcomes.find((one) => one === event.currentTarget.value) })}
        >
          <For each={outcomes}>
            {(name) => (
              <option value={name} selected={name === value().status}>
                {t(`logs.status.${name}`)}
              </option>
            )}
          </For>
        </select>
        <SearchBox
          label={t('logs.filter.search')}
          value={value().id || value().error}
          class="max-md:order-4"
          onSearch={(text) => set(searchOf(text), { typed: true })}
        />
        <Button
          icon={ListFilter}
          class="max-md:order-2"
          aria-expanded={open()}
          aria-controls={panel}
          onClick={() => setOpen(!open())}
        >
          {t('logs.filter.more')}
          <Show when={chips().length > 0}>
            <span class="numbers text-text-3">{chips().length}</span>
          </Show>
        </Button>
        <Show when={props.filters.count() > 0}>
          <Button look="quiet" class="max-md:order-5" onClick={() => props.filters.clear()}>
            {t('logs.filter.clear')}
          </Button>
        </Show>
      </div>
      <Show when={open()}>
        <div
          id={panel}
          class="grid grid-cols-1 gap-3 rounded-lg border border-border bg-surface p-3 md:grid-cols-2 lg:grid-cols-4"
        >
          <ScopeFields scope={value()} options={options} onChange={(name, chosen) => set({ [name]: chosen })} />
          <SelectField
            label={t('logs.filter.api')}
            value={value().api}
            options={dialects.map((name) => ({ value: name, text: t(`logs.api.${name}`) }))}
            onChange={(name) => set({ api: dialects.find((one) => one === name) })}
          />
          <SelectField
            label={t('logs.filter.stream')}
            value={value().stream}
            options={streamings.map((name) => ({ value: name, text: t(`logs.stream.${name}`) }))}
            onChange={(name) => set({ stream: streamings.find((one) => one === name) })}
          />
          <TextField
            label={t('logs.filter.ip')}
            mono
            value={value().ip}
            onChange={(event) => set({ ip: event.currentTarget.value.trim() })}
          />
          <label class="control inline-flex cursor-pointer items-center gap-2 self-end">
            <input
              type="checkbox"
              checked={value().retried}
              onChange={(event) => set({ retried: event.currentTarget.checked })}
              class="size-4 accent-accent"
            />
            {t('logs.filter.retried')}
          </label>
        </div>
      </Show>
      <FilterChips chips={chips()} onDrop={drop} />
    </div>
  )
}
