import { useMutation } from '@tanstack/solid-query'
import { createEffect, createSignal, on, Show } from 'solid-js'
import type { VisitorView } from '../../../../server/admin/contract/visitors.ts'
import { addressApi } from '../../api/addresses.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { TextField } from '../../components/field.tsx'
import { FormActions } from '../../components/form-actions.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusFault } from '../../lib/focus.ts'
import { limitOf } from './block-form.ts'

const mostRequests = 1_000_000

/** What is known of an address, and how much it may ask. */
export default function LimitsDialog(props: {
  readonly open: boolean
  readonly onClose: () => void
  readonly visitor: VisitorView | undefined
}) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const [notes, setNotes] = createSignal('')
  const [minute, setMinute] = createSignal('')
  const [day, setDay] = createSignal('')
  const [tried, setTried] = createSignal(false)
  let form: HTMLFormElement | undefined
  createEffect(
    on(
      () => props.open,
      (open) => {
        if (!open) return
        setNotes(props.visitor?.notes ?? '')
        setMinute(String(props.visitor?.rate_limit_rpm || ''))
        setDay(String(props.visitor?.daily_request_limit || ''))
        setTried(false)
        save.reset()
      },
    ),
  )
  const save = useMutation(() => ({
    mutationFn: (ip: string) =>
      addressApi.saveConfig(ip, {
        notes: notes().trim(),
        rate_limit_rpm: limitOf(minute(), mostRequests) ?? 0,
        daily_request_limit: limitOf(day(), mostRequests) ?? 0,
      }),
    onSuccess: () => {
      void refresh('visitors')
      props.onClose()
    },
  }))
  const faultOf = (text: string): string | undefined =>
    tried() && limitOf(text, mostRequests) === undefined ? t('addresses.limitFault') : undefined
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    setTried(true)
    if (faultOf(minute()) || faultOf(day())) {
      focusFault(form)
      return
    }
    if (props.visitor && !save.isPending) save.mutate(props.visitor.ip)
  }
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      title={t('addresses.limitsTitle', { ip: props.visitor?.ip ?? '' })}
    >
      <form ref={(element) => (form = element)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
        <TextField
          label={t('addresses.notes')}
          optional
          maxlength={200}
          value={notes()}
          onInput={(event) => setNotes(event.currentTarget.value)}
        />
        <TextField
          label={t('addresses.perMinute')}
          help={t('addresses.limitHelp')}
          optional
          inputmode="numeric"
          value={minute()}
          onInput={(event) => setMinute(event.currentTarget.value)}
          error={faultOf(minute())}
        />
        <TextField
          label={t('addresses.perDay')}
          help={t('addresses.limitHelp')}
          optional
          inputmode="numeric"
          value={day()}
          onInput={(event) => setDay(event.currentTarget.value)}
          error={faultOf(day())}
        />
        <Show when={save.error}>{(error) => <Banner tone="danger">{errorText(error(), t)}</Banner>}</Show>
        <FormActions submit={t('common.save')} busy={save.isPending} onCancel={() => props.onClose()} />
      </form>
    </Dialog>
  )
}
