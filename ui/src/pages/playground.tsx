import { A } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import MessageSquare from 'lucide-solid/icons/message-square'
import { createEffect, createSignal, Index, on, Show } from 'solid-js'
import { errorText } from '../api/error-text.ts'
import { dataOf, queries } from '../api/queries.ts'
import { Banner } from '../components/banner.tsx'
import { Button } from '../components/button.tsx'
import { PasswordField } from '../components/field.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { Select } from '../components/select.tsx'
import { EmptyState } from '../components/states.tsx'
import { AnswerView } from '../features/playground/answer-view.tsx'
import { createChat } from '../features/playground/chat.tsx'
import { Composer } from '../features/playground/composer.tsx'
import { useI18n } from '../i18n/i18n.tsx'
import { useMemory } from '../lib/memory.tsx'

/** Does it answer, and how fast? */
export default function PlaygroundPage() {
  const { t } = useI18n()
  const memory = useMemory()
  const session = useQuery(() => queries.session())
  const models = useQuery(() => queries.models())
  const chat = memory.keep('chat', createChat)
  const [picked, setPicked] = createSignal<string>()
  const [keyWanted, setKeyWanted] = createSignal(false)
  const list = () => dataOf(models)?.models ?? []
  const model = (): string | undefined => picked() ?? (list().find((item) => item.default) ?? list()[0])?.id
  createEffect(() => {
    const demoKey = dataOf(session)?.demoKey
    if (demoKey && memory.apiKey() === '') memory.setApiKey(demoKey)
  })
  let end: HTMLDivElement | undefined
  let composer: HTMLElement | undefined
  // Follow the answer only while its end is in view: who scrolled up is reading.
  createEffect(
    on(
      chat.exchanges,
      () => {
        const below = document.documentElement.scrollHeight - window.innerHeight - window.scrollY
        if (below < 160) end?.scrollIntoView({ block: 'end' })
      },
      { defer: true },
    ),
  )
  const send = (text: string): boolean => {
    const key = memory.apiKey().trim()
    const chosen = model()
    setKeyWanted(key === '')
    if (key === '' || !chosen) return false
    void chat.send(text, { key, model: chosen })
    return true
  }
  const finished = (): boolean => {
    const last = chat.exchanges().at(-1)?.answer
    return last?.endedAt !== undefined && last.fault === undefined
  }
  return (
    <>
      <PageHeader title={t('playground.title')} app={dataOf(session)?.name ?? ''} answer={t('playground.lead')}>
        <Button disabled={chat.exchanges().length === 0} onClick={chat.clear}>
          {t('playground.clear')}
        </Button>
      </PageHeader>
      <div class="grid items-start gap-4 lg:grid-cols-[1fr_20rem]">
        <section class="flex min-w-0 flex-col gap-4 rounded-lg border border-border bg-surface p-4 max-lg:order-2">
          <Show
            when={chat.exchanges().length > 0}
            fallback={<EmptyState icon={MessageSquare} text={t('playground.empty')} />}
          >
            <ol class="flex flex-col gap-5">
              <Index each={chat.exchanges()}>
                {(exchange) => (
                  <li class="flex flex-col gap-3">
                    <div class="forced-border ml-auto max-w-[85%] rounded-lg bg-accent-soft px-3 py-2">
                      <h2 class="text-right font-medium text-12 text-accent-text">{t('playground.you')}</h2>
                      <p class="wrap-anywhere whitespace-pre-wrap">{exchange().question}</p>
                    </div>
                    <div class="border-border border-l-2 pl-3">
                      <h2 class="font-medium text-12 text-text-3">{t('playground.answer')}</h2>
                      <AnswerView answer={exchange().answer} />
                    </div>
                  </li>
                )}
              </Index>
            </ol>
          </Show>
          <p role="status" class="sr-only">
            {finished() ? t('playground.ready') : ''}
          </p>
          <div ref={(element) => (composer = element)}>
            <Composer
              busy={chat.busy()}
              onSend={send}
              onStop={() => {
                // The button goes away under the finger.
                composer?.querySelector('textarea')?.focus({ preventScroll: true })
                chat.stop()
              }}
            />
          </div>
          <div ref={(element) => (end = element)} />
        </section>
        <section class="flex min-w-0 flex-col gap-4 rounded-lg border border-border bg-surface p-4">
          <Select
            label={t('playground.model')}
            placeholder={t('playground.modelPick')}
            options={list().map((item) => ({ value: item.id, text: item.id, hint: item.description }))}
            value={model()}
            onChange={setPicked}
            disabled={list().length === 0}
          />
          <Show when={models.error}>
            <Banner tone="warning" action={<Button onClick={() => void models.refetch()}>{t('common.retry')}</Button>}>
              {t('playground.modelsFailed')} {errorText(models.error, t)}
            </Banner>
          </Show>
          <Show when={!models.isPending && !models.error && list().length === 0}>
            <Banner tone="warning" action={<A href="/accounts">{t('nav.accounts')}</A>}>
              {t('playground.modelsEmpty')}
            </Banner>
          </Show>
          <PasswordField
            label={t('playground.key')}
            help={t('playground.keyHelp')}
            mono
            value={memory.apiKey()}
            onInput={(event) => memory.setApiKey(event.currentTarget.value)}
            error={keyWanted() && memory.apiKey() === '' ? t('playground.keyMissing') : undefined}
          />
          <Show when={memory.apiKey() === ''}>
            <A href="/keys" class="self-start text-accent-text underline">
              {t('playground.createKey')}
            </A>
          </Show>
        </section>
      </div>
    </>
  )
}
