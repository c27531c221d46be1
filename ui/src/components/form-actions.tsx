import { useI18n } from '../i18n/i18n.tsx'
import { Button } from './button.tsx'

/** The end of a form in a dialog: Cancel, and the button that sends it. */
export function FormActions(props: { readonly submit: string; readonly busy: boolean; readonly onCancel: () => void }) {
  const { t } = useI18n()
  return (
    <div class="flex justify-end gap-2">
      <Button onClick={() => props.onCancel()}>{t('common.cancel')}</Button>
      <Button type="submit" look="primary" busy={props.busy}>
        {props.submit}
      </Button>
    </div>
  )
}
