import { useMutation, useQuery, useQueryClient } from '@tanstack/solid-query'
import Plus from 'lucide-solid/icons/plus'
import { createSignal, For, Show } from 'solid-js'
import type { AdminTokenCreate, AdminTokenView } from '../../../../server/admin/contract/operators.ts'
import { care, careQueries } from '../../api/care.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { DataTable } from '../../components/data-table.tsx'
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx'
import { Checkbox, SelectField, TextField } from '../../components/field.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { createSecretGuard, SecretActions, type SecretGuard } from '../../components/secret-guard.tsx'
import { SecretReveal } from '../../components/secret-reveal.tsx'
import { Time, TimeAgo } from '../../components/time-ago.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { focusFault } from '../../lib/focus.ts'
import { personText } from './device.ts'
import { Listed } from './listed.tsx'
import { Part } from './part.tsx'

type Scope = AdminTokenCreate['scopes'][number]
const scopes: readonly Scope[] = ['read', 'accounts', 'users', 'settings', 'logs', 'write']
const lives = [7, 30, 90, 365] as const

/** Tokens of scripts: made once, shown once, revoked at once. */
export function AdminTokens() {
  const { t, format } = useI18n()
  const client = useQueryClient()
  const now = createClock(30_000)
  const list = useQuery(() => careQueries.tokens())
  const [creating, setCreating] = createSignal(false)
  const [revoking, setRevoking] = createSignal(false)
  const [subject, setSubject] = createSignal<AdminTokenView>()
  const reread = (): Promise<void> => client.invalidateQueries({ queryKey: ['admin-tokens'] })
  const revoke = useMutation(() => ({
    mutationFn: (token: AdminTokenView) => care.removeToken(token.id),
    onSuccess: (_answer, { name }) => {
      setRevoking(false)
      showToast({ tone: 'info', text: t('settings.tokens.revoked', { name }) })
    },
    onSettled: reread,
  }))
  const named = () => ({ name: subject()?.name ?? '' })
  const scopeText = ({ scopes: own }: AdminTokenView): string =>
    format().list(own.map((scope) => t(`settings.tokens.scope.${scope}`)))
  const Ends = (props: { readonly token: AdminTokenView }) => (
    <Time at={props.token.expiresAt}>
      {props.token.expiresAt === null ? t('settings.tokens.expiresNever') : undefined}
    </Time>
  )
  const Revoke = (props: { readonly token: AdminTokenView }) => (
    <Button
      look="quiet-danger"
      aria-label={t('settings.tokens.revokeNamed', { name: props.token.name })}
      onClick={() => {
        revoke.reset()
        setSubject(props.token)
        setRevoking(true)
      }}
    >
      {t('settings.tokens.revoke')}
    </Button>
  )
  return (
    <Part
      title={t('settings.tokens.title')}
      lead={t('settings.tokens.lead')}
      action={
        <Button icon={Plus} onClick={() => setCreating(true)}>
          {t('settings.tokens.create')}
        </Button>
      }
    >
      <Listed
        read={list}
        rows={1}
        failed={t('settings.tokens.failed')}
        empty={dataOf(list)?.tokens.length === 0 && t('settings.tokens.empty')}
      >
        <DataTable
          items={dataOf(list)?.tokens ?? []}
          columns={[
            { text: t('settings.tokens.column.name'), value: ({ name }) => name },
            { text: t('settings.tokens.column.scopes') },
            { text: t('settings.tokens.column.owner') },
            { text: t('settings.tokens.column.expires'), value: ({ expiresAt }) => expiresAt ?? '' },
            { text: t('settings.tokens.column.used'), value: ({ lastUsedAt }) => lastUsedAt ?? '' },
          ]}
          actions={t('settings.tokens.column.actions')}
          cells={(token) => (
            <>
              <td class="px-3">
                <span class="wrap-anywhere">{token.name}</span>{' '}
                <span class="font-mono text-12 text-text-3">…{token.last4}</span>
              </td>
              <td class="px-3">{scopeText(token)}</td>
              <td class="px-3">{personText(token.owner, t)}</td>
              <td class="numbers px-3">
                <Ends token={token} />
              </td>
              <td class="px-3">
                <TimeAgo at={token.lastUsedAt} now={now} never={t('common.never')} />
              </td>
              <td class="px-3 text-right">
                <Revoke token={token} />
              </td>
            </>
          )}
          card={(token) => (
            <div class="flex items-start justify-between gap-2">
              <div class="min-w-0">
                <span class="wrap-anywhere font-medium">{token.name}</span>{' '}
                <span class="font-mono text-12 text-text-3">…{token.last4}</span>
                <p class="numbers text-12 text-text-3">
                  {scopeText(token)} · <Ends token={token} />
                </p>
              </div>
              <Revoke token={token} />
            </div>
          )}
        />
      </Listed>
      <CreateToken
        open={creating()}
        onClose={() => {
          setCreating(false)
          void reread()
        }}
      />
      <ConfirmDialog
        open={revoking()}
        onClose={() => setRevoking(false)}
        title={t('settings.tokens.revokeTitle', named())}
        text={t('settings.tokens.revokeText')}
        action={t('settings.tokens.revokeAction')}
        busy={revoke.isPending}
        error={revoke.error ? errorText(revoke.error, t) : undefined}
        onConfirm={() => {
          const token = subject()
          if (token) revoke.mutate(token)
        }}
      />
    </Part>
  )
}

