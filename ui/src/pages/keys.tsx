import { useMutation, useQuery } from '@tanstack/solid-query'
import KeyRound from 'lucide-solid/icons/key-round'
import Plus from 'lucide-solid/icons/plus'
import { createMemo, createSignal, Match, Switch } from 'solid-js'
import type { AccountListItem } from '../../../server/admin/contract/accounts.ts'
import type { KeyView } from '../../../server/admin/contract/keys.ts'
import { api } from '../api/client.ts'
import { errorText } from '../api/error-text.ts'
import { MayChange } from '../api/may-change.tsx'
import { dataOf, queries, useRefresh } from '../api/queries.ts'
import { Button } from '../components/button.tsx'
import { ConfirmDialog } from '../components/dialog.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { EmptyState, ErrorState, Skeleton } from '../components/states.tsx'
import { showToast } from '../components/toast.tsx'
import { shortId, shownName } from '../features/accounts/status.ts'
import type { AccountChoice } from '../features/keys/account-set.ts'
import { BaseUrls, CreateKeyDialog } from '../features/keys/create-key.tsx'
import { EditKeyDialog } from '../features/keys/edit-key.tsx'
import { createKeyActions } from '../features/keys/key-actions.tsx'
import { KeyListView } from '../features/keys/key-list.tsx'
import { useI18n } from '../i18n/i18n.tsx'
import { maskEmail } from '../lib/format.ts'

/** Who can call the gateway, and with which accounts? */
export default function KeysPage() {
  const { t, format } = useI18n()
  const session = useQuery(() => queries.session())
  const list = useQuery(() => queries.keys())
  const data = () => dataOf(list)
  const refresh = useRefresh()
  const every = useQuery(() => queries.everyAccount())
  const choices = createMemo(() => dataOf(every)?.map(choice))
  const accounts = {
    get list() {
      return choices()
    },
    get failure() {
      return every.error
    },
    retry: () => void every.refetch(),
  }
  const actions = createKeyActions()
  const [editing, setEditing] = createSignal(false)
  const [edited, setEdited] = createSignal<KeyView>()
  const [creating, setCreating] = createSignal(false)
  const [revoking, setRevoking] = createSignal<KeyView>()
  // Kept apart from `revoking`: the text must not change while the dialog fades away.
  const [named, setNamed] = createSignal('')
  const revoke = useMutation(() => ({
    mutationFn: (key: KeyView) => api.removeKey(key.id),
    onSuccess: async (_answer, key) => {
      setRevoking(undefined)
      showToast({ tone: 'info', text: t('keys.revoked', { name: key.name }) })
      await refresh('keys')
    },
  }))
  const create = (
    <Button look="primary" icon={Plus} onClick={() => setCreating(true)}>
      {t('keys.create')}
    </Button>
  )
  return (
    <>
      <PageHeader
        title={t('keys.title')}
        app={dataOf(session)?.name ?? ''}
        answer={data() && t('keys.answer', { total: format().number(data()?.count ?? 0) })}
      >
        <MayChange>{create}</MayChange>
      </PageHeader>
      <Switch>
        <Match when={list.isPending}>
          <Skeleton rows={3} label={t('common.loading')} />
        </Match>
        <Match when={!data() && list.error}>
          <ErrorState
            text={t('keys.failed')}
            detail={errorText(list.error, t)}
            retry={t('common.retry')}
            busy={list.isFetching}
            onRetry={() => void list.refetch()}
          />
        </Match>
        <Match when={data()?.keys.length === 0}>
          <EmptyState icon={KeyRound} text={t('keys.empty')} />
        </Match>
        <Match when={data()}>
          {(shown) => (
            <>
              <KeyListView
                keys={shown().keys}
                accounts={accounts.list}
                actions={actions}
                onEdit={(key) => {
                  setEdited(key)
                  setEditing(true)
                }}
                onRevoke={(key) => {
                  revoke.reset()
                  setNamed(key.name)
                  setRevoking(key)
                }}
              />
              <section class="flex max-w-2xl flex-col gap-2">
                <h2 class="font-semibold text-16">{t('keys.baseUrl')}</h2>
                <BaseUrls />
              </section>
            </>
          )}
        </Match>
      </Switch>
      <CreateKeyDialog
        open={creating()}
        first={data()?.count === 0}
        accounts={accounts}
        onClose={() => setCreating(false)}
      />
      <EditKeyDialog open={editing()} item={edited()} accounts={accounts} onClose={() => setEditing(false)} />
      <ConfirmDialog
        open={revoking() !== undefined}
        onClose={() => setRevoking(undefined)}
        title={t('keys.revokeTitle', { name: named() })}
        text={t('keys.revokeText')}
        action={t('keys.revokeAction')}
        busy={revoke.isPending}
        error={revoke.error ? `${t('keys.revokeFailed', { name: named() })} ${errorText(revoke.error, t)}` : undefined}
        onConfirm={() => {
          const key = revoking()
          if (key) revoke.mutate(key)
        }}
      />
    </>
  )
}

const choice = (account: AccountListItem): AccountChoice => {
  const { id, label, email, subscription_type: plan } = account
  return {
    id,
    name: shownName(account),
    hint: [label && email ? maskEmail(email) : undefined, shortId(id), plan].filter(Boolean).join(' · '),
    words: [email, id].filter(Boolean).join(' '),
  }
}
