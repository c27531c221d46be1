import Ban from 'lucide-solid/icons/ban'
import BatteryLow from 'lucide-solid/icons/battery-low'
import CircleCheck from 'lucide-solid/icons/circle-check'
import CircleDashed from 'lucide-solid/icons/circle-dashed'
import CirclePause from 'lucide-solid/icons/circle-pause'
import KeyRound from 'lucide-solid/icons/key-round'
import ShieldAlert from 'lucide-solid/icons/shield-alert'
import Snowflake from 'lucide-solid/icons/snowflake'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import { type Accessor, For, Show } from 'solid-js'
import type { AccountListItem, AccountState } from '../../../../server/admin/contract/accounts.ts'
import { Badge } from '../../components/badge.tsx'
import type { Icon } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import { stateTone, statusHelp, statusText, troubleText } from './status.ts'

const icons = {
  ready: CircleCheck,
  suspended: Ban,
  restricted: ShieldAlert,
  expired: KeyRound,
  exhausted: BatteryLow,
  cooling: Snowflake,
  failing: TriangleAlert,
  disabled: CirclePause,
  unchecked: CircleDashed,
} as const satisfies Record<AccountState, Icon>

/** The state as a badge; below it since when, the provider's own words and what helps. */
export function StatusBadge(props: { account: AccountListItem; now: Accessor<number> }) {
  const { t, format } = useI18n()
  const calm = (): boolean => props.account.state === 'ready' || props.account.state === 'disabled'
  const since = () => (calm() ? undefined : parseTime(props.account.state_since))
  const troubles = (): readonly string[] =>
    props.account.troubles.slice(0, 3).flatMap((trouble) => troubleText(trouble, t, props.now()) ?? [])
  const advice = (): string | undefined => {
    const key = statusHelp(props.account.state)
    return key && t(key)
  }
  return (
    <div class="flex min-w-0 flex-col items-start gap-0.5">
      <Badge
        tone={stateTone[props.account.state]}
        icon={icons[props.account.state]}
        text={statusText(props.account, t, format(), props.now())}
      />
      <Show when={!calm() && props.account.status_reason}>
        <span class="wrap-anywhere line-clamp-3 text-12 text-text-2">{props.account.status_reason}</span>
      </Show>
      <For each={troubles()}>
        {(text) => <span class="wrap-anywhere line-clamp-2 text-12 text-text-2">{text}</span>}
      </For>
      <Show when={since() !== undefined || advice()}>
        <span class="text-12 text-text-3">
          {[advice(), since() && t('accounts.since', { time: format().relative(since() ?? 0, props.now()) })]
            .filter(Boolean)
            .join(' · ')}
        </span>
      </Show>
    </div>
  )
}
