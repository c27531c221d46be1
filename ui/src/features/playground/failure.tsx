import { dataOf } from '../../api/queries.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { FailureBanner, type FailureProps } from './failure-banner.tsx'
import { faultHead, saysAll } from './fault-kind.ts'
import { useRecord } from './record.ts'

/** How long a record may take to be written. */
const recordMs = 7_000

/** By its kind in our words, once the record tells it; those that came with it stay where they say more. */
export default function Failure(props: FailureProps) {
  const { t } = useI18n()
  const now = createClock(1000)
  const record = useRecord(() => props.answer)
  const kind = (): string | undefined => dataOf(record)?.error_kind
  const isKnown = (): boolean =>
    kind() !== undefined ||
    record.isError ||
    props.answer.requestId === undefined ||
    now() - (props.answer.endedAt ?? 0) > recordMs
  return (
    <FailureBanner
      head={faultHead(props.fault, kind(), t)}
      said={isKnown() && !saysAll(kind()) ? props.fault.message : undefined}
      fault={props.fault}
      onRetry={props.onRetry}
    />
  )
}
