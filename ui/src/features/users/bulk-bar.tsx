import { type JSX, Show } from 'solid-js'
import { Button } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

/** What is done with the rows that were chosen; on phones above the bar of pages. */
export function BulkBar(props: {
  readonly label: string
  readonly count: number
  readonly onClear: () => void
  readonly children: JSX.Element
}) {
  const { t, format } = useI18n()
  return (
    <Show when={props.count > 0}>
      <section
        aria-label={props.label}
        class="forced-border appear sticky bottom-4 z-20 flex flex-wrap items-center gap-2 self-center rounded-lg border border-border bg-surface px-3 py-2 shadow-overlay max-md:bottom-20"
      >
        <span role="status" class="numbers pr-2 font-medium">
          {t('users.bulk.selected', { count: format().number(props.count) })}
        </span>
        {props.children}
        <Button look="quiet" onClick={() => props.onClear()}>
          {t('users.bulk.clear')}
        </Button>
      </section>
    </Show>
  )
}
