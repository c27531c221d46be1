import Download from 'lucide-solid/icons/download'
import Ellipsis from 'lucide-solid/icons/ellipsis'
import Eye from 'lucide-solid/icons/eye'
import Trash2 from 'lucide-solid/icons/trash'
import { Show } from 'solid-js'
import { exportAddress } from '../../api/logs.ts'
import { buttonClass } from '../../components/button.tsx'
import { Glyph } from '../../components/glyph.tsx'
import { Menu, MenuItem, MenuSeparator } from '../../components/menu.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createTimeRange } from '../../lib/range-state.ts'
import { serverTime } from '../../lib/server-clock.ts'
import type { LogFilterState } from './filter-bar.tsx'
import { rangeQuery, serverQuery } from './filters.ts'

type Props = {
  readonly filters: LogFilterState
  readonly mayChange: boolean
  readonly onCapture: () => void
  readonly onDelete: () => void
}

/** What is done with the filtered rows, and with the log as a whole. */
export function LogActions(props: Props) {
  const { t } = useI18n()
  const range = createTimeRange()
  const save = (format: 'csv' | 'jsonl'): void => {
    const query = { ...serverQuery(props.filters.value), ...rangeQuery(range.range(), serverTime()) }
    const link = document.createElement('a')
    link.href = exportAddress(query, format)
    link.download = ''
    document.body.append(link)
    link.click()
    link.remove()
  }
  return (
    <>
      <Menu
        label={t('logs.export')}
        triggerClass={buttonClass('secondary')}
        trigger={
          <>
            <Download size={16} strokeWidth={1.75} aria-hidden="true" />
            {t('logs.export')}
          </>
        }
      >
        <MenuItem icon={Download} text={t('logs.exportCsv')} onSelect={() => save('csv')} />
        <MenuItem icon={Download} text={t('logs.exportLines')} onSelect={() => save('jsonl')} />
      </Menu>
      <Show when={props.mayChange}>
        <Menu
          label={t('logs.moreActions')}
          triggerClass="control-square inline-flex items-center justify-center rounded-md text-text-2 hover:bg-surface-2 hover:text-text"
          trigger={<Glyph icon={Ellipsis} size={16} />}
        >
          <MenuItem icon={Eye} text={t('logs.capture.menu')} onSelect={props.onCapture} />
          <MenuSeparator />
          <MenuItem icon={Trash2} text={t('logs.delete.menu')} danger onSelect={props.onDelete} />
        </Menu>
      </Show>
    </>
  )
}
