import { useMutation } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import type { KeyView } from '../../../../server/admin/contract/keys.ts'
import type { ModelMappingView } from '../../../../server/admin/contract/model-mappings.ts'
import { ApiError, api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault } from '../../lib/focus.ts'
import { everyKey, type MappingForm, mappingBody, mappingChanges, mappingFaults, startForm } from './mapping-form.ts'

type Known = {
  /** The one to edit; undefined: a new one. */
  readonly mapping: ModelMappingView | undefined
  readonly keys: readonly Pick<KeyView, 'id' | 'name'>[]
  /** What is offered, to choose a target from. */
  readonly models: readonly string[]
}

/** Which name leads where, and for whom. */
export function MappingDialog(props: Known & { open: boolean; onClose: () => void }) {
  const { t } = useI18n()
  const title = (): string => (props.mapping ? t('models.editTitle', { name: props.mapping.name }) : t('models.add'))
  return (
    <Dialog open={props.open} onClose={props.onClose} title={title()}>
      <Fields mapping={props.mapping} keys={props.keys} models={props.models} onDone={props.onClose} />
    </Dialog>
  )
}

function Fields(props: Known & { onDone: () => void }) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const { mapping } = props // the one the dialog was opened for: a list that changes below must not change the form
  const [form, setForm] = createSignal<MappingForm>(startForm(mapping))
  const [checked, setChecked] = createSignal(false)
  let element: HTMLFormElement | undefined
  const save = useMutation(() => ({
    mutationFn: async (given: MappingForm) => {
      if (mapping === undefined) return api.createModelMapping(mappingBody(given))
      const changes = mappingChanges(given, mapping)
      return changes === undefined ? undefined : api.updateModelMapping(mapping.id, changes)
    },
    onSuccess: async (answer) => {
      const name = answer?.mapping.name
      if (name !== undefined) {
        showToast({ tone: 'info', text: t('models.saved', { name, target: answer?.mapping.target ?? '' }) })
        await refresh('model-mappings')
      }
      props.onDone()
    },
    onError: () => focusFault(element),
  }))
  const refusalOf = (field: string): ApiError | undefined => {
    const { error } = save
    return error instanceof ApiError && error.field === field ? error : undefined
  }
  const fault = (field: 'name' | 'target'): string | undefined => {
    const refused = refusalOf(field)
    if (refused) return errorText(refused, t)
    const key = checked() ? mappingFaults(form())[field] : undefined
    return key && t(key)
  }
  const change = (part: Partial<MappingForm>): void => {
    if (save.error) save.reset()
    setForm({ ...form(), ...part })
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setChecked(true)
    if (Object.keys(mappingFaults(form())).length > 0) {
      focusFault(element)
      return
    }
    if (!save.isPending) save.mutate(form())
  }
  return (
    <form ref={(form) => (element = form)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
      <TextField
        label={t('models.name')}
        help={t('models.nameHelp')}
        mono
        autocapitalize="none"
        value={form().name}
        onInput={(event) => change({ name: event.currentTarget.value })}
        error={fault('name')}
      />
      <TextField
        label={t('models.target')}
        help={t('models.targetHelp')}
        mono
        autocapitalize="none"
        suggestions={props.models}
        value={form().target}
        onInput={(event) => change({ target: event.currentTarget.value })}
        error={fault('target')}
      />
      <SelectField
        label={t('models.for')}
        help={t('models.forHelp')}
        options={[
          { value: everyKey, text: t('models.everyKey') },
          ...props.keys.map(({ id, name }) => ({ value: id, text: name })),
        ]}
        value={form().keyId}
        onChange={(keyId) => change({ keyId })}
      />
      <Show when={save.error && !refusalOf('name') && !refusalOf('target')}>
        <Banner tone="danger">
          {t('models.saveFailed')} {errorText(save.error, t)}
        </Banner>
      </Show>
      <FormActions
        submit={mapping ? t('common.save') : t('models.add')}
        busy={save.isPending}
        onCancel={props.onDone}
      />
    </form>
  )
}
