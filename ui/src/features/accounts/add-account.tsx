import { Show } from 'solid-js'
import type { AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import { Dialog } from '../../components/dialog.tsx'
import { Tabs } from '../../components/tabs.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { DeviceSignIn } from './device-sign-in.tsx'
import { ImportAccounts } from './import-accounts.tsx'
import { PasteToken } from './paste-token.tsx'
import type { ProxyChoice } from './proxy-choice.ts'
import { canSignInAgain, fullName } from './status.ts'

type Props = {
  readonly open: boolean
  readonly onClose: () => void
  /** Set: only the device sign-in is offered, for this account. */
  readonly again: AccountListItem | undefined
  /** What the account may leave by, its sign-in included. */
  readonly proxies: readonly ProxyChoice[]
}

/** The three ways to an account; one that signs in again has one of them. Closing while a sign-in waits leaves it running until its code expires; whoever opens it again finds it there. */
export default function AddAccountDialog(props: Props) {
  const { t } = useI18n()
  const title = (): string => (props.again ? t('add.againTitle', { name: fullName(props.again) }) : t('add.title'))
  return (
    <Dialog open={props.open} onClose={props.onClose} title={title()} wide>
      <Show
        when={!props.again}
        fallback={
          <Show
            when={props.again && canSignInAgain(props.again)}
            fallback={<PasteToken again={props.again} proxies={[]} onDone={props.onClose} />}
          >
            <DeviceSignIn again={props.again} proxies={[]} onDone={props.onClose} />
          </Show>
        }
      >
        <Tabs
          label={t('add.ways')}
          tabs={[
            {
              value: 'device',
              text: t('add.device'),
              content: () => <DeviceSignIn again={undefined} proxies={props.proxies} onDone={props.onClose} />,
            },
            {
              value: 'token',
              text: t('add.token'),
              content: () => <PasteToken again={undefined} proxies={props.proxies} onDone={props.onClose} />,
            },
            { value: 'import', text: t('add.import'), content: () => <ImportAccounts onDone={props.onClose} /> },
          ]}
        />
      </Show>
      <p class="text-12 text-text-3">{t('add.entitled')}</p>
    </Dialog>
  )
}
