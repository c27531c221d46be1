import CircleCheck from 'lucide-solid/icons/circle-check'
import CirclePause from 'lucide-solid/icons/circle-pause'
import Gauge from 'lucide-solid/icons/gauge'
import Hourglass from 'lucide-solid/icons/hourglass'
import OctagonX from 'lucide-solid/icons/octagon-x'
import type { UserView } from '../../../../server/admin/contract/users.ts'
import { Badge } from '../../components/badge.tsx'
import type { Icon } from '../../components/icon.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { refusedUntil, stateTone, type UserState, userState } from './user-state.ts'

const icons = {
  active: CircleCheck,
  near: Gauge,
  reached: OctagonX,
  expired: Hourglass,
  disabled: CirclePause,
} as const satisfies Record<UserState, Icon>

/** The state of a user in one badge; at a limit with the time at which it begins anew. */
export function UserBadge(props: { user: UserView; now: number }) {
  const { t, format } = useI18n()
  const state = () => userState(props.user, props.now)
  const text = (): string => {
    const until = state() === 'reached' ? refusedUntil(props.user.standings, props.now) : undefined
    return until === undefined
      ? t(`users.state.${state()}`)
      : t('users.atLimit', { time: format().relative(until, props.now) })
  }
  return <Badge tone={stateTone[state()]} icon={icons[state()]} text={text()} />
}
