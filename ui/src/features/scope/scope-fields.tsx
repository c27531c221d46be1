import { For } from 'solid-js'
import { Combobox } from '../../components/combobox.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { type Scope, type ScopeName, scopeNames } from './scope.ts'
import type { ScopeOptions } from './scope-options.ts'

/** One box for each: whose key, which key, which account, which model. */
export function ScopeFields(props: {
  readonly scope: Scope
  readonly options: ScopeOptions
  readonly onChange: (name: ScopeName, value: string | undefined) => void
}) {
  const { t } = useI18n()
  return (
    <For each={scopeNames}>
      {(name) => (
        <Combobox
          label={t(`scope.${name}`)}
          placeholder={t('scope.any')}
          options={props.options.of()[name]}
          value={props.scope[name] || undefined}
          onChange={(value) => props.onChange(name, value)}
        />
      )}
    </For>
  )
}
