import { useI18n } from '../i18n/i18n.tsx'
import { TextField } from './field.tsx'

/** The code of a second factor, or one to recover with. */
export function CodeField(props: {
  readonly ref?: (element: HTMLInputElement) => void
  readonly value: string
  readonly onInput: (code: string) => void
  readonly error: string | undefined
}) {
  const { t } = useI18n()
  return (
    <TextField
      ref={(element) => props.ref?.(element)}
      label={t('login.code')}
      help={t('login.codeHelp')}
      autocomplete="one-time-code"
      autocapitalize="characters"
      maxLength={100}
      mono
      required
      value={props.value}
      onInput={(event) => props.onInput(event.currentTarget.value)}
      error={props.error}
    />
  )
}
