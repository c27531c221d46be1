import { A } from '@solidjs/router'
import { For, Show } from 'solid-js'
import type { RequestDetail } from '../../../../server/admin/contract/logs.ts'
import { useI18n } from '../../i18n/i18n.tsx'
import { accountCalled } from '../../lib/account-name.ts'
import { errorKindText } from '../routing/words.ts'
import { CallCause, CallTimes, purposeKey } from './call-parts.tsx'
import { Section } from './section.tsx'

/** Every call to the provider: with which account, how long, how it ended. */
export function Attempts(props: { readonly request: RequestDetail }) {
  const { t, format } = useI18n()
  const attempts = () => props.request.route.attempts
  const nameOf = (id: string): string => accountCalled(props.request.account_names[id], id)
  return (
    <Show when={attempts().length > 0}>
      <Section title={t('logs.section.attempts', { count: format().number(attempts().length) })}>
        <ol class="flex flex-col gap-2">
          <For each={attempts()}>
            {(attempt, index) => (
              <li class="rounded-md border border-border px-3 py-2 text-13">
                <div class="numbers flex flex-wrap justify-between gap-x-3">
                  <span>
                    {format().number(index() + 1)}.{' '}
                    <A
                      href={`/accounts/${encodeURIComponent(attempt.accountId)}`}
                      class="font-medium text-accent-text hover:underline"
                    >
                      {nameOf(attempt.accountId)}
                    </A>
                    <Show when={purposeKey(attempt.purpose)}>
                      {(key) => <span class="text-text-2"> · {t(key())}</span>}
                    </Show>
                  </span>
                  <CallTimes call={attempt} />
                </div>
                <p class={attempt.outcome === 'ok' ? 'text-success' : 'text-danger'}>
                  {attempt.outcome === 'ok' ? t('logs.attemptOk') : errorKindText(attempt.outcome, t)}
                </p>
                <Show when={attempt.waitedMs > 0}>
                  <p class="numbers text-12 text-text-2">
                    {t('logs.attemptWaited', { time: format().duration(attempt.waitedMs) })}
                  </p>
                </Show>
                <Show when={attempt.cause}>{(cause) => <CallCause text={cause()} class="mt-1" />}</Show>
                <Show when={attempt.providerRequestId}>
                  {(id) => <p class="wrap-anywhere text-12 text-text-3">{t('logs.providerId', { id: id() })}</p>}
                </Show>
              </li>
            )}
          </For>
        </ol>
      </Section>
    </Show>
  )
}
