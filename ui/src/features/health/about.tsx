import { createSignal, Show, Suspense } from 'solid-js'
import { Button } from '../../components/button.tsx'
import { Skeleton } from '../../components/states.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { later } from '../../lib/later.tsx'
import { SupportReport } from './support-report.tsx'

const Licences = later(() => import('./licences.tsx'))

export function About(props: { readonly app: string }) {
  const { t } = useI18n()
  const [open, setOpen] = createSignal(false)
  return (
    <>
      <section class="flex max-w-2xl flex-col gap-2">
        <h2 class="font-semibold text-16">{t('health.about', { app: props.app })}</h2>
        <p class="text-text-2">{t('health.notAffiliated', { app: props.app })}</p>
        <p class="text-text-2">{t('health.terms')}</p>
        <p class="text-text-2">{t('health.private')}</p>
      </section>
      <SupportReport />
      <section class="flex flex-col gap-2">
        <h2 class="font-semibold text-16">{t('health.licences')}</h2>
        <p class="text-text-2">{t('health.licencesLead', { app: props.app })}</p>
        <Show
          when={open()}
          fallback={
            <div>
              <Button onClick={() => setOpen(true)}>{t('health.licencesShow')}</Button>
            </div>
          }
        >
          <Suspense fallback={<Skeleton rows={4} label={t('common.loading')} />}>
            <Licences />
          </Suspense>
        </Show>
      </section>
    </>
  )
}
