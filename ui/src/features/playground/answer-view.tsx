import { A } from '@solidjs/router'
import ChevronLeft from 'lucide-solid/icons/chevron-left'
import ChevronRight from 'lucide-solid/icons/chevron-right'
import RotateCcw from 'lucide-solid/icons/rotate-ccw'
import Wrench from 'lucide-solid/icons/wrench'
import { createMemo, Index, Match, Show, Suspense, Switch } from 'solid-js'
import { Dynamic } from 'solid-js/web'
import { dataOf } from '../../api/queries.ts'
import { Button, IconButton } from '../../components/button.tsx'
import { CodeBlock } from '../../components/code-block.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { accountCalled } from '../../lib/account-name.ts'
import { later } from '../../lib/later.tsx'
import { type Answer, type Block, textOf } from './answer.ts'
import { FailureBanner, type FailureView } from './failure-banner.tsx'
import { faultText } from './fault.ts'
import { parsed } from './json.ts'
import { useRecord } from './record.ts'
import { tokenSource } from './token-source.ts'
import { Waiting } from './waiting.tsx'

const MarkdownView = later(() => import('./markdown-view.tsx'))

type Props = {
  readonly answer: Answer
  /** How many there are, and which this is, from 1. */
  readonly count: number
  readonly at: number
  readonly onShow: (at: number) => void
  /** Its words come with the first of them. */
  readonly failure: FailureView
  /** Undefined: it cannot be asked again now. */
  readonly onRetry: (() => void) | undefined
}

/** One answer: thinking and calls apart from the words, its failure in place, its figures below. */
export function AnswerView(props: Props) {
  const { t } = useI18n()
  const running = (): boolean => props.answer.endedAt === undefined
  const isLast = (index: number): boolean => index === props.answer.blocks.length - 1
  return (
    <div class="flex flex-col gap-3">
      <Index each={props.answer.blocks}>
        {(block, index) => <BlockView block={block()} open={running() && isLast(index)} />}
      </Index>
      <Show when={running() && props.answer.blocks.length === 0}>
        <Waiting sentAt={props.answer.sentAt} />
      </Show>
      <Show when={props.answer.fault}>
        {(fault) => (
          <Suspense
            fallback={
              <FailureBanner head={t(faultText(fault()))} said={undefined} fault={fault()} onRetry={props.onRetry} />
            }
          >
            <Dynamic component={props.failure} answer={props.answer} fault={fault()} onRetry={props.onRetry} />
          </Suspense>
        )}
      </Show>
      <div class="flex flex-wrap items-center gap-x-1 gap-y-1">
        <Show when={!running() && textOf(props.answer) !== ''}>
          <CopyButton text={textOf(props.answer)} look="quiet" about={t('playground.answer')} />
        </Show>
        <Show when={!props.answer.fault && props.onRetry}>
          {(retry) => (
            <Button look="quiet" icon={RotateCcw} onClick={() => retry()()}>
              {t('playground.again')}
            </Button>
          )}
        </Show>
        <Show when={props.count > 1}>
          <span class="numbers inline-flex items-center text-12 text-text-2">
            <IconButton
              icon={ChevronLeft}
              label={t('playground.answerBefore')}
              disabled={props.at <= 1}
              onClick={() => props.onShow(props.at - 1)}
            />
            {t('playground.answerOf', { at: props.at, count: props.count })}
            <IconButton
              icon={ChevronRight}
              label={t('playground.answerAfter')}
              disabled={props.at >= props.count}
              onClick={() => props.onShow(props.at + 1)}
            />
          </span>
        </Show>
        <Facts answer={props.answer} />
      </div>
    </div>
  )
}

