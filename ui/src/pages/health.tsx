import { useSearchParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { For, Match, Suspense, Switch } from 'solid-js'
import { dataOf, queries } from '../api/queries.ts'
import { PageHeader } from '../components/page-header.tsx'
import { Skeleton } from '../components/states.tsx'
import { About } from '../features/health/about.tsx'
import { countOf } from '../features/health/checks.ts'
import { createChecks, HealthState } from '../features/health/state.tsx'
import { useI18n } from '../i18n/i18n.tsx'
import { later } from '../lib/later.tsx'

const ServerLog = later(() => import('../features/health/server-log.tsx'))

const tabs = ['state', 'log', 'about'] as const

/** Is the process itself healthy, and what do I send when I ask for help? */
export default function HealthPage() {
  const { t, format } = useI18n()
  const session = useQuery(() => queries.session())
  const [search] = useSearchParams<{ tab?: string }>()
  const { health, checks } = createChecks()
  const tab = (): (typeof tabs)[number] => tabs.find((one) => one === search.tab) ?? 'state'
  const answer = (): string => {
    if (!dataOf(health)) return t('health.lead')
    const failed = countOf(checks(), 'fail')
    if (failed > 0) return t(`health.bad.${format().form(failed)}`, { count: format().number(failed) })
    const warned = countOf(checks(), 'warn')
    return warned > 0
      ? t(`health.warned.${format().form(warned)}`, { count: format().number(warned) })
      : t('health.good')
  }
  return (
    <>
      <PageHeader title={t('nav.health')} app={dataOf(session)?.name ?? ''} answer={answer()} />
      <nav aria-label={t('health.tabs')} class="flex flex-wrap gap-1 border-border border-b">
        <For each={tabs}>
          {(one) => (
            // Not the router's own link: it takes all three for this page.
            <a
              href={one === 'state' ? '/health' : `/health?tab=${one}`}
              aria-current={tab() === one ? 'page' : undefined}
              class="control -mb-px inline-flex items-center border-transparent border-b-2 px-3 text-text-2 hover:text-text aria-[current]:border-accent aria-[current]:font-medium aria-[current]:text-text"
            >
              {t(`health.tab.${one}`)}
            </a>
          )}
        </For>
      </nav>
      <Switch>
        <Match when={tab() === 'state'}>
          <HealthState />
        </Match>
        <Match when={tab() === 'log'}>
          <Suspense fallback={<Skeleton rows={6} label={t('common.loading')} />}>
            <ServerLog />
          </Suspense>
        </Match>
        <Match when={tab() === 'about'}>
          <About app={dataOf(session)?.name ?? ''} />
        </Match>
      </Switch>
    </>
  )
}
