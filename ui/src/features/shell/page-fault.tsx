import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { isMissingChunk } from './missing-chunk.ts'

/** In place of a page that could not be shown: after an upgrade its code is gone, else it is a fault of ours. */
export function PageFault(props: { error: unknown }) {
  const { t } = useI18n()
  return (
    <Banner
      tone={isMissingChunk(props.error) ? 'info' : 'danger'}
      action={<Button onClick={() => location.reload()}>{t('common.reload')}</Button>}
    >
      {isMissingChunk(props.error) ? t('error.newVersion') : t('error.generic')}
    </Banner>
  )
}
