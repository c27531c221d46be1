import { For, Show } from 'solid-js'
import { Button } from '../../components/button.tsx'
import { SearchBox } from '../../components/search-box.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { UrlState } from '../../lib/url-state.ts'
import { type accountParams, methods, quotas, toggled } from './filters.ts'
import type { ProxyChoice } from './proxy-choice.ts'
import { type StatusFilter, statusFilters } from './status.ts'

type Props = {
  readonly filters: UrlState<typeof accountParams>
  /** By state, of those that match the rest. */
  readonly counts: Readonly<Record<string, number>>
  readonly proxies: readonly ProxyChoice[]
}

const chipClass =
  'control numbers inline-flex shrink-0 items-center whitespace-nowrap gap-1.5 rounded-full border border-border bg-surface px-3 text-13 text-text-2 hover:bg-surface-2 aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-text'
const selectClass =
  'control min-w-0 max-w-56 truncate rounded-md border border-control bg-surface px-2.5 max-md:max-w-none max-md:flex-1 max-md:basis-32 max-md:text-16'

/** Chips with counts, a search and the rest: all of it in the address. */
export function AccountFilters(props: Props) {
  const { t, format } = useI18n()
  const value = () => props.filters.value
  const countOf = (name: StatusFilter): number =>
    name === 'all' ? Object.values(props.counts).reduce((sum, count) => sum + count, 0) : (props.counts[name] ?? 0)
  const isOn = (name: StatusFilter): boolean =>
    name === 'all' ? value().status.length === 0 : value().status.includes(name)
  const offered = (): readonly StatusFilter[] =>
    statusFilters.filter((name) => name === 'all' || name === 'ready' || isOn(name) || countOf(name) > 0)
  const press = (name: StatusFilter): void =>
    props.filters.set({ status: name === 'all' ? [] : toggled(value().status, name) })
  return (
    <div class="flex flex-col gap-2">
      <fieldset class="-mx-3 flex min-w-0 gap-2 max-md:overflow-x-auto max-md:px-3 max-md:py-1 md:mx-0 md:flex-wrap">
        <legend class="sr-only">{t('accounts.filter')}</legend>
        <For each={offered()}>
          {(name) => (
            <button type="button" aria-pressed={isOn(name)} onClick={() => press(name)} class={chipClass}>
              {t(
                name === 'all'
                  ? 'accounts.filter.all'
                  : name === 'failing'
                    ? 'accounts.filter.failing'
                    : `status.${name}`,
              )}
              <span class="text-text-3">{format().number(countOf(name))}</span>
            </button>
          )}
        </For>
      </fieldset>
      <div class="flex flex-wrap items-center gap-2">
        <SearchBox
          label={t('accounts.search')}
          class="max-md:basis-full"
          value={value().q}
          onSearch={(q) => props.filters.set({ q }, { typed: true })}
        />
        <select
          aria-label={t('accounts.method')}
          class={selectClass}
          onChange={(event) =>
            props.filters.set({ method: methods.filter((name) => name === event.currentTarget.value) })
          }
        >
          <option value="" selected={value().method.length === 0}>
            {t('accounts.anyMethod')}
          </option>
          <For each={methods}>
            {(name) => (
              <option value={name} selected={value().method.includes(name)}>
                {t(`method.${name}`)}
              </option>
            )}
          </For>
        </select>
        <select
          aria-label={t('accounts.column.quota')}
          class={selectClass}
          onChange={(event) => props.filters.set({ quota: quotas.find((one) => one === event.currentTarget.value) })}
        >
          <For each={quotas}>
            {(name) => (
              <option value={name} selected={value().quota === name}>
                {name === 'any'
                  ? t('accounts.anyQuota')
                  : t('accounts.quotaFrom', { percent: format().percent(Number(name) / 100) })}
              </option>
            )}
          </For>
        </select>
        <Show when={props.proxies.length > 0}>
          <select
            aria-label={t('accounts.proxy')}
            class={selectClass}
            onChange={(event) => props.filters.set({ proxy: event.currentTarget.value })}
          >
            <option value="" selected={value().proxy === ''}>
              {t('accounts.anyProxy')}
            </option>
            <option value="none" selected={value().proxy === 'none'}>
              {t('accounts.noProxy')}
            </option>
            <For each={props.proxies}>
              {(proxy) => (
                <option value={proxy.id} selected={value().proxy === proxy.id}>
                  {proxy.name}
                </option>
              )}
            </For>
          </select>
        </Show>
        <Show when={props.filters.count() > 0}>
          <Button look="quiet" onClick={() => props.filters.clear()}>
            {t('accounts.clearFilters')}
          </Button>
        </Show>
      </div>
    </div>
  )
}
