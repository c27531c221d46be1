import { useMutation, useQueryClient } from '@tanstack/solid-query'
import type { AccountList, AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import { accountsApi } from '../../api/accounts.ts'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { serverTime } from '../../lib/server-clock.ts'
import { fullName, statusText } from './status.ts'

/** What can be done to one account from the list. Each says how it ended in a toast. */
export function createAccountActions() {
  const { t, format } = useI18n()
  const client = useQueryClient()
  const refresh = useRefresh()

  // The switch moves at once; a refusal moves it back, and so does Undo.
  const enable = useMutation(() => ({
    mutationFn: (change: { account: AccountListItem; enabled: boolean }) =>
      api.patchAccount(change.account.id, { enabled: change.enabled }),
    onMutate: async ({ account, enabled }) => {
      await client.cancelQueries({ queryKey: ['accounts'] })
      setEnabled(account.id, enabled)
    },
    onSuccess: (_answer, { account, enabled }) => {
      const name = fullName(account)
      showToast({
        tone: 'info',
        text: enabled ? t('accounts.enabledDone', { name }) : t('accounts.disabledDone', { name }),
        action: { text: t('common.undo'), run: () => enable.mutate({ account, enabled: !enabled }) },
      })
    },
    onError: (error, { account, enabled }) => {
      setEnabled(account.id, !enabled)
      refused(account, error)
    },
    onSettled: () => refresh('accounts'),
  }))
  const setEnabled = (accountId: string, enabled: boolean): void => {
    client.setQueriesData<AccountList>(
      { queryKey: ['accounts'] },
      (list) =>
        list && {
          ...list,
          accounts: list.accounts.map((item) => (item.id === accountId ? { ...item, enabled } : item)),
        },
    )
  }

  const setProxy = useMutation(() => ({
    mutationFn: (change: { account: AccountListItem; proxyId: string | null }) =>
      api.patchAccount(change.account.id, { proxyId: change.proxyId }),
    onSuccess: (changed, { account }) => {
      const name = fullName(account)
      const undo = { account: changed, proxyId: account.proxy_id }
      showToast({
        tone: 'info',
        text:
          changed.proxy_name === null
            ? t('accounts.proxyUnset', { name })
            : t('accounts.proxySet', { name, proxy: changed.proxy_name }),
        action: {
          text: t('common.undo'),
          run: () => setProxy.mutate(undo, { onError: (error) => refused(account, error) }),
        },
      })
    },
    onSettled: () => refresh('accounts', 'proxies'),
  }))
  const refused = (account: AccountListItem, error: Error): void =>
    showToast({
      tone: 'error',
      text: t('accounts.enableFailed', { name: fullName(account) }),
      detail: errorText(error, t),
    })

  const check = useMutation(() => ({
    mutationFn: (account: AccountListItem) => api.checkAccount(account.id),
    onSuccess: (checked) =>
      showToast({
        tone: 'info',
        text: t('accounts.checked', {
          name: fullName(checked),
          status: statusText(checked, t, format(), serverTime()),
        }),
      }),
    onError: (error, account) =>
      showToast({
        tone: 'error',
        text: t('accounts.checkFailed', { name: fullName(account) }),
        detail: errorText(error, t),
      }),
    onSettled: () => refresh('accounts', 'models'),
  }))

  const remove = useMutation(() => ({
    mutationFn: (account: AccountListItem) => api.removeAccount(account.id),
    onSuccess: (_answer, account) =>
      showToast({
        tone: 'info',
        text: t('accounts.deleted', { name: fullName(account) }),
        action: { text: t('common.undo'), run: () => restore.mutate(account) },
      }),
    onError: (error, account) =>
      showToast({
        tone: 'error',
        text: t('accounts.deleteFailed', { name: fullName(account) }),
        detail: errorText(error, t),
      }),
    onSettled: () => refresh('accounts', 'deleted', 'models'),
  }))
  const restore = useMutation(() => ({
    mutationFn: (account: AccountListItem) => accountsApi.restore(account.id),
    onSuccess: (_back, account) =>
      showToast({ tone: 'info', text: t('accounts.restored', { name: fullName(account) }) }),
    onError: (error, account) =>
      showToast({
        tone: 'error',
        text: t('accounts.restoreFailed', { name: fullName(account) }),
        detail: errorText(error, t),
      }),
    onSettled: () => refresh('accounts', 'deleted', 'models'),
  }))

  return { enable, setProxy, check, remove }
}

export type AccountActions = ReturnType<typeof createAccountActions>
