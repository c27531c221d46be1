import { A } from '@solidjs/router'
import { createSignal, Match, Show, Switch } from 'solid-js'
import type { AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import { errorText } from '../../api/error-text.ts'
import { Banner } from '../../components/banner.tsx'
import { Button, buttonClass } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { AccountActions } from './account-actions.tsx'
import { noProxy, type ProxyChoice } from './proxy-choice.ts'
import { ProxySelect } from './proxy-select.tsx'
import { fullName } from './status.ts'

type Props = {
  readonly open: boolean
  readonly account: AccountListItem | undefined
  /** Undefined while they are not known. */
  readonly proxies: readonly ProxyChoice[] | undefined
  readonly failure: Error | null
  readonly onRetry: () => void
  readonly actions: AccountActions
  readonly onClose: () => void
}

/** Chooses the proxy of one account. */
export default function SetProxyDialog(props: Props) {
  const { t } = useI18n()
  return (
    <Show when={props.account}>
      {(account) => (
        <Dialog
          open={props.open}
          onClose={props.onClose}
          title={t('accounts.proxyTitle', { name: fullName(account()) })}
        >
          <Fields {...props} account={account()} />
        </Dialog>
      )}
    </Show>
  )
}

function Fields(props: Props & { readonly account: AccountListItem }) {
  const { t } = useI18n()
  const before = props.account.proxy_id ?? noProxy // as on opening
  const [chosen, setChosen] = createSignal(before)
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (chosen() === before) {
      props.onClose()
      return
    }
    const change = { account: props.account, proxyId: chosen() === noProxy ? null : chosen() }
    if (!props.actions.setProxy.isPending) props.actions.setProxy.mutate(change, { onSuccess: props.onClose })
  }
  return (
    <form onSubmit={submit} class="flex flex-col gap-4">
      <p class="text-text-2">{t('accounts.proxyLead')}</p>
      <Switch fallback={<Skeleton rows={1} label={t('common.loading')} />}>
        <Match when={props.proxies?.length === 0}>
          <p>{t('accounts.proxyEmpty')}</p>
        </Match>
        <Match when={props.proxies}>
          {(proxies) => <ProxySelect proxies={proxies()} value={chosen()} onChange={setChosen} />}
        </Match>
        <Match when={props.failure}>
          {(error) => (
            <ErrorState
              text={t('accounts.proxiesFailed')}
              detail={errorText(error(), t)}
              retry={t('common.retry')}
              onRetry={props.onRetry}
            />
          )}
        </Match>
      </Switch>
      <Show when={props.actions.setProxy.error}>
        {(error) => (
          <Banner tone="danger">
            {t('accounts.enableFailed', { name: fullName(props.account) })} {errorText(error(), t)}
          </Banner>
        )}
      </Show>
      <div class="flex flex-wrap justify-end gap-2">
        <Button onClick={() => props.onClose()}>{t('common.cancel')}</Button>
        <Show
          when={props.proxies?.length !== 0}
          fallback={
            <A href="/proxies" class={buttonClass('primary')}>
              {t('accounts.proxyAdd')}
            </A>
          }
        >
          <Button
            type="submit"
            look="primary"
            busy={props.actions.setProxy.isPending}
            disabled={props.proxies === undefined}
          >
            {t('common.save')}
          </Button>
        </Show>
      </div>
    </form>
  )
}
