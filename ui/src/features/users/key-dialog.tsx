import { createSignal, Show } from 'solid-js'
import { KeyCreate, type KeyCreated, KeyPatch, type KeyView } from '../../../../server/admin/contract/keys.ts'
import { api } from '../../api/client.ts'
import { useRefresh } from '../../api/queries.ts'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { createForm, FormFrame } from '../../components/form.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { createSecretGuard } from '../../components/secret-guard.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { useMemory } from '../../lib/memory.tsx'
import { KeyShown } from './secret-step.tsx'
import { type Choices, KeyFields } from './user-fields.tsx'
import { changesOf, type FormValues, faultTexts, filledOf, formValues, sentKey } from './user-values.ts'

/** Whose key: of nobody in particular it is the owner's. */
export type KeyHolder = { readonly id: string | undefined; readonly name: string }
type DialogProps = Choices & { readonly onClose: () => void }

/** A new key, shown once, and not let go of unnoticed. */
export function CreateKeyDialog(props: DialogProps & { readonly holder: KeyHolder }) {
  const { t } = useI18n()
  const memory = useMemory()
  const refresh = useRefresh()
  const [made, setMade] = createSignal<KeyCreated>()
  const guard = createSecretGuard(() => props.onClose())
  const holderId = props.holder.id
  const form = createForm({
    schema: KeyCreate,
    start: formValues(undefined, props.models),
    body: (values: FormValues) => ({
      ...filledOf(sentKey(values)),
      ...(holderId === undefined ? {} : { user_id: holderId }),
    }),
    rules: (values) => faultTexts(values, t),
    send: (body) => api.createKey(body),
    onDone: async (created: KeyCreated) => {
      setMade(created)
      memory.setApiKey(created.key)
      await refresh('users', 'user', 'keys')
    },
    failed: t('keys.createFailed'),
  })
  return (
    <Dialog
      open
      onClose={props.onClose}
      title={t('users.newKeyFor', { name: props.holder.name })}
      wide
      dirty={form.dirty()}
      secret={made() ? guard : undefined}
    >
      <Show
        when={made()}
        fallback={
          <FormFrame
            form={form}
            actions={<FormActions long submit={t('keys.create')} busy={form.busy()} onCancel={props.onClose} />}
          >
            <TextField label={t('keys.name')} help={t('keys.nameHelp')} {...form.text('name')} />
            <KeyFields form={form} accounts={props.accounts} models={props.models} />
          </FormFrame>
        }
      >
        {(created) => <KeyShown secret={created().key} guard={guard} />}
      </Show>
    </Dialog>
  )
}

/** Name, limits and rights of a key. The key itself is never shown again. */
export function EditKeyDialog(props: DialogProps & { readonly item: KeyView; readonly internal?: boolean }) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const { item } = props // as it was on opening: a list that changes below must not change the form
  const start = formValues(item, props.models)
  const form = createForm({
    schema: KeyPatch,
    start,
    body: (values: FormValues) => changesOf(sentKey(values), sentKey(start)),
    rules: (values) => faultTexts(values, t),
    send: (body) => api.patchKey(item.id, body),
    onDone: async ({ name }: KeyView) => {
      showToast({ tone: 'info', text: t('keys.changed', { name }) })
      props.onClose()
      await refresh('users', 'user', 'keys')
    },
    failed: t('keys.changeFailed', { name: item.name }),
  })
  return (
    <Dialog open onClose={props.onClose} title={t('keys.editNamed', { name: item.name })} wide dirty={form.dirty()}>
      <FormFrame
        form={form}
        actions={<FormActions long submit={t('common.save')} busy={form.busy()} onCancel={props.onClose} />}
      >
        <Show when={!props.internal}>
          <TextField label={t('keys.name')} {...form.text('name')} />
        </Show>
        <KeyFields form={form} accounts={props.accounts} models={props.models} />
      </FormFrame>
    </Dialog>
  )
}
