import { useMutation, useQuery, useQueryClient } from '@tanstack/solid-query'
import EllipsisVertical from 'lucide-solid/icons/ellipsis-vertical'
import Pencil from 'lucide-solid/icons/pencil'
import ShieldOff from 'lucide-solid/icons/shield-off'
import Trash2 from 'lucide-solid/icons/trash'
import UserPlus from 'lucide-solid/icons/user-plus'
import { createSignal, Show } from 'solid-js'
import type { OperatorPatch, OperatorView } from '../../../../server/admin/contract/operators.ts'
import { care, careQueries } from '../../api/care.ts'
import { ApiError } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx'
import { PasswordField, SelectField, TextField } from '../../components/field.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { Glyph } from '../../components/glyph.tsx'
import { Menu, MenuItem } from '../../components/menu.tsx'
import { Switch as Toggle } from '../../components/switch.tsx'
import { TimeAgo } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { focusFault, focusRefusal } from '../../lib/focus.ts'
import { Listed } from './listed.tsx'
import { Part } from './part.tsx'

type Role = OperatorView['role']
const roles: readonly Role[] = ['viewer', 'admin', 'owner']

/** The people who sign in by name, for the owner alone. */
export function ConsoleUsers() {
  const { t } = useI18n()
  const client = useQueryClient()
  const now = createClock(30_000)
  const list = useQuery(() => careQueries.operators())
  const [open, setOpen] = createSignal<'form' | 'remove' | 'factor'>()
  // Kept when its dialog closes: the text must not change while the dialog fades away.
  const [subject, setSubject] = createSignal<OperatorView>()
  const show = (dialog: 'form' | 'remove' | 'factor', person: OperatorView | undefined): void => {
    remove.reset()
    factorOff.reset()
    setSubject(person)
    setOpen(dialog)
  }
  const close = (): void => {
    setOpen(undefined)
  }
  const reread = (): Promise<void> => client.invalidateQueries({ queryKey: ['operators'] })
  const patch = useMutation(() => ({
    mutationFn: ({ person, change }: { readonly person: OperatorView; readonly change: OperatorPatch }) =>
      care.patchOperator(person.id, change),
    onSuccess: ({ name }) => showToast({ tone: 'info', text: t('settings.people.saved', { name }) }),
    onError: (error) =>
      showToast({ tone: 'error', text: t('settings.people.saveFailed'), detail: errorText(error, t) }),
    onSettled: reread,
  }))
  const remove = useMutation(() => ({
    mutationFn: (person: OperatorView) => care.removeOperator(person.id),
    onSuccess: (_answer, { name }) => {
      close()
      showToast({ tone: 'info', text: t('settings.people.removed', { name }) })
    },
    onSettled: reread,
  }))
  const factorOff = useMutation(() => ({
    mutationFn: (person: OperatorView) => care.patchOperator(person.id, { secondFactor: false }),
    onSuccess: ({ name }) => {
      close()
      showToast({ tone: 'info', text: t('settings.people.factorRemoved', { name }) })
    },
    onSettled: reread,
  }))
  const named = () => ({ name: subject()?.name ?? '' })
  const On = (props: { readonly person: OperatorView }) => (
    <Toggle
      label={t('settings.people.enabled', { name: props.person.name })}
      checked={props.person.enabled}
      onChange={(enabled) => patch.mutate({ person: props.person, change: { enabled } })}
    />
  )
  const Actions = (props: { readonly person: OperatorView }) => (
    <Menu
      label={t('common.more', { name: props.person.name })}
      triggerClass="control-square inline-flex items-center justify-center rounded-md text-text-2 hover:bg-surface-2"
      trigger={<Glyph icon={EllipsisVertical} size={16} />}
    >
      <MenuItem icon={Pencil} text={t('common.edit')} onSelect={() => show('form', props.person)} />
      <Show when={props.person.secondFactor}>
        <MenuItem
          icon={ShieldOff}
          text={t('settings.people.factorRemove')}
          onSelect={() => show('factor', props.person)}
        />
      </Show>
      <MenuItem icon={Trash2} text={t('settings.people.remove')} danger onSelect={() => show('remove', props.person)} />
    </Menu>
  )
  return (
    <Part
      title={t('settings.people.title')}
      lead={t('settings.people.lead')}
      action={
        <Button icon={UserPlus} onClick={() => show('form', undefined)}>
          {t('settings.people.add')}
        </Button>
      }
    >
      <Listed
        read={list}
        rows={1}
        failed={t('settings.people.failed')}
        empty={dataOf(list)?.operators.length === 0 && t('settings.people.empty')}
      >
        <DataTable
          items={dataOf(list)?.operators ?? []}
          columns={[
            { text: t('settings.people.column.name'), value: ({ name }) => name },
            { text: t('settings.people.column.role') },
            { text: t('settings.people.column.factor') },
            { text: t('settings.people.column.seen'), value: ({ lastSignInAt }) => lastSignInAt ?? '' },
            { text: t('settings.people.column.on') },
          ]}
          actions={t('settings.people.column.actions')}
          faded={({ enabled }) => !enabled}
          cells={(person) => (
            <>
              <td class="wrap-anywhere px-3">{person.name}</td>
              <td class="px-3">{t(`role.${person.role}`)}</td>
              <td class="px-3">{t(person.secondFactor ? 'settings.people.factorOn' : 'settings.people.factorOff')}</td>
              <td class="px-3">
                <TimeAgo at={person.lastSignInAt} now={now} never={t('common.never')} />
              </td>
              <td class="px-3">
                <On person={person} />
              </td>
              <td class="px-3 text-right">
                <Actions person={person} />
              </td>
            </>
          )}
          card={(person) => (
            <div class="flex items-center justify-between gap-2">
              <div class="min-w-0">
                <span class="wrap-anywhere font-medium">{person.name}</span>
                <p class="text-12 text-text-3">{t(`role.${person.role}`)}</p>
              </div>
              <div class="flex items-center">
                <On person={person} />
                <Actions person={person} />
              </div>
            </div>
          )}
        />
      </Listed>
      <Dialog
        open={open() === 'form'}
        onClose={close}
        title={subject() ? t('settings.people.editTitle', named()) : t('settings.people.addTitle')}
      >
        <PersonForm
          person={subject()}
          onDone={() => {
            close()
            void reread()
          }}
        />
      </Dialog>
      <ConfirmDialog
        open={open() === 'remove'}
        onClose={close}
        title={t('settings.people.removeTitle', named())}
        text={t('settings.people.removeText', named())}
        action={t('settings.people.removeAction')}
        busy={remove.isPending}
        error={remove.error ? errorText(remove.error, t) : undefined}
        onConfirm={() => {
          const person = subject()
          if (person) remove.mutate(person)
        }}
      />
      <ConfirmDialog
        open={open() === 'factor'}
        onClose={close}
        title={t('settings.people.factorTitle', named())}
        text={t('settings.people.factorText', named())}
        action={t('settings.people.factorRemove')}
        busy={factorOff.isPending}
        error={factorOff.error ? errorText(factorOff.error, t) : undefined}
        onConfirm={() => {
          const person = subject()
          if (person) factorOff.mutate(person)
        }}
      />
    </Part>
  )
}

