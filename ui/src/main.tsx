import { Router } from '@solidjs/router'
import { QueryClientProvider } from '@tanstack/solid-query'
import { ErrorBoundary, type ParentProps, Suspense } from 'solid-js'
import { render } from 'solid-js/web'
import { beforeRefusals } from './api/client.ts'
import { createQueryClient, queries } from './api/queries.ts'
import { PageFault } from './features/shell/page-fault.tsx'
import { createI18n, I18nProvider } from './i18n/i18n.tsx'
import { savedLanguage } from './lib/appearance.ts'
import { watchFocus } from './lib/focus.ts'
import { MemoryProvider } from './lib/memory.tsx'
import { readablePath, signInPath } from './lib/path.ts'
import { isInside, routes } from './routes.tsx'
import './styles/app.css'

const Frame = (props: ParentProps) => (
  <ErrorBoundary fallback={(error) => <PageFault error={error} />}>
    <Suspense>{props.children}</Suspense>
  </ErrorBoundary>
)

async function start(root: HTMLElement): Promise<void> {
  watchFocus(document)
  const path = readablePath(location.pathname)
  if (path !== location.pathname) history.replaceState(null, '', path + location.search + location.hash)
  const i18n = createI18n(savedLanguage())
  // Without them the server's own words are shown.
  beforeRefusals(() => i18n.load(['refusals']).catch(() => undefined))
  const client = createQueryClient()
  // Who is not signed in is sent to the sign-in before anything of what lies behind it is loaded.
  await client.prefetchQuery(queries.session())
  const session = client.getQueryData(queries.session().queryKey)
  if (session?.signedIn === false && isInside(location.pathname)) {
    history.replaceState(null, '', signInPath(location))
  }
  render(
    () => (
      <I18nProvider i18n={i18n}>
        <QueryClientProvider client={client}>
          <MemoryProvider>
            <Router root={Frame}>{routes(i18n)}</Router>
          </MemoryProvider>
        </QueryClientProvider>
      </I18nProvider>
    ),
    root,
  )
}

const root = document.getElementById('root')
if (root) void start(root)
