import { A } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { dataOf, queries } from '../api/queries.ts'
import { buttonClass } from '../components/button.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { useI18n } from '../i18n/i18n.tsx'

export default function NotFoundPage() {
  const { t } = useI18n()
  const session = useQuery(() => queries.session())
  return (
    <>
      <PageHeader title={t('notFound.title')} app={dataOf(session)?.name ?? ''} answer={t('notFound.text')} />
      <A href="/" class={`${buttonClass('secondary')} self-start`}>
        {t('notFound.home')}
      </A>
    </>
  )
}
