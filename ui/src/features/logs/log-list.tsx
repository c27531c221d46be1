import { A, useLocation } from '@solidjs/router'
import { createEffect, type JSX, onCleanup, Show } from 'solid-js'
import type { RequestRow } from '../../../../server/admin/contract/logs.ts'
import { type Column, DataTable } from '../../components/data-table.tsx'
import type { PlainKey } from '../../i18n/dictionary.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { parseTime } from '../../lib/format.ts'
import {
  accountOf,
  callerOf,
  costText,
  modelText,
  outcomeOf,
  outcomeText,
  outcomeTone,
  sourceKey,
  tokensText,
} from './row-view.ts'

type ListProps = {
  readonly rows: readonly RequestRow[]
  readonly onOpen: (row: RequestRow) => void
  /** The end of the list came near. */
  readonly onEnd: () => void
  readonly onReading: (reading: boolean) => void
  readonly busy: boolean
}

const columns: readonly { readonly key: PlainKey; readonly class?: string }[] = [
  { key: 'logs.column.time', class: 'w-37' },
  { key: 'logs.column.outcome', class: 'w-31' },
  { key: 'logs.column.caller' },
  { key: 'logs.column.model', class: 'lg:w-[15%]' },
  { key: 'logs.column.account', class: 'max-lg:hidden' },
  { key: 'logs.column.firstToken', class: 'w-23 text-right' },
  { key: 'logs.column.total', class: 'w-20 text-right' },
  { key: 'logs.column.input', class: 'w-17 text-right max-lg:hidden' },
  { key: 'logs.column.output', class: 'w-17 text-right max-lg:hidden' },
  { key: 'logs.column.cost', class: 'w-18 text-right max-xl:hidden' },
  // Long, and rarely what is looked for: in the drawer it is always.
  { key: 'logs.column.address', class: 'w-36 max-2xl:hidden' },
]

/** Requests, newest first; a row leads to its drawer. */
export function LogList(props: ListProps) {
  const { t } = useI18n()
  const text: readonly Column<RequestRow>[] = columns.map((column) => ({
    text: t(column.key),
    ...(column.class === undefined ? {} : { class: column.class }),
  }))
  let frame: HTMLElement | undefined
  let end: HTMLElement | undefined
  // The list goes on before its end is seen.
  createEffect(() => {
    if (!end) return
    const observer = new IntersectionObserver(
      (entries) => entries.some(({ isIntersecting }) => isIntersecting) && props.onEnd(),
      { rootMargin: '1200px' },
    )
    // Looked at anew whenever rows came: an end that stays in view tells nothing by itself.
    if (props.rows.length > 0) observer.observe(end)
    onCleanup(() => observer.disconnect())
  })
  const pointer = { over: false, focus: false }
  const tell = (): void => props.onReading(pointer.over || pointer.focus)
  return (
    <div
      ref={(element) => (frame = element)}
      class="flex flex-col transition-opacity duration-120"
      classList={{ 'opacity-60': props.busy }}
      onPointerEnter={(event) => {
        pointer.over = event.pointerType === 'mouse'
        tell()
      }}
      onPointerLeave={() => {
        pointer.over = false
        tell()
      }}
      onFocusIn={() => {
        pointer.focus = true
        tell()
      }}
      onFocusOut={(event) => {
        pointer.focus = event.relatedTarget instanceof Node && (frame?.contains(event.relatedTarget) ?? false)
        tell()
      }}
    >
      <DataTable
        items={props.rows}
        columns={text}
        onRow={props.onOpen}
        main
        fixed
        tight
        cells={(row) => <Cells row={row} />}
        card={(row) => <Card row={row} />}
      />
      <div ref={(element) => (end = element)} />
    </div>
  )
}

function Cell(props: { class?: string; title?: string | undefined; children: JSX.Element }) {
  return (
    <td class={`numbers whitespace-nowrap px-2 py-0.5 first:pl-3 last:pr-3 ${props.class ?? ''}`} title={props.title}>
      {props.children}
    </td>
  )
}

const aside = 'truncate'

