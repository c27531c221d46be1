import { useQuery } from '@tanstack/solid-query'
import Pencil from 'lucide-solid/icons/pencil'
import { type Accessor, Match, Show, Switch } from 'solid-js'
import type { KeyView } from '../../../../server/admin/contract/keys.ts'
import type { UserView } from '../../../../server/admin/contract/users.ts'
import { errorText } from '../../api/error-text.ts'
import { MayChange } from '../../api/may-change.tsx'
import { dataOf, queries } from '../../api/queries.ts'
import { userQueries } from '../../api/users.ts'
import { Button } from '../../components/button.tsx'
import { Drawer } from '../../components/dialog.tsx'
import { DrawerSteps } from '../../components/drawer-steps.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { KeyHolder } from './key-dialog.tsx'
import type { Choices } from './user-fields.tsx'
import { UserKeys } from './user-keys.tsx'
import { UserOverview } from './user-overview.tsx'
import { ownerId, type UserTab, userTabs } from './user-state.ts'
import { UserAddresses, UserRequests } from './user-traffic.tsx'

type Props = Choices & {
  /** Undefined: closed. `owner`: the keys of nobody in particular. */
  readonly userId: string | undefined
  /** As the list has it; absent where it is not in it yet. */
  readonly listed: UserView | undefined
  /** To the next or the one before in the list; undefined: there is none. */
  readonly step: (by: 1 | -1) => (() => void) | undefined
  readonly ownerKeys: readonly KeyView[] | undefined
  readonly now: Accessor<number>
  readonly tab: UserTab
  readonly onTab: (tab: UserTab) => void
  readonly onEdit: (user: UserView) => void
  readonly onCreateKey: (holder: KeyHolder) => void
  readonly onClose: () => void
}

/** All that is known of one user, and what can be done with its keys. */
export default function UserDrawer(props: Props) {
  const { t } = useI18n()
  const isOwner = (): boolean => props.userId === ownerId
  const read = useQuery(() => ({
    ...userQueries.one(props.userId ?? ''),
    enabled: props.userId !== undefined && !isOwner() && props.listed === undefined,
  }))
  const internal = useQuery(() => ({ ...queries.internalKeys(), enabled: isOwner() }))
  const user = (): UserView | undefined => {
    const found = props.listed ?? dataOf(read)
    return found?.id === props.userId ? found : undefined
  }
  const title = (): string => (isOwner() ? t('users.ownerName') : (user()?.name ?? props.userId ?? ''))
  return (
    <Drawer open={props.userId !== undefined} onClose={props.onClose} title={title()} firstFocus={activeTab}>
      <Show when={!isOwner()}>
        <DrawerSteps step={props.step} />
      </Show>
      <Switch>
        <Match when={isOwner()}>
          <p class="text-text-2">{t('users.ownerAbout')}</p>
          <Show when={props.ownerKeys} fallback={<Skeleton rows={2} label={t('common.loading')} />}>
            {(keys) => (
              <UserKeys
                holder={{ id: undefined, name: t('users.ownerName') }}
                keys={keys()}
                internal={dataOf(internal)?.keys}
                now={props.now}
                accounts={props.accounts}
                models={props.models}
                onCreate={props.onCreateKey}
              />
            )}
          </Show>
        </Match>
        <Match when={user()}>{(shown) => <Known {...props} user={shown()} />}</Match>
        <Match when={read.error}>
          <ErrorState
            text={t('users.oneFailed')}
            detail={errorText(read.error, t)}
            retry={t('common.retry')}
            onRetry={() => void read.refetch()}
          />
        </Match>
        <Match when={props.userId}>
          <Skeleton rows={4} label={t('common.loading')} />
        </Match>
      </Switch>
    </Drawer>
  )
}

/** The tab that is looked at, once there is one; never a switch, which the next key would turn. */
const activeTab = (): HTMLElement | undefined =>
  document.querySelector<HTMLElement>('[role="dialog"] [role="tab"][aria-selected="true"]') ??
  document.querySelector<HTMLElement>('[role="dialog"]') ??
  undefined

function Known(props: Props & { readonly user: UserView }) {
  const { t } = useI18n()
  return (
    <>
      <MayChange>
        <Button icon={Pencil} class="self-start" onClick={() => props.onEdit(props.user)}>
          {t('users.edit')}
        </Button>
      </MayChange>
      <Tabs
        label={t('users.tabs')}
        late
        value={props.tab}
        onChange={(value) => props.onTab(userTabs.find((name) => name === value) ?? 'overview')}
        tabs={[
          {
            value: 'overview',
            text: t('users.tab.overview'),
            content: () => <UserOverview user={props.user} now={props.now} accounts={props.accounts.list} />,
          },
          {
            value: 'keys',
            text: t('users.tab.keys'),
            content: () => (
              <UserKeys
                holder={{ id: props.user.id, name: props.user.name }}
                keys={props.user.keys}
                now={props.now}
                accounts={props.accounts}
                models={props.models}
                onCreate={props.onCreateKey}
              />
            ),
          },
          {
            value: 'addresses',
            text: t('users.tab.addresses'),
            content: () => <UserAddresses userId={props.user.id} now={props.now} />,
          },
          {
            value: 'requests',
            text: t('users.tab.requests'),
            content: () => <UserRequests userId={props.user.id} now={props.now} />,
          },
        ]}
      />
    </>
  )
}
