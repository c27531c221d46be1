import { useMutation } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import type { AccountCreate, AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Checkbox, Choice, PasswordField, TextArea, TextField } from '../../components/field.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault } from '../../lib/focus.ts'
import type { ProxyChoice } from './proxy-choice.ts'
import { ProxySelect } from './proxy-select.tsx'
import { regions } from './regions.ts'
import { fullName } from './status.ts'
import { emptyToken, type TokenForm, tokenBody, tokenFaults } from './token-form.ts'

/** One account from what the operator already holds: a refresh token, with or without its client, or an API key. */
export function PasteToken(props: {
  /** Set when an account that is already here comes back: its sign-in is renewed. */
  again: AccountListItem | undefined
  proxies: readonly ProxyChoice[]
  onDone: () => void
}) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const [form, setForm] = createSignal<TokenForm>({
    ...emptyToken,
    kind: props.again?.auth_method === 'api-key' ? 'api-key' : 'social',
    region: props.again?.region ?? emptyToken.region,
  })
  const [checked, setChecked] = createSignal(false)
  const faults = () => (checked() ? tokenFaults(form()) : {})
  const fault = (name: keyof ReturnType<typeof tokenFaults>): string | undefined => {
    const key = faults()[name]
    return key && t(key)
  }
  const change = (part: Partial<TokenForm>): void => {
    setForm({ ...form(), ...part })
  }
  let element: HTMLFormElement | undefined
  const create = useMutation(() => ({
    mutationFn: (body: AccountCreate) => api.createAccount(body),
    onSuccess: async (account) => {
      const said = `token.${account.outcome === 'refused' ? 'added' : (account.outcome ?? 'added')}` as const
      showToast({ tone: 'info', text: t(said, { name: fullName(account) }) })
      await refresh('accounts', 'models')
      props.onDone()
    },
  }))
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setChecked(true)
    if (Object.keys(tokenFaults(form())).length > 0) {
      focusFault(element)
      return
    }
    if (!create.isPending) create.mutate(tokenBody(form()))
  }
  return (
    <form ref={(form) => (element = form)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
      <Choice
        label={t('token.kind')}
        value={form().kind}
        options={[
          { value: 'social', text: t('token.social') },
          { value: 'oidc', text: t('token.oidc') },
          { value: 'api-key', text: t('token.apiKey') },
        ]}
        onChange={(kind) => change({ kind })}
      />
      <Show
        when={form().kind === 'api-key'}
        fallback={
          <TextArea
            label={t('token.refreshToken')}
            rows={3}
            mono
            autocomplete="off"
            value={form().refreshToken}
            onInput={(event) => change({ refreshToken: event.currentTarget.value })}
            error={fault('refreshToken')}
          />
        }
      >
        <PasswordField
          label={t('token.apiKeyField')}
          mono
          value={form().apiKey}
          onInput={(event) => change({ apiKey: event.currentTarget.value })}
          error={fault('apiKey')}
        />
      </Show>
      <Show when={form().kind === 'oidc'}>
        <TextField
          label={t('token.clientId')}
          mono
          value={form().clientId}
          onInput={(event) => change({ clientId: event.currentTarget.value })}
          error={fault('clientId')}
        />
        <PasswordField
          label={t('token.clientSecret')}
          mono
          value={form().clientSecret}
          onInput={(event) => change({ clientSecret: event.currentTarget.value })}
          error={fault('clientSecret')}
        />
        <TextField
          label={t('device.startUrl')}
          help={t('token.startUrlHelp')}
          optional
          type="url"
          value={form().startUrl}
          onInput={(event) => change({ startUrl: event.currentTarget.value })}
          error={fault('startUrl')}
        />
      </Show>
      <TextField
        label={t('add.region')}
        value={form().region}
        suggestions={regions}
        onInput={(event) => change({ region: event.currentTarget.value })}
        error={fault('region')}
      />
      <Show when={!props.again}>
        <TextField
          label={t('add.label')}
          optional
          maxLength={100}
          value={form().label}
          onInput={(event) => change({ label: event.currentTarget.value })}
        />
      </Show>
      <Show when={props.proxies.length > 0}>
        <ProxySelect proxies={props.proxies} value={form().proxyId} onChange={(proxyId) => change({ proxyId })} />
      </Show>
      <Checkbox label={t('token.check')} checked={form().check} onChange={(check) => change({ check })} />
      <Show when={create.error}>
        <Banner tone="danger">
          {t('add.failed')} {errorText(create.error, t)}
        </Banner>
      </Show>
      <div class="flex justify-end">
        <Button type="submit" look="primary" busy={create.isPending}>
          {t('token.save')}
        </Button>
      </div>
    </form>
  )
}
