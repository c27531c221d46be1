import { useQuery } from '@tanstack/solid-query'
import { For, type JSX, Show } from 'solid-js'
import type { AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import { errorText } from '../../api/error-text.ts'
import { dataOf, queries } from '../../api/queries.ts'
import { Drawer } from '../../components/dialog.tsx'
import { DrawerSteps } from '../../components/drawer-steps.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { Time, TimeAgo } from '../../components/time-ago.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { shortId } from '../../lib/account-name.ts'
import { createDeadlineClock } from '../../lib/clock.ts'
import { parseTime } from '../../lib/format.ts'
import { choiceParam } from '../../lib/url-params.ts'
import { createUrlState } from '../../lib/url-state.ts'
import { AccountChoices } from './account-choices.tsx'
import { AccountEvents } from './account-events.tsx'
import type { AccountHandlers } from './account-list.tsx'
import { AccountRequests } from './account-requests.tsx'
import { QuotaCell } from './quota-cell.tsx'
import { RemedyButton } from './remedy.tsx'
import { SettingsForm } from './settings-form.tsx'
import { fullName, stateNow, statusHelp, troubleText } from './status.ts'
import { StatusBadge } from './status-badge.tsx'

type Props = AccountHandlers & {
  /** Undefined: closed. */
  readonly accountId: string | undefined
  /** As the list has it; absent where it is on another page of it. */
  readonly listed: AccountListItem | undefined
  /** To the next or the one before in the list; undefined: there is none. */
  readonly step: (by: 1 | -1) => (() => void) | undefined
  readonly onClose: () => void
}

const tabs = ['overview', 'requests', 'events', 'routing', 'settings'] as const

/** All that is known of one account: its state with every word the provider said, quota and sign-in. */
export default function AccountDrawer(props: Props) {
  const { t } = useI18n()
  const tab = createUrlState({ tab: choiceParam(tabs, 'overview') })
  const read = useQuery(() => ({
    ...queries.account(props.accountId ?? ''),
    enabled: props.accountId !== undefined && props.listed === undefined,
  }))
  const account = (): AccountListItem | undefined => {
    const found = props.listed ?? dataOf(read)
    return found?.id === props.accountId ? found : undefined
  }
  const title = (): string => {
    const shown = account()
    return shown ? fullName(shown) : shortId(props.accountId ?? '')
  }
  return (
    <Drawer open={props.accountId !== undefined} onClose={props.onClose} title={title()}>
      <DrawerSteps step={props.step} />
      <Show
        when={account()}
        fallback={
          <Show when={read.error} fallback={<Skeleton rows={4} label={t('common.loading')} />}>
            <ErrorState
              text={t('accounts.oneFailed')}
              detail={errorText(read.error, t)}
              retry={t('common.retry')}
              onRetry={() => void read.refetch()}
            />
          </Show>
        }
      >
        {(shown) => (
          <Tabs
            label={title()}
            late
            value={tab.value.tab}
            onChange={(name) => tab.set({ tab: tabs.find((one) => one === name) })}
            tabs={[
              {
                value: 'overview',
                text: t('accounts.tab.overview'),
                content: () => <Facts {...props} account={shown()} />,
              },
              {
                value: 'requests',
                text: t('accounts.tab.requests'),
                content: () => <AccountRequests accountId={shown().id} />,
              },
              {
                value: 'events',
                text: t('accounts.tab.events'),
                content: () => <AccountEvents accountId={shown().id} />,
              },
              {
                value: 'routing',
                text: t('accounts.tab.routing'),
                content: () => <AccountChoices accountId={shown().id} />,
              },
              {
                value: 'settings',
                text: t('accounts.tab.settings'),
                content: () => <SettingsForm account={shown()} onSetProxy={props.onSetProxy} />,
              },
            ]}
          />
        )}
      </Show>
    </Drawer>
  )
}

function Facts(props: Props & { readonly account: AccountListItem }) {
  const { t, format } = useI18n()
  const now = createDeadlineClock(() => [parseTime(props.account.state_until) ?? 0])
  const state = () => stateNow(props.account, now())
  const calm = (): boolean => state() === 'ready' || state() === 'disabled'
  // Who is suspended answers no side question either: the same words would stand there again.
  const troubles = () =>
    state() === 'suspended'
      ? []
      : props.account.troubles.flatMap((trouble) => troubleText(trouble, t, format(), now()) ?? [])
  const help = (): string | undefined => {
    const key = statusHelp(props.account)
    return key && t(key)
  }
  const method = (): string => {
    const known = methods.find((name) => name === props.account.auth_method)
    return known ? t(`method.${known}`) : props.account.auth_method
  }
  return (
    <>
      <section class="flex flex-col items-start gap-2">
        <StatusBadge account={props.account} now={now} />
        <Show when={!calm() && help()}>
          <p>{help()}</p>
        </Show>
        <Show when={!calm() && props.account.status_reason}>
          {(words) => (
            <figure class="w-full">
              <figcaption class="text-12 text-text-3">{t('accounts.reported')}</figcaption>
              <blockquote lang="en" class="wrap-anywhere select-text rounded-md bg-code-bg px-3 py-2 text-13">
                {words()}
              </blockquote>
            </figure>
          )}
        </Show>
        <For each={troubles()}>{(text) => <p class="wrap-anywhere text-13 text-text-2">{text}</p>}</For>
        <RemedyButton account={props.account} actions={props.actions} onSignInAgain={props.onSignInAgain} />
      </section>
      <QuotaCell account={props.account} now={now} />
      <dl class="grid grid-cols-[auto_1fr] gap-x-4 gap-y-2 text-13">
        <Show when={!calm()}>
          <Fact term={t('accounts.sinceLabel')}>
            <TimeAgo at={props.account.state_since} now={now} never={t('common.unknown')} />
          </Fact>
        </Show>
        <Fact term={t('accounts.method')}>{method()}</Fact>
        <Fact term={t('accounts.column.plan')}>{props.account.subscription_type ?? t('common.unknown')}</Fact>
        <Fact term={t('accounts.column.region')}>{props.account.region}</Fact>
        <Show when={props.account.proxy_id}>
          <Fact term={t('nav.proxies')}>{props.account.proxy_name ?? props.account.proxy_id}</Fact>
        </Show>
        <Show when={props.account.notes}>
          <Fact term={t('accounts.notes')}>
            <span class="wrap-anywhere whitespace-pre-wrap">{props.account.notes}</span>
          </Fact>
        </Show>
        <Show when={parseTime(props.account.runs_out_at)}>
          {(at) => (
            <Fact term={t('accounts.runsOut')}>
              <Time at={at()} />
            </Fact>
          )}
        </Show>
        <Fact term={t('accounts.weight')}>{format().number(props.account.weight)}</Fact>
        <Fact term={t('accounts.column.lastUsed')}>
          <TimeAgo at={props.account.last_used_at} now={now} never={t('common.never')} />
        </Fact>
        <Fact term={t('accounts.calls')}>
          {t('accounts.callCounts', {
            good: format().number(props.account.success_count),
            bad: format().number(props.account.error_count),
          })}
        </Fact>
        <Fact term={t('accounts.id')}>
          <Code text={props.account.id} />
        </Fact>
        <Show when={props.account.q_user_id}>
          {(id) => (
            <Fact term={t('accounts.providerUser')}>
              <Code text={id()} />
            </Fact>
          )}
        </Show>
      </dl>
    </>
  )
}

function Code(props: { readonly text: string }) {
  return <code class="wrap-anywhere select-all font-mono text-12">{props.text}</code>
}

const methods = ['builder-id', 'identity-center', 'social', 'api-key'] as const

function Fact(props: { term: string; children: JSX.Element }) {
  return (
    <>
      <dt class="text-text-3">{props.term}</dt>
      <dd class="min-w-0">{props.children}</dd>
    </>
  )
}
