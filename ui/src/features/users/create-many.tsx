import Download from 'lucide-solid/icons/download'
import { createSignal, For, Show } from 'solid-js'
import { UsersCreate, type UsersCreated } from '../../../../server/admin/contract/users.ts'
import { useRefresh } from '../../api/queries.ts'
import { usersApi } from '../../api/users.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { createForm, FormFrame } from '../../components/form.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { createSecretGuard, SecretActions } from '../../components/secret-guard.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { saveText } from '../../lib/save-file.ts'
import { csvText } from './csv.ts'
import { namesOfPattern } from './many-names.ts'
import { type Choices, UserFields } from './user-fields.tsx'
import { type FormValues, faultTexts, filledOf, formValues, sentUser } from './user-values.ts'

const example = '{001}'

/** Many users alike, numbered; their keys are a file that can be had once. */
export default function CreateManyDialog(props: Choices & { readonly onClose: () => void }) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const [made, setMade] = createSignal<UsersCreated>()
  const guard = createSecretGuard(() => props.onClose())
  const form = createForm({
    schema: UsersCreate,
    start: { ...formValues(undefined, props.models), name: `user-${example}` },
    body: (values: FormValues) => ({ ...filledOf(sentUser(values)), count: Number(values.count) }),
    rules: (values) => ({
      ...faultTexts(values, t),
      ...(Number(values.count) > 1 && namesOfPattern(values.name, 1) === undefined
        ? { name: t('users.many.nameFault', { example }) }
        : {}),
    }),
    send: (body) => usersApi.createMany(body),
    onDone: async (created: UsersCreated) => {
      setMade(created)
      await refresh('users', 'keys')
    },
    failed: t('users.many.failed'),
  })
  const preview = (): string | undefined => {
    const count = Number(form.values.count)
    const names = namesOfPattern(form.values.name, count)
    return names && count > 1 && count <= 100 ? t('users.many.preview', { first: names[0], last: names[1] }) : undefined
  }
  return (
    <Dialog
      open
      onClose={props.onClose}
      title={t('users.many.title')}
      wide
      dirty={form.dirty()}
      secret={made() ? guard : undefined}
    >
      <Show
        when={made()}
        fallback={
          <FormFrame
            form={form}
            actions={<FormActions long submit={t('users.create')} busy={form.busy()} onCancel={props.onClose} />}
          >
            <div class="grid gap-3 md:grid-cols-[8rem_1fr]">
              <TextField label={t('users.many.count')} inputMode="numeric" {...form.text('count')} />
              <TextField
                label={t('users.many.name')}
                help={[t('users.many.nameHelp', { example }), preview()].filter(Boolean).join(' ')}
                {...form.text('name')}
              />
            </div>
            <UserFields form={form} accounts={props.accounts} models={props.models} many />
          </FormFrame>
        }
      >
        {(created) => <Made made={created()} guard={guard} />}
      </Show>
    </Dialog>
  )
}

function Made(props: { made: UsersCreated; guard: ReturnType<typeof createSecretGuard> }) {
  const { t, format } = useI18n()
  const save = (): void => {
    const head = ['name', 'api_key', 'openai_base_url', 'anthropic_base_url', 'user_id']
    const rows = props.made.users.map(({ name, api_key, id }) => [
      name,
      api_key,
      `${location.origin}/v1`,
      location.origin,
      id,
    ])
    saveText(csvText([head, ...rows]), `users-${new Date().toISOString().slice(0, 10)}.csv`, 'text/csv')
    props.guard.save()
  }
  return (
    <>
      <Banner tone="warning">{t('users.many.once', { count: format().number(props.made.count) })}</Banner>
      <KeyTable users={props.made.users} />
      <SecretActions
        guard={props.guard}
        done={t('users.many.saved')}
        ask={t('users.many.closeAsk')}
        anyway={t('users.many.closeAnyway')}
      >
        <Button icon={Download} data-first-focus="" onClick={save}>
          {t('users.many.download')}
        </Button>
      </SecretActions>
    </>
  )
}

function KeyTable(props: { users: UsersCreated['users'] }) {
  const { t } = useI18n()
  return (
    <section
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
      tabIndex={0}
      aria-label={t('users.many.title')}
      class="max-h-80 overflow-auto rounded-md border border-border"
    >
      <table class="w-full text-13">
        <thead class="sticky top-0 bg-surface-2 text-left text-12 text-text-2">
          <tr>
            <th class="px-3 py-1.5 font-medium">{t('users.name')}</th>
            <th class="px-3 py-1.5 font-medium">{t('users.many.key')}</th>
          </tr>
        </thead>
        <tbody>
          <For each={props.users}>
            {({ name, api_key }) => (
              <tr class="border-border border-t">
                <td class="whitespace-nowrap px-3 py-1">{name}</td>
                <td class="wrap-anywhere px-3 py-1 font-mono text-12">{api_key}</td>
              </tr>
            )}
          </For>
        </tbody>
      </table>
    </section>
  )
}
