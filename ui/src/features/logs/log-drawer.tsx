import { A } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import { For, type JSX, Show } from 'solid-js'
import type { RequestDetail } from '../../../../server/admin/contract/logs.ts'
import { errorText } from '../../api/error-text.ts'
import { logQueries } from '../../api/logs.ts'
import { dataOf } from '../../api/queries.ts'
import { CopyButton } from '../../components/copy-button.tsx'
import { Drawer } from '../../components/dialog.tsx'
import { DrawerSteps } from '../../components/drawer-steps.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { accountCalled } from '../../lib/account-name.ts'
import { parseTime } from '../../lib/format.ts'
import { errorKindText } from '../routing/words.ts'
import { Attempts } from './attempts.tsx'
import { purposeKey } from './call-parts.tsx'
import { Content } from './content.tsx'
import type { LogFilters } from './filters.ts'
import { noted } from './noted.ts'
import { OutcomeBadge } from './outcome-badge.tsx'
import { Repair } from './repair.tsx'
import { RouteWords } from './route-words.tsx'
import { callerOf, costText, sourceKey, tokensText } from './row-view.ts'
import { Searches } from './searches.tsx'
import { Section } from './section.tsx'
import { TimingBar } from './timing-bar.tsx'

type Props = {
  /** Undefined: closed. */
  readonly requestId: string | undefined
  readonly onClose: () => void
  /** To the next or the one before in the list; undefined: there is none. */
  readonly step: (by: 1 | -1) => (() => void) | undefined
  /** Shows the requests that are alike in this. */
  readonly onFilter: (filters: Partial<LogFilters>) => void
}

/** One request: how it ended and why, who served it, what it cost, who asked. */
export default function LogDrawer(props: Props) {
  const { t, format } = useI18n()
  const read = useQuery(() => ({
    ...logQueries.request(props.requestId ?? ''),
    enabled: props.requestId !== undefined,
  }))
  const request = (): RequestDetail | undefined => {
    const found = dataOf(read)
    return found?.id === props.requestId ? found : undefined
  }
  const title = (): string => {
    const at = parseTime(request()?.timestamp)
    return at === undefined ? t('logs.one') : t('logs.oneAt', { time: format().moment(at) })
  }
  return (
    <Drawer open={props.requestId !== undefined} onClose={props.onClose} title={title()}>
      <DrawerSteps step={props.step} />
      <Show
        when={request()}
        keyed
        fallback={
          <Show when={read.error} fallback={<Skeleton rows={6} label={t('common.loading')} />}>
            <ErrorState
              text={t('logs.oneFailed')}
              detail={errorText(read.error, t)}
              retry={t('common.retry')}
              busy={read.isFetching}
              onRetry={() => void read.refetch()}
            />
          </Show>
        }
      >
        {(shown) => <Facts request={shown} onFilter={props.onFilter} />}
      </Show>
    </Drawer>
  )
}