function BlockView(props: { block: Block; open: boolean }) {
  const { t } = useI18n()
  const of = <Kind extends Block['kind']>(kind: Kind) =>
    props.block.kind === kind ? (props.block as Extract<Block, { readonly kind: Kind }>) : undefined
  return (
    <Switch>
      <Match when={of('thinking')}>
        {(block) => (
          <details open={props.open} class="forced-border rounded-md border border-border px-3 py-2">
            <summary class="cursor-pointer text-13 text-text-2">{t('playground.thinking')}</summary>
            <p class="wrap-anywhere mt-2 whitespace-pre-wrap text-13 text-text-2">{block().text}</p>
          </details>
        )}
      </Match>
      <Match when={of('redacted')}>
        <p class="text-13 text-text-3">{t('playground.redacted')}</p>
      </Match>
      <Match when={of('text')}>
        {(block) => (
          <Suspense fallback={<p class="wrap-anywhere whitespace-pre-wrap">{block().text}</p>}>
            <MarkdownView text={block().text} ended={!props.open} />
          </Suspense>
        )}
      </Match>
      <Match when={of('call')}>
        {(block) => (
          <section class="flex flex-col gap-1">
            <h3 class="inline-flex items-center gap-2 font-medium text-13 text-text-2">
              <Wrench size={14} strokeWidth={1.75} aria-hidden="true" />
              <span class="wrap-anywhere">{t('playground.call', { name: block().name })}</span>
            </h3>
            <CodeBlock text={spread(block().input)} language="json" ended={!props.open} label={block().name} />
          </section>
        )}
      </Match>
    </Switch>
  )
}

/** Arguments on lines of their own once they are whole. */
function spread(input: string): string {
  const value = parsed(input)
  return value === undefined ? input : JSON.stringify(value, null, 2)
}

/** Speed, tokens and where the figures come from, who answered, and the way to the record. */
function Facts(props: { answer: Answer }) {
  const { t, format } = useI18n()
  const record = useRecord(() => props.answer)
  const facts = createMemo((): readonly string[] => {
    const { sentAt, firstAt, endedAt, inputTokens, outputTokens, stopReason } = props.answer
    const note = stopReason && notes[stopReason]
    const row = dataOf(record)
    const speed = speedOf(props.answer)
    // The count of a reply comes with its end: of one that was stopped only the record knows.
    const [input, output] =
      stopReason === 'stopped' ? [row?.input_tokens, row?.output_tokens] : [inputTokens, outputTokens]
    return [
      ...(note ? [t(note)] : []),
      ...(firstAt === undefined ? [] : [t('playground.firstToken', { time: format().duration(firstAt - sentAt) })]),
      ...(endedAt === undefined ? [] : [t('playground.total', { time: format().duration(endedAt - sentAt) })]),
      ...(speed === undefined ? [] : [t('playground.speed', { count: format().number(speed) })]),
      ...(endedAt === undefined || input === undefined || output === undefined
        ? []
        : [t('playground.tokens', { input: format().number(input), output: format().number(output) })]),
      // A failed answer has none.
      ...(row && input !== undefined && output !== undefined
        ? [
            t('playground.sources', {
              input: t(tokenSource(row.input_source)),
              output: t(tokenSource(row.output_source)),
            }),
          ]
        : []),
      ...(row?.account_id ? [accountCalled(row.account_label, row.account_id)] : []),
      ...(row && row.attempts > 1 ? [t('playground.attempts', { count: row.attempts })] : []),
    ]
  })
  return (
    <p class="numbers text-12 text-text-3">
      {facts().join(' · ')}
      <Show when={dataOf(record)}>
        {(row) => (
          <>
            {' · '}
            <A href={`/logs/${encodeURIComponent(row().id)}`} class="text-accent-text underline">
              {t('playground.log')}
            </A>
          </>
        )}
      </Show>
    </p>
  )
}

/** Tokens a second between the first and the last; of a short answer it says nothing. */
function speedOf({ firstAt, endedAt, outputTokens }: Answer): number | undefined {
  if (firstAt === undefined || endedAt === undefined || outputTokens === undefined) return undefined
  const ms = endedAt - firstAt
  return ms < 500 || outputTokens < 10 ? undefined : Math.round((outputTokens * 1000) / ms)
}

const notes: { readonly [Reason in NonNullable<Answer['stopReason']>]?: PlainKey } = {
  stopped: 'playground.stopped',
  length: 'playground.cut',
  refused: 'playground.refused',
}
