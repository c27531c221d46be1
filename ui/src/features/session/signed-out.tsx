import { useQueryClient } from '@tanstack/solid-query'
import type { SessionView } from '../../../../server/admin/contract/session.ts'
import { Banner } from '../../components/banner.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { SignInForm } from './sign-in-form.tsx'

/** Over the page as it was left: sign in and go on. */
export default function SignedOut(props: { readonly session: SessionView }) {
  const { t } = useI18n()
  const client = useQueryClient()
  let form: HTMLElement | undefined
  return (
    <Dialog
      open
      closable={false}
      onClose={() => undefined}
      title={t('login.title')}
      firstFocus={() => form?.querySelector<HTMLInputElement>('[autofocus]') ?? undefined}
    >
      <Banner tone="info">{t('session.expired')}</Banner>
      <div ref={(element) => (form = element)}>
        <SignInForm session={props.session} onDone={() => void client.invalidateQueries()} />
      </div>
    </Dialog>
  )
}
