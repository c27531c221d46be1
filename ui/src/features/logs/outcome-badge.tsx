import Ban from 'lucide-solid/icons/ban'
import CircleCheck from 'lucide-solid/icons/circle-check'
import CircleSlash from 'lucide-solid/icons/circle-slash'
import CircleX from 'lucide-solid/icons/circle-x'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import type { RequestRow } from '../../../../server/admin/contract/logs.ts'
import { Badge } from '../../components/badge.tsx'
import type { Icon } from '../../components/icon.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { type Outcome, outcomeOf, outcomeText, outcomeTone } from './row-view.ts'

const icons = {
  ok: CircleCheck,
  limited: Ban,
  client: TriangleAlert,
  upstream: CircleX,
  cancelled: CircleSlash,
} as const satisfies Record<Outcome, Icon>

export function OutcomeBadge(props: { row: Pick<RequestRow, 'error_kind' | 'status_code'> }) {
  const { t } = useI18n()
  const outcome = () => outcomeOf(props.row)
  return <Badge tone={outcomeTone[outcome()]} icon={icons[outcome()]} text={outcomeText(props.row, t)} />
}
