import Ban from 'lucide-solid/icons/ban'
import BatteryLow from 'lucide-solid/icons/battery-low'
import CircleCheck from 'lucide-solid/icons/circle-check'
import CircleDashed from 'lucide-solid/icons/circle-dashed'
import CirclePause from 'lucide-solid/icons/circle-pause'
import KeyRound from 'lucide-solid/icons/key-round'
import ShieldAlert from 'lucide-solid/icons/shield-alert'
import Snowflake from 'lucide-solid/icons/snowflake'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import type { Accessor } from 'solid-js'
import type { AccountListItem, AccountState } from '../../../../server/admin/contract/accounts.ts'
import { Badge } from '../../components/badge.tsx'
import type { Icon } from '../../components/icon.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { stateNow, stateTone, statusText } from './status.ts'

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

/** The state of an account in one badge. */
export function StatusBadge(props: { account: AccountListItem; now: Accessor<number> }) {
  const { t, format } = useI18n()
  const state = () => stateNow(props.account, props.now())
  return (
    <Badge tone={stateTone[state()]} icon={icons[state()]} text={statusText(props.account, t, format(), props.now())} />
  )
}
