import { useQueryClient } from '@tanstack/solid-query'
import type { ParentProps } from 'solid-js'
import { Banner } from '../components/banner.tsx'
import { Dialog } from '../components/dialog.tsx'
import { FreshPasswordProvider } from '../features/fresh-password/fresh-password.tsx'
import { SignInForm } from '../features/session/sign-in-form.tsx'
import { Shell } from '../features/shell/shell.tsx'
import { useI18n } from '../i18n/i18n.tsx'

/** The frame of every signed-in page: introduces the shell to the sign-in. */
export default function Inside(props: ParentProps) {
  const { t } = useI18n()
  const client = useQueryClient()
  let form: HTMLElement | undefined
  return (
    <Shell
      signedOut={(session) => (
        <Dialog
          open
          closable={false}
          onClose={() => undefined}
          title={t('login.title')}
          firstFocus={() => form?.querySelector<HTMLInputElement>('[autofocus]') ?? undefined}
        >
          <Banner tone="info">{t('session.expired')}</Banner>
          <div ref={(element) => (form = element)}>
            <SignInForm session={session()} onDone={() => void client.invalidateQueries()} />
          </div>
        </Dialog>
      )}
    >
      <FreshPasswordProvider>{props.children}</FreshPasswordProvider>
    </Shell>
  )
}