function Cells(props: { readonly row: RequestRow }) {
  const { t, format } = useI18n()
  const row = props.row // a request that is over does not change
  return (
    <>
      <Cell>
        <TimeLink row={row} />
      </Cell>
      <Cell>
        <span class="inline-flex items-center gap-1.5">
          <OutcomeMark row={row} />
          <Marks row={row} />
        </span>
      </Cell>
      <Cell class={aside} title={callerOf(row)}>
        {callerOf(row) ?? t('logs.none')}
      </Cell>
      <Cell class={aside} title={modelText(row)}>
        {modelText(row) ?? t('logs.none')}
      </Cell>
      <Cell class={`${aside} max-lg:hidden`} title={accountOf(row)}>
        {accountOf(row) ?? t('logs.none')}
      </Cell>
      <Cell class="text-right">{firstTokenText(row, t('logs.none'), format().duration)}</Cell>
      <Cell class="text-right">{format().duration(row.duration_ms)}</Cell>
      <Cell class="text-right max-lg:hidden" title={titleOf(row.input_source)}>
        {tokensText(row.input_tokens, row.input_source, format())}
      </Cell>
      <Cell class="text-right max-lg:hidden" title={titleOf(row.output_source)}>
        {tokensText(row.output_tokens, row.output_source, format())}
      </Cell>
      <Cell class="text-right max-xl:hidden">{costText(row.cost_usd, format(), t)}</Cell>
      <Cell class="truncate text-text-2 max-2xl:hidden" title={row.client_ip}>
        {row.client_ip}
      </Cell>
    </>
  )
  function titleOf(source: string): string | undefined {
    const key = sourceKey(source)
    return key && t(key)
  }
}

/** Of a reply that came whole nobody waited for the first word. */
const firstTokenText = (row: RequestRow, none: string, duration: (ms: number) => string): string =>
  row.is_stream && row.first_token_ms !== undefined ? duration(row.first_token_ms) : none

function Card(props: { readonly row: RequestRow }) {
  const { t, format } = useI18n()
  const row = props.row
  return (
    <>
      <div class="flex items-center justify-between gap-2">
        <TimeLink row={row} />
        <span class="inline-flex items-center gap-1.5">
          <Marks row={row} />
          <OutcomeMark row={row} />
        </span>
      </div>
      <p class="wrap-anywhere">{modelText(row) ?? t('logs.none')}</p>
      <p class="numbers flex flex-wrap gap-x-3 text-12 text-text-2">
        <span>{callerOf(row) ?? t('logs.none')}</span>
        <span>{format().duration(row.duration_ms)}</span>
        <span>
          {t('logs.tokensOf', {
            input: tokensText(row.input_tokens, row.input_source, format()),
            output: tokensText(row.output_tokens, row.output_source, format()),
          })}
        </span>
      </p>
    </>
  )
}

function TimeLink(props: { readonly row: RequestRow }) {
  const { format } = useI18n()
  const location = useLocation()
  const at = parseTime(props.row.timestamp) ?? 0
  return (
    <A
      href={`/logs/${encodeURIComponent(props.row.id)}${location.search}`}
      noScroll
      class="inline-flex items-center hover:underline max-md:min-h-11"
    >
      <time dateTime={props.row.timestamp} title={format().exact(at)}>
        {format().moment(at)}
      </time>
    </A>
  )
}

const tones = {
  success: 'bg-success-soft text-success',
  warning: 'bg-warning-soft text-warning',
  danger: 'bg-danger-soft text-danger',
  violet: 'bg-violet-soft text-violet',
  neutral: 'bg-neutral-soft text-text-2',
} as const

/** The badge of the drawer without its icon: the word says the same. */
function OutcomeMark(props: { readonly row: RequestRow }) {
  const { t } = useI18n()
  return (
    <span
      class={`forced-border inline-block rounded-full px-2 py-0.5 font-medium text-12 ${tones[outcomeTone[outcomeOf(props.row)]]}`}
    >
      {outcomeText(props.row, t)}
    </span>
  )
}

/** That it took more than one call, and that what was said is kept. */
function Marks(props: { readonly row: RequestRow }) {
  const { t, format } = useI18n()
  return (
    <>
      <Show when={props.row.attempts > 1}>
        <span
          class="numbers text-12 text-text-2"
          title={t('logs.attemptsTitle', { count: format().number(props.row.attempts) })}
        >
          ×{props.row.attempts}
        </span>
      </Show>
      <Show when={props.row.content_captured}>
        <span class="text-accent-text" role="img" aria-label={t('logs.captured')} title={t('logs.captured')}>
          {/* Written out: a row is made while somebody scrolls, and a component for each mark shows. */}
          <svg
            viewBox="0 0 24 24"
            width="14"
            height="14"
            fill="none"
            stroke="currentColor"
            stroke-width="2"
            aria-hidden="true"
          >
            <path d="M2 12s3.5-7 10-7 10 7 10 7-3.5 7-10 7S2 12 2 12Z" />
            <circle cx="12" cy="12" r="3" />
          </svg>
        </span>
      </Show>
    </>
  )
}
