import { createMemo, Match, Show, Switch } from 'solid-js'
import { errorText } from '../../api/error-text.ts'
import { Banner } from '../../components/banner.tsx'
import { Choice } from '../../components/field.tsx'
import { PickList } from '../../components/pick-list.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { type AccountChoice, type KeyForm, sentIds, servedByNobody, splitSet } from './account-set.ts'

/** The accounts as the page reads them. */
export type Accounts = {
  /** Undefined while they are not known. */
  readonly list: readonly AccountChoice[] | undefined
  readonly failure: Error | null
  readonly retry: () => void
}

type Props = {
  readonly form: KeyForm
  readonly accounts: Accounts
  readonly error: string | undefined
  readonly onChange: (part: Partial<KeyForm>) => void
}

/** All accounts, or some of them. */
export function AccountField(props: Props) {
  const { t, format } = useI18n()
  const atFirst = new Set(props.form.accountIds)
  // Those of the key come first, the ones that were removed before all: they can only be taken out.
  const options = createMemo(() => {
    const list = props.accounts.list ?? []
    const { removed } = splitSet([...atFirst], list)
    const rank = (id: string): number => (atFirst.has(id) ? 0 : 1)
    return [
      ...removed.map((id) => ({ value: id, text: removedName(id, t) })),
      ...list
        .toSorted((one, other) => rank(one.id) - rank(other.id) || format().compare(one.name, other.name))
        .map(({ id, name, hint, words }) => ({ value: id, text: name, hint, words })),
    ]
  })
  return (
    <>
      <Choice
        label={t('keys.accounts')}
        value={props.form.only ? 'some' : 'all'}
        options={[
          { value: 'all', text: t('keys.accountsAll') },
          { value: 'some', text: t('keys.accountsSome') },
        ]}
        onChange={(value) => props.onChange({ only: value === 'some' })}
      />
      <Show when={props.form.only}>
        <Switch fallback={<Skeleton rows={2} label={t('common.loading')} />}>
          <Match when={props.accounts.list}>
            <PickList
              label={t('keys.accountsPick')}
              options={options()}
              empty={t('accounts.empty')}
              chosen={props.form.accountIds}
              onChange={(accountIds) => props.onChange({ accountIds })}
              error={props.error}
            />
          </Match>
          <Match when={props.accounts.failure}>
            {(error) => (
              <ErrorState
                text={t('accounts.failed')}
                detail={errorText(error(), t)}
                retry={t('common.retry')}
                onRetry={props.accounts.retry}
              />
            )}
          </Match>
        </Switch>
        <Show when={servedByNobody(sentIds(props.form), props.accounts.list)}>
          <Banner tone="warning">{t('keys.accountsGone')}</Banner>
        </Show>
      </Show>
    </>
  )
}

export const removedName = (accountId: string, t: (key: 'keys.removedAccount', places: { id: string }) => string) =>
  t('keys.removedAccount', { id: `#${accountId.slice(-6)}` })
