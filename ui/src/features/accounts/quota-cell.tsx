import { type Accessor, Show } from 'solid-js'
import type { AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import { Meter } from '../../components/meter.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import { quotaOf } from './status.ts'

export function QuotaCell(props: { account: AccountListItem; now?: Accessor<number> | undefined }) {
  const { t, format } = useI18n()
  const quota = () => quotaOf(props.account.usage_current, props.account.usage_limit)
  const percent = (): string => format().percent(quota().ratio)
  /** Where there is room for it. */
  const resets = () => {
    const at = parseTime(props.account.quota_resets_at)
    return at && props.now && format().relative(at, props.now())
  }
  return (
    <Show when={quota().level !== 'unknown'} fallback={<span class="text-text-3">{t('accounts.quotaUnknown')}</span>}>
      <div class="numbers flex flex-col gap-1">
        <div class="flex justify-between gap-2 whitespace-nowrap text-12">
          <span>
            {t('accounts.quotaText', {
              used: format().number(props.account.usage_current),
              limit: format().number(props.account.usage_limit),
            })}
          </span>
          <span>{percent()}</span>
        </div>
        <Meter ratio={quota().ratio} level={quota().level} label={t('accounts.quotaLabel', { percent: percent() })} />
        <Show when={resets()}>
          {(time) => <span class="text-12 text-text-3">{t('accounts.quotaReset', { time: time() })}</span>}
        </Show>
      </div>
    </Show>
  )
}
