import { useNavigate } from '@solidjs/router'
import { useMutation } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { SecretReveal } from '../../components/secret-reveal.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault } from '../../lib/focus.ts'
import { useMemory } from '../../lib/memory.tsx'
import { AccountField, type Accounts } from './account-field.tsx'
import { type KeyForm, keyFaults, keyForm, sentIds } from './account-set.ts'

type Props = {
  readonly open: boolean
  readonly first: boolean
  readonly accounts: Accounts
  readonly onClose: () => void
}

/** Name and accounts, then the key: shown once, and not let go of unnoticed. */
export function CreateKeyDialog(props: Props) {
  const { t } = useI18n()
  const memory = useMemory()
  const refresh = useRefresh()
  const navigate = useNavigate()
  const [typed, setTyped] = createSignal<Partial<KeyForm>>({})
  const [checked, setChecked] = createSignal(false)
  const [saved, setSaved] = createSignal(false)
  const [asking, setAsking] = createSignal<'close' | 'try'>()
  let element: HTMLFormElement | undefined
  const form = (): KeyForm => ({ ...keyForm(undefined, props.first ? t('keys.defaultName') : ''), ...typed() })
  const change = (part: Partial<KeyForm>): void => {
    setTyped({ ...typed(), ...part })
  }
  const create = useMutation(() => ({
    mutationFn: () => {
      const ids = sentIds(form())
      return api.createKey({ name: form().name.trim(), ...(ids.length > 0 ? { account_ids: ids } : {}) })
    },
    onSuccess: async (created) => {
      memory.setApiKey(created.key)
      await refresh('keys')
    },
    // An account may have been removed meanwhile.
    onError: () => refresh('every-account'),
  }))
  const fault = (name: 'name' | 'accounts'): string | undefined => {
    const key = checked() ? keyFaults(form())[name] : undefined
    return key && t(key)
  }
  const close = (): void => {
    create.reset()
    setTyped({})
    setChecked(false)
    setSaved(false)
    setAsking(undefined)
    props.onClose()
  }
  const tryToClose = (): void => {
    if (create.isSuccess && !saved()) setAsking('close')
    else close()
  }
  const leave = (): void => {
    const tries = asking() === 'try'
    close()
    if (tries) navigate('/playground')
  }
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setChecked(true)
    if (Object.keys(keyFaults(form())).length > 0) {
      focusFault(element)
      return
    }
    if (!create.isPending) create.mutate()
  }
  return (
    <Dialog open={props.open} onClose={tryToClose} title={t('keys.create')}>
      <Show
        when={create.data}
        fallback={
          <form ref={(form) => (element = form)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
            <TextField
              label={t('keys.name')}
              help={t('keys.nameHelp')}
              value={form().name}
              onInput={(event) => change({ name: event.currentTarget.value })}
              error={fault('name')}
            />
            <AccountField form={form()} accounts={props.accounts} error={fault('accounts')} onChange={change} />
            <Show when={create.error}>
              <Banner tone="danger">
                {t('keys.createFailed')} {errorText(create.error, t)}
              </Banner>
            </Show>
            <FormActions submit={t('keys.create')} busy={create.isPending} onCancel={close} />
          </form>
        }
      >
        {(created) => (
          <>
            <Banner tone="warning">{t('keys.once')}</Banner>
            <SecretReveal label={t('keys.value')} secret={created().key} onCopied={() => setSaved(true)} />
            <BaseUrls />
            <Show
              when={asking() && !saved()}
              fallback={
                <div class="flex flex-wrap justify-end gap-2">
                  <Button
                    onClick={() => {
                      setAsking('try')
                      if (saved()) leave()
                    }}
                  >
                    {t('keys.tryIt')}
                  </Button>
                  <Button look="primary" onClick={close}>
                    {t('keys.saved')}
                  </Button>
                </div>
              }
            >
              <Banner
                tone="danger"
                action={
                  <Button look="danger" onClick={leave}>
                    {asking() === 'try' ? t('keys.tryAnyway') : t('keys.closeAnyway')}
                  </Button>
                }
              >
                {t('keys.closeAsk')}
              </Banner>
            </Show>
          </>
        )}
      </Show>
    </Dialog>
  )
}

/** Where clients point to: the two families differ by the `/v1`. */
export function BaseUrls() {
  const { t } = useI18n()
  return (
    <dl class="flex flex-col gap-2">
      <BaseUrl label={t('keys.baseUrlOpenai')} url={`${location.origin}/v1`} />
      <BaseUrl label={t('keys.baseUrlAnthropic')} url={location.origin} />
    </dl>
  )
}

function BaseUrl(props: { label: string; url: string }) {
  let code: HTMLElement | undefined
  return (
    <div class="flex flex-wrap items-center justify-between gap-x-3 gap-y-1 rounded-md bg-code-bg py-1 pr-1 pl-3">
      <dt class="text-12 text-text-2">{props.label}</dt>
      <dd class="flex flex-wrap items-center gap-2">
        <code ref={(element) => (code = element)} class="wrap-anywhere font-mono text-13">
          {props.url}
        </code>
        <CopyButton text={props.url} look="quiet" select={() => code} />
      </dd>
    </div>
  )
}
