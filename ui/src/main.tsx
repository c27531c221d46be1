import { Router } from '@solidjs/router'
import { QueryClientProvider } from '@tanstack/solid-query'
import { ErrorBoundary, type ParentProps, Suspense } from 'solid-js'
import { render } from 'solid-js/web'
import { createQueryClient } from './api/queries.ts'
import { PageFault } from './features/shell/page-fault.tsx'
import { I18nProvider, loadDictionary } from './i18n/i18n.tsx'
import { savedLanguage } from './lib/appearance.ts'
import { watchFocus } from './lib/focus.ts'
import { MemoryProvider } from './lib/memory.tsx'
import { routes } from './routes.tsx'
import './styles/app.css'

const Frame = (props: ParentProps) => (
  <ErrorBoundary fallback={(error) => <PageFault error={error} />}>
    <Suspense>{props.children}</Suspense>
  </ErrorBoundary>
)

async function start(root: HTMLElement): Promise<void> {
  watchFocus(document)
  const language = savedLanguage()
  const dictionary = await loadDictionary(language)
  const client = createQueryClient()
  render(
    () => (
      <I18nProvider language={language} dictionary={dictionary}>
        <QueryClientProvider client={client}>
          <MemoryProvider>
            <Router root={Frame}>{routes()}</Router>
          </MemoryProvider>
        </QueryClientProvider>
      </I18nProvider>
    ),
    root,
  )
}

const root = document.getElementById('root')
if (root) void start(root)
