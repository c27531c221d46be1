import { useMutation } from '@tanstack/solid-query'
import { createEffect, createSignal, on, Show } from 'solid-js'
import { addressApi } from '../../api/addresses.ts'
import { ApiError } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { useRefresh } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { showToast } from '../../components/toast.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { focusRefusal } from '../../lib/focus.ts'
import { serverTime } from '../../lib/server-clock.ts'
import { toLocalText } from '../../lib/time-range.ts'
import { type BlockLength, blockEnd, blockLengths } from './block-form.ts'

/** Blocks an address or a range; one's own only after a second word. */
export default function BlockDialog(props: {
  readonly open: boolean
  readonly onClose: () => void
  /** Filled in; empty: to be typed. */
  readonly ip: string
}) {
  const { t } = useI18n()
  const refresh = useRefresh()
  const [ip, setIp] = createSignal('')
  const [reason, setReason] = createSignal('')
  const [length, setLength] = createSignal<BlockLength>('never')
  const [own, setOwn] = createSignal('')
  let form: HTMLFormElement | undefined
  const block = useMutation(() => ({
    mutationFn: (force: boolean) => {
      const end = blockEnd(length(), own(), serverTime())
      return addressApi.block({
        ip: ip().trim(),
        reason: reason().trim(),
        ...(end === undefined || Number.isNaN(end) ? {} : { expires_at: new Date(end).toISOString() }),
        ...(force ? { force } : {}),
      })
    },
    onSuccess: (done) => {
      void refresh('visitors', 'blocks')
      showToast({
        tone: 'info',
        text: t('addresses.blocked', { ip: done.ip }),
        action: {
          text: t('common.undo'),
          run: () => void addressApi.unblock(done.ip).finally(() => void refresh('visitors', 'blocks')),
        },
      })
      props.onClose()
    },
  }))
  createEffect(
    on(
      () => props.open,
      (open) => {
        if (!open) return
        setIp(props.ip)
        setReason('')
        setLength('never')
        setOwn(toLocalText(serverTime() + 86_400_000))
        block.reset()
      },
    ),
  )
  const isOwn = (): boolean => block.error instanceof ApiError && block.error.code === 'OWN_ADDRESS'
  const faultOf = (field: string): string | undefined =>
    block.error instanceof ApiError && block.error.field === field && !isOwn() ? errorText(block.error, t) : undefined
  const otherFault = (): string | undefined =>
    block.error && !isOwn() && faultOf('ip') === undefined && faultOf('expires_at') === undefined
      ? errorText(block.error, t)
      : undefined
  focusRefusal(
    () => !isOwn() && block.error,
    () => form,
  )
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (!block.isPending && ip().trim() !== '') block.mutate(isOwn())
  }
  return (
    <Dialog open={props.open} onClose={props.onClose} title={t('addresses.blockTitle')}>
      <form ref={(element) => (form = element)} onSubmit={submit} class="flex flex-col gap-4" novalidate>
        <TextField
          label={t('addresses.blockIp')}
          help={t('addresses.blockIpHelp')}
          mono
          required
          value={ip()}
          onInput={(event) => {
            setIp(event.currentTarget.value)
            block.reset()
          }}
          error={faultOf('ip')}
        />
        <TextField
          label={t('addresses.reason')}
          optional
          maxlength={200}
          value={reason()}
          onInput={(event) => setReason(event.currentTarget.value)}
        />
        <SelectField
          label={t('addresses.until')}
          value={length()}
          options={blockLengths.map((name) => ({ value: name, text: t(`addresses.for.${name}`) }))}
          onChange={(name) => setLength(blockLengths.find((one) => one === name) ?? 'never')}
        />
        <Show when={length() === 'own'}>
          <TextField
            type="datetime-local"
            label={t('addresses.untilOwn')}
            value={own()}
            onInput={(event) => setOwn(event.currentTarget.value)}
            error={faultOf('expires_at')}
          />
        </Show>
        <Show when={isOwn()}>
          <Banner tone="danger">{t('error.code.OWN_ADDRESS')}</Banner>
        </Show>
        <Show when={otherFault()}>{(text) => <Banner tone="danger">{text()}</Banner>}</Show>
        <div class="flex flex-wrap justify-end gap-2">
          <Button onClick={() => props.onClose()}>{t('common.cancel')}</Button>
          <Button type="submit" look="danger" busy={block.isPending} disabled={ip().trim() === ''}>
            {isOwn() ? t('addresses.blockOwn') : t('addresses.block')}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
