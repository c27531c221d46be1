import { useQuery } from '@tanstack/solid-query'
import { Show } from 'solid-js'
import { logQueries } from '../../api/logs.ts'
import { createMayChange } from '../../api/may-change.tsx'
import { dataOf, queries } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

/** Nobody's words are kept without this standing over the list. */
export function CaptureMark(props: { readonly onManage: () => void }) {
  const { t, format } = useI18n()
  const mayChange = createMayChange()
  const captures = useQuery(() => ({ ...logQueries.captures(), enabled: mayChange() }))
  const active = () => (dataOf(captures)?.captures ?? []).filter((rule) => rule.active)
  const keys = useQuery(() => ({ ...queries.keys(), enabled: active().length > 0 }))
  const names = (): string =>
    format().list(
      active().map(({ api_key_id }) => dataOf(keys)?.keys.find(({ id }) => id === api_key_id)?.name ?? api_key_id),
    )
  return (
    <Show when={active().length > 0}>
      <Banner tone="warning" action={<Button onClick={() => props.onManage()}>{t('logs.capture.manage')}</Button>}>
        {t('logs.capture.on', { names: names() })}
      </Banner>
    </Show>
  )
}
