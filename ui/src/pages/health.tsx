import { useQuery } from '@tanstack/solid-query'
import CircleAlert from 'lucide-solid/icons/circle-alert'
import CircleCheck from 'lucide-solid/icons/circle-check'
import type { JSX } from 'solid-js'
import { dataOf, queries } from '../api/queries.ts'
import { Badge } from '../components/badge.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { useI18n } from '../i18n/i18n.tsx'

/** Is the process itself healthy, and what is it? */
export default function HealthPage() {
  const { t, format } = useI18n()
  const session = useQuery(() => queries.session())
  const health = useQuery(() => queries.health())
  const accounts = useQuery(() => queries.accounts({ page: 1 }))
  const keys = useQuery(() => queries.keys())
  const app = (): string => dataOf(session)?.name ?? ''
  const inService = (): string => {
    const data = dataOf(accounts)
    if (!data) return '–'
    return `${format().number(data.counts.ready ?? 0)} / ${format().number(data.accountStats.totalCount)}`
  }
  return (
    <>
      <PageHeader title={t('nav.health')} app={app()} answer={t('health.lead')} />
      <dl class="grid gap-3 sm:grid-cols-2 lg:grid-cols-4">
        <Fact term={t('health.server')}>
          {health.isError ? (
            <Badge tone="danger" icon={CircleAlert} text={t('health.bad')} />
          ) : (
            <Badge tone="success" icon={CircleCheck} text={t('health.ok')} />
          )}
        </Fact>
        <Fact term={t('health.version')}>{dataOf(session)?.version ?? '–'}</Fact>
        <Fact term={t('health.accounts')}>{inService()}</Fact>
        <Fact term={t('health.keys')}>{format().number(dataOf(keys)?.count ?? 0)}</Fact>
      </dl>
      <section class="flex max-w-2xl flex-col gap-2">
        <h2 class="font-semibold text-16">{t('health.about', { app: app() })}</h2>
        <p class="text-text-2">{t('health.notAffiliated', { app: app() })}</p>
        <p class="text-text-2">{t('health.terms')}</p>
      </section>
    </>
  )
}

function Fact(props: { term: string; children: JSX.Element }) {
  return (
    <div class="rounded-lg border border-border bg-surface p-3">
      <dt class="text-12 text-text-3">{props.term}</dt>
      <dd class="numbers mt-1 font-medium text-16">{props.children}</dd>
    </div>
  )
}
