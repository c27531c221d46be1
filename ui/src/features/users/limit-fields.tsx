import { For } from 'solid-js'
import { TextField } from '../../components/field.tsx'
import type { Form } from '../../components/form.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { limitFields } from './limit-values.ts'
import type { FormValues } from './user-values.ts'

/** The limits of a user or a key, as amounts people write. */
export function LimitFields(props: { form: Form<FormValues>; legend: string; help: string }) {
  const { t } = useI18n()
  return (
    <fieldset class="flex flex-col gap-3">
      <legend class="mb-1 font-medium text-13">{props.legend}</legend>
      <p class="text-12 text-text-3">{props.help}</p>
      <div class="grid gap-3 md:grid-cols-2">
        <For each={limitFields}>
          {(name) => (
            <TextField
              label={t(`users.limit.${name}`)}
              inputMode="decimal"
              placeholder={t('users.noLimit')}
              {...props.form.text(name)}
            />
          )}
        </For>
      </div>
    </fieldset>
  )
}
