import Plus from 'lucide-solid/icons/plus'
import { type Accessor, createSignal, For, Match, Show, Switch } from 'solid-js'
import type { KeyView } from '../../../../server/admin/contract/keys.ts'
import { errorText } from '../../api/error-text.ts'
import { MayChange } from '../../api/may-change.tsx'
import { Button } from '../../components/button.tsx'
import { ConfirmDialog } from '../../components/dialog.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { HandOverDialog } from './hand-over-dialog.tsx'
import { createKeyActions } from './key-actions.tsx'
import { KeyCard, type KeyHandlers } from './key-card.tsx'
import { EditKeyDialog, type KeyHolder } from './key-dialog.tsx'
import { RotateKeyDialog } from './rotate-key.tsx'
import type { Choices } from './user-fields.tsx'

type Open = { readonly what: 'edit' | 'rotate' | 'hand-over'; readonly item: KeyView }
type Props = Choices & {
  readonly holder: KeyHolder
  readonly keys: readonly KeyView[]
  /** The gateway's own, which stand below. */
  readonly internal?: readonly KeyView[] | undefined
  readonly now: Accessor<number>
  readonly onCreate: (holder: KeyHolder) => void
}

/** The keys of one user, or of nobody in particular. */
export function UserKeys(props: Props) {
  const { t } = useI18n()
  const actions = createKeyActions()
  const [open, setOpen] = createSignal<Open>()
  const [revoking, setRevoking] = createSignal<KeyView>()
  // Kept apart from `revoking`: the text must not change while the dialog fades away.
  const [named, setNamed] = createSignal('')
  const [isLast, setLast] = createSignal(false)
  const handlers: KeyHandlers = {
    actions,
    onEdit: (item) => setOpen({ what: 'edit', item }),
    onRotate: (item) => setOpen({ what: 'rotate', item }),
    onHandOver: (item) => setOpen({ what: 'hand-over', item }),
    onRevoke: (item) => {
      actions.revoke.reset()
      setNamed(item.name)
      setLast(props.holder.id !== undefined && props.keys.filter(({ enabled }) => enabled).length < 2)
      setRevoking(item)
    },
  }
  const close = (): void => void setOpen(undefined)
  const opened = (what: Open['what']): KeyView | undefined => {
    const now = open()
    return now?.what === what ? now.item : undefined
  }
  return (
    <>
      <MayChange>
        <Button icon={Plus} class="self-start" onClick={() => props.onCreate(props.holder)}>
          {t('users.newKey')}
        </Button>
      </MayChange>
      <Show
        when={props.keys.length > 0}
        fallback={<p class="text-text-2">{props.holder.id === undefined ? t('keys.emptyOwner') : t('keys.empty')}</p>}
      >
        <ul class="flex flex-col gap-2">
          <For each={props.keys}>
            {(item) => <KeyCard item={item} now={props.now} accounts={props.accounts.list} {...handlers} />}
          </For>
        </ul>
      </Show>
      <Show when={props.internal?.length}>
        <section class="flex flex-col gap-2">
          <h3 class="font-medium">{t('keys.internal')}</h3>
          <p class="text-12 text-text-3">{t('keys.internalAbout')}</p>
          <ul class="flex flex-col gap-2">
            <For each={props.internal}>
              {(item) => <KeyCard item={item} now={props.now} accounts={props.accounts.list} internal {...handlers} />}
            </For>
          </ul>
        </section>
      </Show>
      <Switch>
        <Match when={opened('edit')}>
          {(item) => (
            <EditKeyDialog
              item={item()}
              internal={props.internal?.some(({ id }) => id === item().id) ?? false}
              accounts={props.accounts}
              models={props.models}
              onClose={close}
            />
          )}
        </Match>
        <Match when={opened('rotate')}>{(item) => <RotateKeyDialog item={item()} onClose={close} />}</Match>
        <Match when={opened('hand-over')}>{(item) => <HandOverDialog item={item()} onClose={close} />}</Match>
      </Switch>
      <ConfirmDialog
        open={revoking() !== undefined}
        onClose={() => setRevoking(undefined)}
        title={t('keys.revokeTitle', { name: named() })}
        text={[t('keys.revokeText'), isLast() ? t('keys.revokeLast', { user: props.holder.name }) : '']
          .filter(Boolean)
          .join(' ')}
        action={t('keys.revokeAction')}
        busy={actions.revoke.isPending}
        error={
          actions.revoke.error
            ? `${t('keys.revokeFailed', { name: named() })} ${errorText(actions.revoke.error, t)}`
            : undefined
        }
        onConfirm={() => {
          const item = revoking()
          if (item) actions.revoke.mutate(item, { onSuccess: () => setRevoking(undefined) })
        }}
      />
    </>
  )
}