function PersonForm(props: { readonly person: OperatorView | undefined; readonly onDone: () => void }) {
  const { t } = useI18n()
  const [name, setName] = createSignal(props.person?.name ?? '')
  const [password, setPassword] = createSignal('')
  const [role, setRole] = createSignal<Role>(props.person?.role ?? 'viewer')
  const [tried, setTried] = createSignal(false)
  let form: HTMLFormElement | undefined
  const save = useMutation(() => ({
    gcTime: 0,
    mutationFn: (): Promise<OperatorView> => {
      const { person } = props
      if (!person) return care.createOperator({ name: name().trim(), password: password(), role: role() })
      return care.patchOperator(person.id, {
        ...(name().trim() === person.name ? {} : { name: name().trim() }),
        ...(role() === person.role ? {} : { role: role() }),
        ...(password() === '' ? {} : { password: password() }),
      })
    },
    onSuccess: (saved) => {
      showToast({ tone: 'info', text: t('settings.people.saved', { name: saved.name }) })
      props.onDone()
    },
  }))
  focusRefusal(
    () => save.error,
    () => form,
  )
  const refusedAt = (field: string): string | undefined => {
    const { error } = save
    return error instanceof ApiError && error.field === field ? errorText(error, t) : undefined
  }
  const missing = (value: string): string | undefined => (tried() && value === '' ? t('common.required') : undefined)
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setTried(true)
    if (name().trim() === '' || (!props.person && password() === '')) focusFault(form)
    else if (!save.isPending) save.mutate()
  }
  return (
    <form ref={(element) => (form = element)} class="flex flex-col gap-4" novalidate onSubmit={submit}>
      <TextField
        label={t('settings.people.name')}
        maxLength={64}
        autocapitalize="none"
        value={name()}
        onInput={(event) => setName(event.currentTarget.value)}
        error={missing(name().trim()) ?? refusedAt('name')}
      />
      <PasswordField
        label={t(props.person ? 'settings.people.newPassword' : 'settings.people.password')}
        help={t(props.person ? 'settings.people.newPasswordHelp' : 'password.rule')}
        autocomplete="new-password"
        optional={props.person !== undefined}
        value={password()}
        onInput={(event) => setPassword(event.currentTarget.value)}
        error={(props.person ? undefined : missing(password())) ?? refusedAt('password')}
      />
      <SelectField
        label={t('settings.people.role')}
        help={t(`settings.people.roleHelp.${role()}`)}
        value={role()}
        options={roles.map((one) => ({ value: one, text: t(`role.${one}`) }))}
        onChange={(value) => setRole(value as Role)}
      />
      <Show when={save.error && !refusedAt('name') && !refusedAt('password')}>
        <Banner tone="danger">{`${t('settings.people.saveFailed')} ${errorText(save.error, t)}`}</Banner>
      </Show>
      <FormActions submit={t('common.save')} busy={save.isPending} onCancel={() => props.onDone()} />
    </form>
  )
}
