import { type Component, Show } from 'solid-js'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import type { Answer, AnswerFault } from './answer.ts'

export type FailureProps = {
  readonly answer: Answer
  readonly fault: AnswerFault
  /** Undefined: it cannot be asked again now. */
  readonly onRetry: (() => void) | undefined
}
export type FailureView = Component<FailureProps>

/** A failure in place of an answer. `said`: words that came with it. */
export function FailureBanner(props: Omit<FailureProps, 'answer'> & { head: string; said: string | undefined }) {
  const { t } = useI18n()
  return (
    <Banner
      tone="danger"
      action={
        <Show when={props.onRetry}>{(retry) => <Button onClick={() => retry()()}>{t('common.retry')}</Button>}</Show>
      }
    >
      <p class="font-medium">{props.head}</p>
      <Show when={props.said}>
        {(words) => <p class="wrap-anywhere text-13">{t('error.said', { words: words() })}</p>}
      </Show>
      <p class="wrap-anywhere text-12">
        {[props.fault.type, props.fault.requestId && t('error.reference', { id: props.fault.requestId })]
          .filter(Boolean)
          .join(' · ')}
      </p>
    </Banner>
  )
}
