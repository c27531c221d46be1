import { Show } from 'solid-js'
import { useI18n } from '../../i18n/i18n.tsx'
import type { UrlState } from '../../lib/url-state.ts'
import { FilterChips } from './filter-chips.tsx'
import type { scopeParams } from './scope.ts'
import { scopeChips } from './scope-chips.ts'
import { ScopeFields } from './scope-fields.tsx'
import { createScopeOptions } from './scope-options.ts'

/** Whose requests a page is of: the boxes while it is open, and what is chosen at any time. */
export default function ScopeBar(props: { readonly state: UrlState<typeof scopeParams>; readonly open: boolean }) {
  const { t } = useI18n()
  const scope = () => props.state.value
  const options = createScopeOptions(scope, () => props.open)
  return (
    <>
      <Show when={props.open}>
        <div class="grid grid-cols-1 gap-3 rounded-lg border border-border bg-surface p-3 md:grid-cols-2 lg:grid-cols-4">
          <ScopeFields
            scope={scope()}
            options={options}
            onChange={(name, value) => props.state.set({ [name]: value })}
          />
        </div>
      </Show>
      <FilterChips chips={scopeChips(scope(), options, t)} onDrop={(name) => props.state.set({ [name]: undefined })} />
    </>
  )
}