function CreateToken(props: { readonly open: boolean; readonly onClose: () => void }) {
  const { t } = useI18n()
  const [made, setMade] = createSignal<string>()
  const guard = createSecretGuard(() => {
    setMade(undefined)
    props.onClose()
  })
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      secret={made() === undefined ? undefined : guard}
      title={t('settings.tokens.create')}
    >
      <Show when={made()} fallback={<CreateForm onMade={setMade} onCancel={props.onClose} />}>
        {(token) => <TokenShown token={token()} guard={guard} />}
      </Show>
    </Dialog>
  )
}

function TokenShown(props: { readonly token: string; readonly guard: SecretGuard }) {
  const { t } = useI18n()
  return (
    <>
      <Banner tone="warning">{t('settings.tokens.once')}</Banner>
      <SecretReveal label={t('settings.tokens.value')} secret={props.token} onCopied={() => props.guard.save()} />
      <SecretActions
        guard={props.guard}
        done={t('settings.tokens.saved')}
        ask={t('settings.tokens.closeAsk')}
        anyway={t('settings.tokens.closeAnyway')}
        believes
      />
    </>
  )
}

function CreateForm(props: { readonly onMade: (token: string) => void; readonly onCancel: () => void }) {
  const { t, format } = useI18n()
  const [name, setName] = createSignal('')
  const [chosen, setChosen] = createSignal<readonly Scope[]>(['read'])
  const [days, setDays] = createSignal('90')
  const [tried, setTried] = createSignal(false)
  let form: HTMLFormElement | undefined
  const create = useMutation(() => ({
    gcTime: 0,
    mutationFn: () =>
      care.createToken({
        name: name().trim(),
        scopes: [...chosen()],
        ...(days() === '' ? {} : { expiresInDays: Number(days()) }),
      }),
    onSuccess: ({ token }) => props.onMade(token),
  }))
  const nameFault = (): string | undefined => (tried() && name().trim() === '' ? t('common.required') : undefined)
  const scopesFault = (): boolean => tried() && chosen().length === 0
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setTried(true)
    if (name().trim() === '' || chosen().length === 0) focusFault(form)
    else if (!create.isPending) create.mutate()
  }
  return (
    <form ref={(element) => (form = element)} class="flex flex-col gap-4" novalidate onSubmit={submit}>
      <TextField
        label={t('settings.tokens.name')}
        help={t('settings.tokens.nameHelp')}
        maxLength={64}
        value={name()}
        onInput={(event) => setName(event.currentTarget.value)}
        error={nameFault()}
      />
      <fieldset class="flex flex-col gap-1">
        <legend class="mb-1 font-medium text-13">{t('settings.tokens.scopes')}</legend>
        <For each={scopes}>
          {(scope) => (
            <Checkbox
              label={t(`settings.tokens.scope.${scope}`)}
              checked={chosen().includes(scope)}
              onChange={(on) => setChosen([...chosen().filter((one) => one !== scope), ...(on ? [scope] : [])])}
            />
          )}
        </For>
        <Show when={scopesFault()}>
          <p role="alert" class="text-12 text-danger">
            {t('settings.tokens.scopesNone')}
          </p>
        </Show>
      </fieldset>
      <SelectField
        label={t('settings.tokens.expires')}
        value={days()}
        options={[
          ...lives.map((life) => ({
            value: String(life),
            text: t('settings.tokens.expiresDays', { count: format().number(life) }),
          })),
          { value: '', text: t('settings.tokens.expiresNever') },
        ]}
        onChange={setDays}
      />
      <Show when={create.error}>
        <Banner tone="danger">{`${t('settings.tokens.createFailed')} ${errorText(create.error, t)}`}</Banner>
      </Show>
      <FormActions submit={t('settings.tokens.create')} busy={create.isPending} onCancel={() => props.onCancel()} />
    </form>
  )
}