function Facts(props: { readonly request: RequestDetail; readonly onFilter: (filters: Partial<LogFilters>) => void }) {
  const { t, format } = useI18n()
  const request = props.request // keyed: another request is another component
  const summary = (): string => {
    const took = { time: format().duration(request.duration_ms) }
    if (!request.is_success) return t('logs.words.failed', took)
    return request.is_stream && request.first_token_ms !== undefined
      ? t('logs.words.streamed', { ...took, first: format().duration(request.first_token_ms) })
      : t('logs.words.whole', took)
  }
  const spent = (): boolean => request.input_tokens + request.output_tokens > 0
  /** What the turns cost that the caller did not ask for: they are part of the sums. */
  const furtherTurns = () =>
    (request.route.turns ?? []).flatMap(({ purpose, usage }) => {
      const key = purposeKey(purpose)
      return key === undefined || usage === undefined ? [] : [{ key, usage }]
    })
  const turnText = (usage: unknown): string => {
    const { input, output, credits } = usage as TurnUsage // as the relay writes it
    const tokens = t('logs.tokensOf', {
      input: format().number(input?.tokens ?? 0),
      output: format().number(output?.tokens ?? 0),
    })
    return credits === undefined
      ? tokens
      : `${tokens} · ${t('logs.sum.credits', { count: format().number(Math.round(credits * 1000) / 1000) })}`
  }
  return (
    <>
      <section class="flex flex-col items-start gap-2">
        <OutcomeBadge row={request} />
        <p class="numbers">{summary()}</p>
        <Show when={request.error_kind}>
          {(kind) => (
            <>
              <p>{errorKindText(kind(), t)}</p>
              <Show when={request.error_message}>
                {(words) => (
                  <figure class="w-full">
                    <figcaption class="flex items-center justify-between gap-2 text-12 text-text-3">
                      {t('logs.said')}
                      <CopyButton text={words()} look="quiet" about={t('logs.said')} />
                    </figcaption>
                    <blockquote lang="en" class="wrap-anywhere select-text rounded-md bg-code-bg px-3 py-2 text-13">
                      {words()}
                    </blockquote>
                  </figure>
                )}
              </Show>
            </>
          )}
        </Show>
        <TimingBar request={request} />
      </section>
      <RouteWords request={request} />
      <Attempts request={request} />
      <Searches request={request} />
      <Repair request={request} />
      <Section title={t('logs.section.tokens')}>
        <FactList>
          <Fact term={t('logs.column.input')}>
            <Tokens tokens={request.input_tokens} source={request.input_source} />
          </Fact>
          <Fact term={t('logs.column.output')}>
            <Tokens tokens={request.output_tokens} source={request.output_source} />
          </Fact>
          <Show when={request.cache_read_tokens !== undefined && request.cache_read_tokens > 0}>
            <Fact term={t('logs.cacheRead')}>{format().number(request.cache_read_tokens ?? 0)}</Fact>
          </Show>
          <Show when={request.credits !== undefined}>
            <Fact term={t('logs.credits')}>{format().number(request.credits ?? 0)}</Fact>
          </Show>
          <For each={furtherTurns()}>
            {({ key, usage }) => (
              <Fact term={t(key)}>
                <span class="numbers">{turnText(usage)}</span>
              </Fact>
            )}
          </For>
          <Fact term={t('logs.column.cost')}>
            {request.cost_usd === undefined
              ? t(spent() ? 'logs.noPrice' : 'logs.nothingSpent')
              : t('logs.costOf', {
                  total: costText(request.cost_usd, format(), t),
                  input: costText(request.input_cost_usd, format(), t),
                  output: costText(request.output_cost_usd, format(), t),
                })}
          </Fact>
        </FactList>
      </Section>
      <Section title={t('logs.section.request')}>
        <FactList>
          <Show when={request.requested_model}>
            <Fact term={t('logs.asked')}>
              <code class="wrap-anywhere font-mono text-12">{request.requested_model}</code>
            </Fact>
          </Show>
          <Show when={request.model !== request.requested_model || request.upstream_model !== undefined}>
            <Fact term={t('logs.used')}>
              <code class="wrap-anywhere font-mono text-12">{request.upstream_model ?? request.model}</code>
              <Show when={request.model_reason}>
                {(reason) => <span class="text-text-2"> · {reasonText(reason())}</span>}
              </Show>
            </Fact>
          </Show>
          <Fact term={t('logs.filter.api')}>
            {`${request.method} ${request.path}`} · {request.is_stream ? t('logs.stream.yes') : t('logs.stream.no')}
          </Fact>
          <Fact term={t('logs.caller')}>
            <span class="inline-flex flex-wrap items-center gap-x-2">
              {callerOf(request) ?? t('logs.none')}
              <Show when={request.api_key_prefix}>
                <code class="font-mono text-12 text-text-2">{request.api_key_prefix}</code>
              </Show>
              <Show when={request.user_id}>{(user) => <Alike onClick={() => props.onFilter({ user: user() })} />}</Show>
              <Show when={!request.user_id && request.api_key_id}>
                {(key) => <Alike onClick={() => props.onFilter({ key: key() })} />}
              </Show>
            </span>
          </Fact>
          <Fact term={t('logs.column.address')}>
            <span class="inline-flex flex-wrap items-center gap-x-2">
              {request.client_ip}
              <Alike onClick={() => props.onFilter({ ip: request.client_ip })} />
            </span>
          </Fact>
          <Fact term={t('logs.client')}>
            <span class="wrap-anywhere">{request.user_agent || t('logs.none')}</span>
          </Fact>
          <Show when={request.session_id}>
            {(session) => (
              <Fact term={t('logs.conversation')}>
                <span class="inline-flex flex-wrap items-center gap-x-2">
                  <code class="wrap-anywhere font-mono text-12">{session()}</code>
                  <Alike onClick={() => props.onFilter({ session: session() })} />
                </span>
              </Fact>
            )}
          </Show>
          <Show when={request.account_id}>
            {(account) => (
              <Fact term={t('logs.column.account')}>
                <span class="inline-flex flex-wrap items-center gap-x-2">
                  <A
                    href={`/accounts/${encodeURIComponent(account())}`}
                    class="text-accent-text hover:underline finger-link"
                  >
                    {accountCalled(request.account_label, account())}
                  </A>
                  <Alike onClick={() => props.onFilter({ account: account() })} />
                </span>
              </Fact>
            )}
          </Show>
          <Fact term={t('logs.id')}>
            <span class="inline-flex flex-wrap items-center gap-x-2">
              <code class="wrap-anywhere select-all font-mono text-12">{request.id}</code>
              <span class="-my-1.5">
                <CopyButton text={request.id} look="quiet" about={t('logs.id')} />
              </span>
            </span>
          </Fact>
        </FactList>
      </Section>
      <Show when={request.notes}>
        {(notes) => (
          <Section title={t('logs.section.notes')}>
            <ul class="list-disc pl-5 text-13">
              {notes().first.map(({ what, rule, field, detail }) => (
                <li class="wrap-anywhere">{[noteText(what), rule, field, detail].filter(Boolean).join(' · ')}</li>
              ))}
            </ul>
            <Show when={notes().more > 0}>
              <p class="text-12 text-text-3">{t('logs.notesMore', { count: format().number(notes().more) })}</p>
            </Show>
          </Section>
        )}
      </Show>
      <Content request={request} />
    </>
  )
  function noteText(what: string): string {
    const known = noted.find((one) => one === what)
    return known ? t(`logs.note.${known}`) : what
  }
  function reasonText(reason: string): string {
    const known = reasons.find((one) => one === reason)
    return known ? t(`logs.reason.${known}`) : reason
  }
}

