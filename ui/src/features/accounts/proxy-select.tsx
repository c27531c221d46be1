import { Show } from 'solid-js'
import { Banner } from '../../components/banner.tsx'
import { SelectField } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { type ProxyChoice, proxyById, proxyOptions } from './proxy-choice.ts'

type Props = {
  readonly proxies: readonly ProxyChoice[]
  /** `noProxy`, or the id of one. */
  readonly value: string
  readonly onChange: (value: string) => void
}

/** An account's own way out; below it the address, and what is wrong with it. */
export function ProxySelect(props: Props) {
  const { t } = useI18n()
  const chosen = () => proxyById(props.proxies, props.value)
  return (
    <>
      <SelectField
        label={t('accounts.proxy')}
        help={chosen()?.url ?? t('accounts.proxyNoneHelp')}
        options={proxyOptions(props.proxies, t)}
        value={props.value}
        onChange={(value) => props.onChange(value)}
      />
      <Show when={chosen()?.enabled && chosen()?.state === 'down'}>
        <Banner tone="warning">{t('accounts.proxyDown')}</Banner>
      </Show>
    </>
  )
}
