import { useMutation, useQuery } from '@tanstack/solid-query'
import { createSignal, Show } from 'solid-js'
import type { AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { createMayChange } from '../../api/may-change.tsx'
import { dataOf, queries, useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Checkbox, TextArea, TextField } from '../../components/field.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault } from '../../lib/focus.ts'
import { type AccountFields, type FieldName, faultsOf, fieldsOf, patchOf } from './account-settings.ts'
import { fullName } from './status.ts'

type Props = { readonly account: AccountListItem; readonly onSetProxy: (account: AccountListItem) => void }

/** What an operator sets for one account: its name, its share, its way out, whether it may cost more, and notes. */
export function SettingsForm(props: Props) {
  const { t, format } = useI18n()
  const mayChange = createMayChange()
  const refresh = useRefresh()
  const settings = useQuery(() => queries.settings())
  const [before, setBefore] = createSignal(fieldsOf(props.account))
  const [fields, setFields] = createSignal<AccountFields>(before())
  const [tried, setTried] = createSignal(false)
  let form: HTMLFormElement | undefined
  const set = (change: Partial<AccountFields>): void => {
    setFields({ ...fields(), ...change })
  }
  const isChanged = (): boolean => Object.keys(patchOf(before(), fields())).length > 0
  const faultOf = (name: FieldName): string | undefined =>
    tried() && faultsOf(fields()).includes(name)
      ? t(`accounts.fault.${name === 'overage' ? 'maxUsd' : name}`)
      : undefined
  const save = useMutation(() => ({
    mutationFn: () => api.patchAccount(props.account.id, patchOf(before(), fields())),
    onSuccess: (saved) => {
      setBefore(fieldsOf(saved))
      setFields(before())
      setTried(false)
      showToast({ tone: 'info', text: t('accounts.saved', { name: fullName(saved) }) })
      void refresh('accounts')
    },
  }))
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setTried(true)
    if (faultsOf(fields()).length > 0) focusFault(form)
    else if (isChanged() && !save.isPending) save.mutate()
  }
  const overage = () => props.account.overage
  return (
    <form ref={(element) => (form = element)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
      <fieldset disabled={!mayChange()} class="flex min-w-0 flex-col gap-4">
        <TextField
          label={t('accounts.label')}
          optional
          value={fields().label}
          onInput={(event) => set({ label: event.currentTarget.value })}
          error={faultOf('label')}
        />
        <TextArea
          label={t('accounts.notes')}
          optional
          rows={3}
          value={fields().notes}
          onInput={(event) => set({ notes: event.currentTarget.value })}
          error={faultOf('notes')}
        />
        <div class="grid gap-4 md:grid-cols-2">
          <TextField
            label={t('accounts.weight')}
            help={t('accounts.weightHelp')}
            inputmode="numeric"
            value={fields().weight}
            onInput={(event) => set({ weight: event.currentTarget.value })}
            error={faultOf('weight')}
          />
          <TextField
            label={t('accounts.maxInFlight')}
            help={t('accounts.maxInFlightHelp')}
            inputmode="numeric"
            value={fields().maxInFlight}
            onInput={(event) => set({ maxInFlight: event.currentTarget.value })}
            error={faultOf('maxInFlight')}
          />
        </div>
        <section class="flex flex-col gap-2 rounded-lg border border-border p-3">
          <h3 class="font-semibold">{t('accounts.overage')}</h3>
          <p class="text-13 text-text-2">
            {overage().offered ? t('accounts.overageLead') : t('accounts.overageNotOffered')}
          </p>
          <Show when={dataOf(settings)?.overageEnabled === false && fields().overage}>
            <Banner tone="info">{t('accounts.overageOff')}</Banner>
          </Show>
          <Checkbox
            label={t('accounts.overageSwitch')}
            checked={fields().overage}
            onChange={(on) => set({ overage: on })}
          />
          <div class="grid gap-4 md:grid-cols-2">
            <TextField
              label={t('accounts.overageCredits')}
              optional
              inputmode="decimal"
              value={fields().maxCredits}
              onInput={(event) => set({ maxCredits: event.currentTarget.value })}
              error={faultOf('maxCredits')}
            />
            <TextField
              label={t('accounts.overageUsd')}
              optional
              inputmode="decimal"
              value={fields().maxUsd}
              onInput={(event) => set({ maxUsd: event.currentTarget.value })}
              error={faultOf('maxUsd')}
            />
          </div>
          <p class="numbers text-12 text-text-3">
            {t('accounts.overageUsed', { count: format().number(overage().used_credits) })}
            <Show when={overage().provider_cap !== null}>
              {' · '}
              {t('accounts.overageCap', { count: format().number(overage().provider_cap ?? 0) })}
            </Show>
          </p>
        </section>
        <div class="flex flex-wrap items-center justify-between gap-2">
          <span class="text-13">
            {t('accounts.proxy')}: {props.account.proxy_name ?? props.account.proxy_id ?? t('accounts.proxyNone')}
          </span>
          <Button onClick={() => props.onSetProxy(props.account)}>{t('accounts.setProxy')}</Button>
        </div>
      </fieldset>
      <Show when={save.error}>{(error) => <Banner tone="danger">{errorText(error(), t)}</Banner>}</Show>
      <Show when={mayChange()}>
        <div class="flex justify-end">
          <Button type="submit" look="primary" busy={save.isPending} disabled={!isChanged()}>
            {t('common.save')}
          </Button>
        </div>
      </Show>
    </form>
  )
}
