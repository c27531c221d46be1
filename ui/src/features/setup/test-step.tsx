import { useQuery } from '@tanstack/solid-query'
import Circle from 'lucide-solid/icons/circle'
import CircleCheck from 'lucide-solid/icons/circle-check'
import CircleX from 'lucide-solid/icons/circle-x'
import LoaderCircle from 'lucide-solid/icons/loader-circle'
import { createSignal, For, Match, Show, Switch } from 'solid-js'
import { dataOf, queries } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { accountCalled } from '../../lib/account-name.ts'
import { useMemory } from '../../lib/memory.tsx'
import { type Attempt, firstChat, startAttempt } from './first-chat.ts'

type Tick = { readonly text: string; readonly done: boolean }

/** A real message through the public API, ticked off as it goes. */
export function TestStep(props: { readonly onBack: () => void; readonly onDone: () => void }) {
  const { t, format } = useI18n()
  const memory = useMemory()
  const models = useQuery(() => queries.models())
  const [chosen, setChosen] = createSignal<string>()
  const [message, setMessage] = createSignal<string>()
  const [attempt, setAttempt] = createSignal<Attempt>()
  const [busy, setBusy] = createSignal(false)
  const record = useQuery(() => ({
    ...queries.request(attempt()?.requestId ?? ''),
    enabled: attempt()?.requestId !== undefined && (attempt()?.finished ?? false),
  }))
  const list = () => dataOf(models)?.models ?? []
  const model = (): string => chosen() ?? (list().find((one) => one.default) ?? list()[0])?.id ?? 'claude-sonnet-4.5'
  const text = (): string => message() ?? t('setup.testMessage')
  const account = (): string | undefined => {
    const row = dataOf(record)
    return row?.account_id && accountCalled(row.account_label, row.account_id)
  }
  const send = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    if (busy()) return
    setBusy(true)
    setAttempt(startAttempt)
    const ask = { key: memory.apiKey(), model: model(), message: text() }
    for await (const next of firstChat(ask, () => performance.now())) setAttempt(next)
    setBusy(false)
  }
  const ticks = (shown: Attempt): readonly Tick[] => [
    { text: t('setup.tick.reached'), done: shown.reached },
    { text: t('setup.tick.accepted'), done: shown.accepted },
    {
      text: account() ? t('setup.tick.accountNamed', { name: account() ?? '' }) : t('setup.tick.account'),
      done: shown.firstMs !== undefined,
    },
    {
      text:
        shown.firstMs === undefined
          ? t('setup.tick.first')
          : t('setup.tick.firstAfter', { time: format().duration(shown.firstMs) }),
      done: shown.firstMs !== undefined,
    },
    { text: t('setup.tick.finished'), done: shown.finished },
  ]
  const fault = (): string | undefined => {
    const shown = attempt()?.fault
    if (!shown) return undefined
    if (shown.status === 0) return t('error.unreachable')
    if (shown.status === 401 || shown.status === 403) return t('setup.fault.key')
    if (shown.status === 503) return t('setup.fault.account')
    if (shown.status === 429) return t('setup.fault.limit')
    return t('setup.fault.other')
  }
  return (
    <form class="flex flex-col gap-4" onSubmit={(event) => void send(event)} novalidate>
      <SelectField
        label={t('setup.model')}
        value={model()}
        options={(list().length > 0 ? list() : [{ id: model() }]).map(({ id }) => ({ value: id, text: id }))}
        onChange={setChosen}
      />
      <TextField
        label={t('setup.message')}
        value={text()}
        autofocus
        onInput={(event) => setMessage(event.currentTarget.value)}
      />
      <Show when={attempt()}>
        {(shown) => (
          <>
            <ul class="flex flex-col gap-1.5">
              <For each={ticks(shown())}>
                {(tick, index) => (
                  <li class="numbers flex items-center gap-2">
                    <Switch fallback={<Circle size={18} strokeWidth={1.75} class="text-text-3" aria-hidden="true" />}>
                      <Match when={tick.done}>
                        <CircleCheck
                          size={18}
                          strokeWidth={1.75}
                          class="text-success"
                          aria-label={t('setup.stepDone')}
                        />
                      </Match>
                      <Match when={shown().fault && ticks(shown()).findIndex(({ done }) => !done) === index()}>
                        <CircleX size={18} strokeWidth={1.75} class="text-danger" aria-label={t('setup.stepFailed')} />
                      </Match>
                      <Match when={busy() && ticks(shown()).findIndex(({ done }) => !done) === index()}>
                        <LoaderCircle size={18} strokeWidth={1.75} class="turning text-text-3" aria-hidden="true" />
                      </Match>
                    </Switch>
                    {tick.text}
                  </li>
                )}
              </For>
            </ul>
            <Show when={shown().text}>
              {(answer) => (
                <blockquote class="wrap-anywhere whitespace-pre-wrap rounded-lg border border-border bg-surface-2 px-3 py-2">
                  {answer()}
                </blockquote>
              )}
            </Show>
            <Show when={fault()}>
              {(why) => (
                <Banner tone="danger">
                  <p>{why()}</p>
                  <Show when={shown().fault?.message}>
                    <p class="wrap-anywhere text-12">{t('error.said', { words: shown().fault?.message ?? '' })}</p>
                  </Show>
                </Banner>
              )}
            </Show>
            <Show when={shown().finished}>
              <Banner tone="success">{t('setup.works')}</Banner>
            </Show>
          </>
        )}
      </Show>
      <div class="flex flex-wrap justify-between gap-2">
        <Button onClick={() => props.onBack()}>{t('setup.back')}</Button>
        <div class="flex flex-wrap gap-2">
          <Button type="submit" look={attempt()?.finished ? 'secondary' : 'primary'} busy={busy()}>
            {attempt()?.finished ? t('setup.sendAgain') : t('setup.send')}
          </Button>
          <Show
            when={attempt()?.finished}
            fallback={
              <Button look="quiet" onClick={() => props.onDone()}>
                {t('setup.skip')}
              </Button>
            }
          >
            <Button
              look="primary"
              ref={(element) => queueMicrotask(() => element.focus({ preventScroll: true }))}
              onClick={() => props.onDone()}
            >
              {t('setup.finish')}
            </Button>
          </Show>
        </div>
      </div>
    </form>
  )
}
