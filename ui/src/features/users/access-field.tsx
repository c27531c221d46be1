import { createMemo, type JSX, Match, Show, Switch } from 'solid-js'
import { errorText } from '../../api/error-text.ts'
import { Banner } from '../../components/banner.tsx'
import { Choice, TextField } from '../../components/field.tsx'
import { PickList } from '../../components/pick-list.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { type AccessValues, type AccountChoice, sentAccess, servedByNobody, splitSet } from './access-set.ts'

/** The accounts as the page reads them. */
export type Accounts = {
  /** Undefined while they are not known. */
  readonly list: readonly AccountChoice[] | undefined
  readonly failure: Error | null
  readonly retry: () => void
}

type Props = {
  readonly values: AccessValues
  readonly accounts: Accounts
  /** Ids of the models that accounts offer. */
  readonly models: readonly string[]
  readonly error: (name: 'account_ids' | 'models') => string | undefined
  readonly onChange: (change: Partial<AccessValues>) => void
}

/** All models or some of them, all accounts or some of them. */
export function AccessFields(props: Props) {
  const { t } = useI18n()
  return (
    <>
      <Choice
        label={t('keys.models')}
        value={props.values.onlyModels ? 'some' : 'all'}
        options={[
          { value: 'all', text: t('keys.modelsAll') },
          { value: 'some', text: t('keys.modelsSome') },
        ]}
        onChange={(value) => props.onChange({ onlyModels: value === 'some' })}
      />
      <Show when={props.values.onlyModels}>
        <Inset>
          <PickList
            label={t('keys.modelsPick')}
            options={props.models.map((id) => ({ value: id, text: id }))}
            empty={t('keys.modelsEmpty')}
            chosen={props.values.models}
            onChange={(models) => props.onChange({ models })}
            error={props.error('models')}
          />
          <TextField
            label={t('keys.patterns')}
            help={t('keys.patternsHelp')}
            mono
            value={props.values.patterns}
            onInput={(event) => props.onChange({ patterns: event.currentTarget.value })}
          />
        </Inset>
      </Show>
      <Choice
        label={t('keys.accounts')}
        value={props.values.onlyAccounts ? 'some' : 'all'}
        options={[
          { value: 'all', text: t('keys.accountsAll') },
          { value: 'some', text: t('keys.accountsSome') },
        ]}
        onChange={(value) => props.onChange({ onlyAccounts: value === 'some' })}
      />
      <Show when={props.values.onlyAccounts}>
        <Inset>
          <AccountPick {...props} />
        </Inset>
      </Show>
    </>
  )
}

function Inset(props: { children: JSX.Element }) {
  return <div class="flex flex-col gap-3 border-border border-l-2 pl-3">{props.children}</div>
}

function AccountPick(props: Props) {
  const { t, format } = useI18n()
  const atFirst = new Set(props.values.account_ids)
  // Those that are in the set come first, the ones that were removed before all: they can only be taken out.
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
      <Switch fallback={<Skeleton rows={2} label={t('common.loading')} />}>
        <Match when={props.accounts.list}>
          <PickList
            label={t('keys.accountsPick')}
            options={options()}
            empty={t('accounts.empty')}
            chosen={props.values.account_ids}
            onChange={(ids) => props.onChange({ account_ids: ids })}
            error={props.error('account_ids')}
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
      <Show when={servedByNobody(sentAccess(props.values).account_ids, props.accounts.list)}>
        <Banner tone="warning">{t('keys.accountsGone')}</Banner>
      </Show>
    </>
  )
}

export const removedName = (accountId: string, t: (key: 'keys.removedAccount', places: { id: string }) => string) =>
  t('keys.removedAccount', { id: `#${accountId.slice(-6)}` })