const reasons = ['mapped', 'forced', 'retired', 'unversioned', 'small-model'] as const

type TurnUsage = {
  readonly input?: { readonly tokens: number }
  readonly output?: { readonly tokens: number }
  readonly credits?: number
}

function Tokens(props: { readonly tokens: number; readonly source: string }) {
  const { t, format } = useI18n()
  const key = sourceKey(props.source)
  return (
    <>
      <span class="numbers" title={tokensText(props.tokens, props.source, format())}>
        {format().number(props.tokens)}
      </span>
      <Show when={key}>{(known) => <span class="text-text-2"> · {t(known())}</span>}</Show>
    </>
  )
}

function Alike(props: { readonly onClick: () => void }) {
  const { t } = useI18n()
  return (
    <button
      type="button"
      class="control -my-1.5 rounded-md px-1.5 text-12 text-accent-text hover:bg-surface-2"
      onClick={() => props.onClick()}
    >
      {t('logs.alike')}
    </button>
  )
}

function FactList(props: { readonly children: JSX.Element }) {
  return <dl class="grid grid-cols-[7rem_1fr] items-baseline gap-x-4 gap-y-1.5 text-13">{props.children}</dl>
}

function Fact(props: { readonly term: string; readonly children: JSX.Element }) {
  return (
    <>
      <dt class="text-text-3">{props.term}</dt>
      <dd class="wrap-anywhere min-w-0">{props.children}</dd>
    </>
  )
}
