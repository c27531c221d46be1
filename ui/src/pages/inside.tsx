import { type ParentProps, Suspense } from 'solid-js'
import { FreshPasswordProvider } from '../features/fresh-password/fresh-password.tsx'
import { Shell } from '../features/shell/shell.tsx'
import { later } from '../lib/later.tsx'

const SignedOut = later(() => import('../features/session/signed-out.tsx'))

/** The frame of every signed-in page: introduces the shell to the sign-in. */
export default function Inside(props: ParentProps) {
  return (
    <Shell
      signedOut={(session) => (
        <Suspense>
          <SignedOut session={session()} />
        </Suspense>
      )}
    >
      <FreshPasswordProvider>{props.children}</FreshPasswordProvider>
    </Shell>
  )
}
