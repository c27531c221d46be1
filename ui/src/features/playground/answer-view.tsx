import { A } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { createMemo, For, Show } from 'solid-js'
import type { AccountListItem } from '../../../../server/admin/contract/accounts.ts'
import { dataOf, queries } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { buttonClass } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { createClock } from '../../lib/clock.ts'
import { fullName, statusText } from '../accounts/status.ts'
import { faultText } from './fault.ts'
import type { Answer } from './stream.ts'
import { tokenSource } from './token-source.ts'

/** One answer: text as text (never as HTML), its failure in place, its figures below. */
export function AnswerView(props: { answer: Answer }) {
  const { t, format } = useI18n()
  const running = (): boolean => props.answer.endedAt === undefined
  // The public API gives the counts alone; where they come from is in the gateway's record of the request.
  const record = useQuery(() => ({
    ...queries.request(props.answer.requestId ?? ''),
    enabled:
      props.answer.requestId !== undefined && props.answer.endedAt !== undefined && props.answer.fault === undefined,
  }))
  const sources = (): readonly string[] => {
    const row = dataOf(record)
    if (!row) return []
    return [
      t('playground.sources', { input: t(tokenSource(row.input_source)), output: t(tokenSource(row.output_source)) }),
    ]
  }
  const facts = createMemo((): readonly string[] => {
    const { sentAt, firstAt, endedAt, inputTokens, outputTokens } = props.answer
    const note = endNote(props.answer)
    return [
      ...(firstAt === undefined ? [] : [t('playground.firstToken', { time: format().duration(firstAt - sentAt) })]),
      ...(endedAt === undefined ? [] : [t('playground.total', { time: format().duration(endedAt - sentAt) })]),
      ...(endedAt === undefined || inputTokens === undefined || outputTokens === undefined
        ? []
        : [t('playground.tokens', { input: format().number(inputTokens), output: format().number(outputTokens) })]),
      ...sources(),
      ...(note ? [t(note)] : []),
    ]
  })
  return (
    <div class="flex flex-col gap-2">
      <Show when={props.answer.thinking}>
        <details open={running() && props.answer.text === ''} class="rounded-md border border-border px-3 py-2">
          <summary class="cursor-pointer text-13 text-text-2">{t('playground.thinking')}</summary>
          <p class="mt-2 wrap-anywhere whitespace-pre-wrap text-13 text-text-2">{props.answer.thinking}</p>
        </details>
      </Show>
      <Show when={props.answer.text}>
        <p class="wrap-anywhere whitespace-pre-wrap">{props.answer.text}</p>
      </Show>
      <Show when={running() && !props.answer.text && !props.answer.thinking}>
        <Waiting sentAt={props.answer.sentAt} />
      </Show>
      <Show when={props.answer.fault}>
        {(fault) => (
          <Banner tone="danger">
            <p class="font-medium">{t(faultText(fault()))}</p>
            <p class="text-12">
              {[
                fault().message,
                fault().type,
                fault().requestId && t('error.reference', { id: fault().requestId ?? '' }),
              ]
                .filter(Boolean)
                .join(' · ')}
            </p>
          </Banner>
        )}
      </Show>
      <div class="flex flex-wrap items-center gap-x-3 gap-y-1">
        <p class="numbers text-12 text-text-3">{facts().join(' · ')}</p>
        <Show when={!running() && props.answer.text}>
          <CopyButton text={props.answer.text} look="quiet" />
        </Show>
      </div>
    </div>
  )
}

/** How long one waits before it is said what goes on. */
const patienceMs = 5_000

/** Nothing has come yet; after a while, what the gateway is up against and where to look. */
function Waiting(props: { sentAt: number }) {
  const { t, format } = useI18n()
  const now = createClock(1000)
  const waited = (): number => now() - props.sentAt
  const late = (): boolean => waited() >= patienceMs
  const accounts = useQuery(() => ({ ...queries.accounts({ status: 'all', page: 1 }), enabled: late() }))
  const ready = (): string | undefined => {
    const list = dataOf(accounts)
    if (!list) return undefined
    return t('accounts.answer', {
      ready: format().number(list.counts.ready ?? 0),
      total: format().number(list.accountStats.totalCount),
    })
  }
  return (
    <Show when={late()} fallback={<p class="text-text-3">{t('playground.waiting')}</p>}>
      <Banner
        tone="info"
        action={
          <A href="/accounts" class={buttonClass('secondary')}>
            {t('nav.accounts')}
          </A>
        }
      >
        <p>{t('playground.late', { time: format().left(waited()) })}</p>
        <Show when={ready()}>
          <p class="text-12">{ready()}</p>
        </Show>
        <For each={troubled(dataOf(accounts)?.accounts ?? [])}>
          {(account) => (
            <p class="text-12">
              {fullName(account)}: {statusText(account, t, format(), now())}
            </p>
          )}
        </For>
      </Banner>
    </Show>
  )
}

/** Those that do not serve, the worst first; the rest is on their page. */
const troubled = (accounts: readonly AccountListItem[]): readonly AccountListItem[] =>
  accounts.filter(({ state }) => state !== 'ready' && state !== 'disabled').slice(0, 3)

function endNote(answer: Answer): PlainKey | undefined {
  switch (answer.stopReason) {
    case 'stopped':
      return 'playground.stopped'
    case 'max_tokens':
    case 'model_context_window_exceeded':
      return 'playground.cut'
    case 'refusal':
      return 'playground.refused'
    default:
      return undefined
  }
}
