import { createSignal, Show } from 'solid-js'
import type { HandOverCreated } from '../../../../server/admin/contract/hand-overs.ts'
import { UserCreate, UserPatch, type UserView } from '../../../../server/admin/contract/users.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { keysApi, usersApi } from '../../api/users.ts'
import { Banner } from '../../components/banner.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { Choice, TextField } from '../../components/field.tsx'
import { createForm, FormFrame } from '../../components/form.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { createSecretGuard } from '../../components/secret-guard.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { useMemory } from '../../lib/memory.tsx'
import { LinkShown } from './link-shown.tsx'
import { KeyShown } from './secret-step.tsx'
import { type Choices, UserFields } from './user-fields.tsx'
import { changesOf, type FormValues, faultTexts, filledOf, formValues, sentUser } from './user-values.ts'

type DialogProps = Choices & { readonly open: boolean; readonly onClose: () => void }

/** What a new user got: its key, or a link by which it gets one. */
type Made = { readonly key: string; readonly noLink?: unknown } | { readonly link: HandOverCreated }

/** A new user with its first key, shown once or handed over by a link. */
export function CreateUserDialog(props: DialogProps) {
  const { t } = useI18n()
  return (
    <Show when={props.open}>
      {/* Made anew with each opening, so that nothing of the last one is left. */}
      <CreateUser {...props} title={t('users.create')} />
    </Show>
  )
}

function CreateUser(props: DialogProps & { readonly title: string }) {
  const { t } = useI18n()
  const memory = useMemory()
  const refresh = useRefresh()
  const [made, setMade] = createSignal<Made>()
  const [byLink, setByLink] = createSignal(false)
  const guard = createSecretGuard(() => props.onClose())
  const form = createForm({
    schema: UserCreate,
    start: formValues(undefined, props.models),
    body: (values: FormValues) => filledOf(sentUser(values)),
    rules: (values) => faultTexts(values, t),
    send: async (body) => {
      const user = await usersApi.create(body)
      const [key] = user.keys
      // The user is there by now: without a link it still has its key.
      if (!byLink() || key === undefined) return { key: user.api_key }
      return keysApi.handOver(key.id, {}).then(
        (link): Made => ({ link }),
        (error): Made => ({ key: user.api_key, noLink: error }),
      )
    },
    onDone: async (answer: Made) => {
      setMade(answer)
      if ('key' in answer) memory.setApiKey(answer.key)
      await refresh('users', 'keys')
    },
    failed: t('users.createFailed'),
  })
  const key = (): string | undefined => {
    const answer = made()
    return answer && 'key' in answer ? answer.key : undefined
  }
  const noLink = (): unknown => {
    const answer = made()
    return answer && 'key' in answer ? answer.noLink : undefined
  }
  const link = (): HandOverCreated | undefined => {
    const answer = made()
    return answer && 'link' in answer ? answer.link : undefined
  }
  return (
    <Dialog
      open
      onClose={props.onClose}
      title={props.title}
      wide
      dirty={form.dirty()}
      secret={made() ? guard : undefined}
    >
      <Show when={noLink()}>
        {(error) => (
          <Banner tone="danger">
            {t('users.linkFailed')} {errorText(error(), t)}
          </Banner>
        )}
      </Show>
      <Show when={key()}>{(secret) => <KeyShown secret={secret()} guard={guard} />}</Show>
      <Show when={link()}>{(shown) => <LinkShown link={shown()} guard={guard} />}</Show>
      <Show when={!made()}>
        <FormFrame
          form={form}
          actions={<FormActions long submit={t('users.create')} busy={form.busy()} onCancel={props.onClose} />}
        >
          <TextField label={t('users.name')} help={t('users.nameHelp')} {...form.text('name')} />
          <Choice
            label={t('users.handing')}
            value={byLink() ? 'link' : 'show'}
            options={[
              { value: 'show', text: t('users.handing.show') },
              { value: 'link', text: t('users.handing.link') },
            ]}
            onChange={(value) => setByLink(value === 'link')}
          />
          <UserFields form={form} accounts={props.accounts} models={props.models} />
        </FormFrame>
      </Show>
    </Dialog>
  )
}

/** Name, limits and rights of a user; only what was changed is sent. */
export function EditUserDialog(props: DialogProps & { readonly user: UserView | undefined }) {
  return (
    <Show when={props.open && props.user?.id}>
      <EditUser {...props} user={props.user as UserView} />
    </Show>
  )
}

function EditUser(props: DialogProps & { readonly user: UserView }) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const { user } = props // as it was on opening: a list that changes below must not change the form
  const start = formValues(user, props.models)
  const form = createForm({
    schema: UserPatch,
    start,
    body: (values: FormValues) => changesOf(sentUser(values), sentUser(start)),
    rules: (values) => faultTexts(values, t),
    send: (body) => usersApi.patch(user.id, body),
    onDone: async ({ name }: UserView) => {
      showToast({ tone: 'info', text: t('users.changed', { name }) })
      props.onClose()
      await refresh('users', 'user')
    },
    failed: t('users.changeFailed', { name: user.name }),
  })
  return (
    <Dialog open onClose={props.onClose} title={t('users.editNamed', { name: user.name })} wide dirty={form.dirty()}>
      <FormFrame
        form={form}
        actions={<FormActions long submit={t('common.save')} busy={form.busy()} onCancel={props.onClose} />}
      >
        <TextField label={t('users.name')} {...form.text('name')} />
        <UserFields form={form} accounts={props.accounts} models={props.models} />
      </FormFrame>
    </Dialog>
  )
}
