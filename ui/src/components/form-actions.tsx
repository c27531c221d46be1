import { useI18n } from '../i18n/i18n.tsx'
import { Button } from './button.tsx'

type FormActionsProps = {
  readonly submit: string
  readonly busy: boolean
  readonly onCancel: () => void
  /** The form is longer than its dialog: they stay in view at its end. */
  readonly long?: boolean
}

/** The end of a form in a dialog: Cancel, and the button that sends it. */
export function FormActions(props: FormActionsProps) {
  const { t } = useI18n()
  return (
    <div
      class={`flex justify-end gap-2 ${props.long ? 'sticky -bottom-4 z-10 -mx-4 -mb-4 border-border border-t bg-surface px-4 py-3' : ''}`}
    >
      <Button onClick={() => props.onCancel()}>{t('common.cancel')}</Button>
      <Button type="submit" look="primary" busy={props.busy}>
        {props.submit}
      </Button>
    </div>
  )
}
