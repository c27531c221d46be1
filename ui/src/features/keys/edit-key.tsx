import { useMutation } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import type { KeyPatch, KeyView } from '../../../../server/admin/contract/keys.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault } from '../../lib/focus.ts'
import { AccountField, type Accounts } from './account-field.tsx'
import { type KeyForm, keyChanges, keyFaults, keyForm } from './account-set.ts'

type Props = {
  readonly open: boolean
  readonly item: KeyView | undefined
  readonly accounts: Accounts
  readonly onClose: () => void
}

/** Name and accounts of a key. The key itself is never shown again. */
export function EditKeyDialog(props: Props) {
  const { t } = useI18n()
  return (
    <Show when={props.item}>
      {(item) => (
        <Dialog open={props.open} onClose={props.onClose} title={t('keys.editNamed', { name: item().name })}>
          <Fields item={item()} accounts={props.accounts} onDone={props.onClose} />
        </Dialog>
      )}
    </Show>
  )
}

function Fields(props: { item: KeyView; accounts: Accounts; onDone: () => void }) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const { item } = props // as it was on opening: a list that changes below must not change the form
  const [form, setForm] = createSignal<KeyForm>(keyForm(item))
  const [checked, setChecked] = createSignal(false)
  let element: HTMLFormElement | undefined
  const fault = (name: 'name' | 'accounts'): string | undefined => {
    const key = checked() ? keyFaults(form())[name] : undefined
    return key && t(key)
  }
  const change = (part: Partial<KeyForm>): void => {
    setForm({ ...form(), ...part })
  }
  const save = useMutation(() => ({
    mutationFn: (patch: KeyPatch) => api.patchKey(item.id, patch),
    onSuccess: async ({ name }) => {
      showToast({ tone: 'info', text: t('keys.changed', { name }) })
      await refresh('keys')
      props.onDone()
    },
    // An account may have been removed meanwhile.
    onError: () => refresh('every-account'),
  }))
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setChecked(true)
    if (Object.keys(keyFaults(form())).length > 0) {
      focusFault(element)
      return
    }
    const changes = keyChanges(form(), item)
    if (changes === undefined) props.onDone()
    else if (!save.isPending) save.mutate(changes)
  }
  return (
    <form ref={(form) => (element = form)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
      <TextField
        label={t('keys.name')}
        value={form().name}
        onInput={(event) => change({ name: event.currentTarget.value })}
        error={fault('name')}
      />
      <AccountField form={form()} accounts={props.accounts} error={fault('accounts')} onChange={change} />
      <Show when={save.error}>
        {(error) => (
          <Banner tone="danger">
            {t('keys.changeFailed', { name: item.name })} {errorText(error(), t)}
          </Banner>
        )}
      </Show>
      <FormActions submit={t('common.save')} busy={save.isPending} onCancel={props.onDone} />
    </form>
  )
}
