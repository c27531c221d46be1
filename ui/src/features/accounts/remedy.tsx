import { Show } from 'solid-js'
import type { AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import { createMayChange } from '../../api/may-change.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { AccountActions } from './account-actions.tsx'
import { fullName, type Remedy, remedyOf } from './status.ts'

type Props = {
  readonly account: AccountListItem
  readonly actions: AccountActions
  readonly onSignInAgain: (account: AccountListItem) => void
  /** Absent where one reads already. */
  readonly onRead?: ((account: AccountListItem) => void) | undefined
}

/** The one thing that helps an account in trouble. */
export function RemedyButton(props: Props) {
  const { t } = useI18n()
  const mayChange = createMayChange()
  const remedy = (): Remedy | undefined => {
    const found = remedyOf(props.account)
    if (found === 'read') return props.onRead && found
    return mayChange() ? found : undefined
  }
  const run = (chosen: Remedy): void => {
    if (chosen === 'read') props.onRead?.(props.account)
    else if (chosen === 'check') props.actions.check.mutate(props.account)
    else props.onSignInAgain(props.account)
  }
  return (
    <Show when={remedy()}>
      {(chosen) => (
        <button
          type="button"
          aria-label={`${t(`remedy.${chosen()}`)}: ${fullName(props.account)}`}
          class="control shrink-0 rounded-md px-2 font-medium text-13 text-accent-text hover:bg-surface-3"
          onClick={() => run(chosen())}
        >
          {t(`remedy.${chosen()}`)}
        </button>
      )}
    </Show>
  )
}
