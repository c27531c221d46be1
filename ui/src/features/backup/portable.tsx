import { useMutation } from '@tanstack/solid-query'
import Download from 'lucide-solid/icons/download'
import { createSignal, Show } from 'solid-js'
import { care } from '../../api/care.ts'
import { errorText } from '../../api/error-text.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Checkbox, PasswordField } from '../../components/field.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault } from '../../lib/focus.ts'
import { saveBlob } from '../../lib/save-file.ts'
import { useFreshPassword } from '../fresh-password/fresh-password.tsx'

const shortest = 12

/** The form that opens anywhere: one file, encrypted with a passphrase. */
export function PortableBackup() {
  const { t } = useI18n()
  const confirmed = useFreshPassword()
  const [passphrase, setPassphrase] = createSignal('')
  const [repeat, setRepeat] = createSignal('')
  const [requestLog, setRequestLog] = createSignal(false)
  const [tried, setTried] = createSignal(false)
  let form: HTMLFormElement | undefined
  const isShort = (): boolean => [...passphrase()].length < shortest
  const make = useMutation(() => ({
    gcTime: 0,
    mutationFn: async (): Promise<boolean> => {
      if (!(await confirmed())) return false
      const blob = await care.exportBackup({ passphrase: passphrase(), requestLog: requestLog() })
      saveBlob(blob, `claude-server-backup-${new Date().toISOString().slice(0, 10)}.jsonl`)
      return true
    },
    onSuccess: (done) => {
      if (!done) return
      setPassphrase('')
      setRepeat('')
      setTried(false)
      showToast({ tone: 'info', text: t('backup.downloaded') })
    },
  }))
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setTried(true)
    if (isShort() || passphrase() !== repeat()) focusFault(form)
    else if (!make.isPending) make.mutate()
  }
  return (
    <form ref={(element) => (form = element)} class="flex max-w-lg flex-col gap-4" novalidate onSubmit={submit}>
      <PasswordField
        label={t('backup.passphrase')}
        help={t('backup.passphraseHelp')}
        autocomplete="new-password"
        value={passphrase()}
        onInput={(event) => setPassphrase(event.currentTarget.value)}
        error={tried() && isShort() ? t('backup.passphraseShort') : undefined}
      />
      <PasswordField
        label={t('backup.passphraseRepeat')}
        autocomplete="new-password"
        value={repeat()}
        onInput={(event) => setRepeat(event.currentTarget.value)}
        error={tried() && passphrase() !== repeat() ? t('backup.passphraseDifferent') : undefined}
      />
      <Checkbox label={t('backup.requestLog')} checked={requestLog()} onChange={setRequestLog} />
      <Show when={make.error}>
        <Banner tone="danger">{`${t('backup.downloadFailed')} ${errorText(make.error, t)}`}</Banner>
      </Show>
      <div>
        <Button type="submit" icon={Download} busy={make.isPending}>
          {t('backup.downloadNow')}
        </Button>
      </div>
    </form>
  )
}
