import { A, useNavigate, useParams, useSearchParams } from '@solidjs/router'
import { useQuery } from '@tanstack/solid-query'
import ArrowDown from 'lucide-solid/icons/arrow-down'
import Code from 'lucide-solid/icons/code'
import MessageSquare from 'lucide-solid/icons/message-square'
import PanelLeft from 'lucide-solid/icons/panel-left'
import Plus from 'lucide-solid/icons/plus'
import SlidersHorizontal from 'lucide-solid/icons/sliders-horizontal'
import { createEffect, createMemo, createSignal, For, on, onCleanup, onMount, Show } from 'solid-js'
import { errorText } from '../api/error-text.ts'
import { createMayChange } from '../api/may-change.tsx'
import { dataOf, queries } from '../api/queries.ts'
import { Banner } from '../components/banner.tsx'
import { Button, buttonClass } from '../components/button.tsx'
import { ConfirmDialog, Drawer } from '../components/dialog.tsx'
import { PageHeader } from '../components/page-header.tsx'
import { usePaletteActions } from '../components/palette-actions.tsx'
import { EmptyState } from '../components/states.tsx'
import { showToast } from '../components/toast.tsx'
import { endingOf } from '../features/playground/answer.ts'
import { asMarkdown, history, openCalls, type Question, shownAnswer } from '../features/playground/chat.ts'
import type { ChatEntry } from '../features/playground/chat-book.ts'
import { ChatList } from '../features/playground/chat-list.tsx'
import { CodeDialog } from '../features/playground/code-dialog.tsx'
import { Composer } from '../features/playground/composer.tsx'
import { ExchangeView } from '../features/playground/exchange-view.tsx'
import type { OpenChat } from '../features/playground/open-chat.ts'
import { picturesIn } from '../features/playground/pictures.ts'
import { createPlayground } from '../features/playground/playground.ts'
import { bodyOf, settingsFaults } from '../features/playground/request.ts'
import { SettingsPanel } from '../features/playground/settings-panel.tsx'
import { laterWith, useI18n } from '../i18n/i18n.tsx'
import { holdFocus } from '../lib/focus.ts'
import { createMediaQuery, finePointer } from '../lib/media.ts'
import { useMemory } from '../lib/memory.tsx'
import { saveText } from '../lib/save-file.ts'

/** Where chats and settings stand beside the chat. */
const wideQuery = '(min-width: 80rem)'
/** So near to its end the page follows a growing answer. */
const nearPx = 160

/** Does it answer, how fast, through which account? */
export default function PlaygroundPage() {
  const i18n = useI18n()
  const { t } = i18n
  const Failure = laterWith(i18n, ['routing'], () => import('../features/playground/failure.tsx'))
  const memory = useMemory()
  const navigate = useNavigate()
  const params = useParams<{ chat?: string }>()
  const [search, setSearch] = useSearchParams<{ model?: string }>()
  const session = useQuery(() => queries.session())
  const models = useQuery(() => queries.models())
  const mayAsk = createMayChange()
  const wide = createMediaQuery(wideQuery)
  const person = (): string => dataOf(session)?.user?.name ?? ''
  const playground = memory.keep(`playground ${person()}`, () => createPlayground(person()))
  const [held, setHeld] = createSignal<OpenChat>()
  const chat = (): OpenChat | undefined => {
    const open = held()
    return open && playground.isLost(open.chat().id) ? undefined : open
  }
  const [unfound, setUnfound] = createSignal(false)
  const missing = (): boolean => unfound() || (held() !== undefined && chat() === undefined)
  const [drawer, setDrawer] = createSignal<'chats' | 'settings'>()
  const [dialog, setDialog] = createSignal<'code' | 'clear'>()
  const [checked, setChecked] = createSignal(false)
  const [away, setAway] = createSignal(false)
  let field: HTMLTextAreaElement | undefined

  createEffect(() => {
    const list = dataOf(models)?.models
    if (list) playground.setModels(list)
  })
  createEffect(
    on([() => params.chat, playground.ready], ([id, ready]) => {
      setUnfound(false)
      if (id === undefined) {
        if (ready) setHeld(playground.fresh())
        return
      }
      setDrawer(undefined)
      void playground.find(id).then((found) => {
        if (params.chat !== id) return
        setHeld(found)
        setUnfound(found === undefined)
      })
    }),
  )
  // The page is for typing. A finger would only bring up a keyboard that nobody asked for: there its heading has the focus.
  let stopHolding: (() => void) | undefined
  createEffect(() => {
    if (!chat() || stopHolding) return
    stopHolding = () => undefined
    // After the heading, which takes it when all is there.
    queueMicrotask(() => {
      const isElsewhere = document.activeElement?.matches('body, h1, a') === false
      if (field?.isConnected && !isElsewhere && matchMedia(finePointer).matches) stopHolding = holdFocus(() => field)
    })
  })
  onCleanup(() => stopHolding?.())
  // A link from the Models page names the model to try.
  createEffect(() => {
    const { model } = search
    const open = chat()
    if (typeof model !== 'string' || !open) return
    open.set({ model })
    setSearch({ model: undefined }, { replace: true })
  })

  const exchanges = () => chat()?.chat().exchanges ?? []
  // By id: what is edited stays with its question, wherever another tab or an undo puts one in.
  const ids = createMemo(() => exchanges().map(({ id }) => id))
  const byId = createMemo(() => new Map(exchanges().map((exchange) => [exchange.id, exchange])))
  const settings = () => chat()?.chat().settings
  const faults = createMemo(() => {
    const current = settings()
    return current ? settingsFaults(current) : {}
  })
  const noModels = (): boolean => dataOf(models)?.models.length === 0
  const model = () => {
    const current = settings()
    return current && playground.modelOf(current)
  }
  /** Says at the field what is wrong, and shows the field where it is not seen. */
  const isReady = (): boolean => {
    setChecked(true)
    if (Object.keys(faults()).length === 0) return mayAsk()
    if (!wide()) setDrawer('settings')
    return false
  }
  const send = (question: Question): boolean => {
    const open = chat()
    if (!open || !isReady() || !open.send(question)) return false
    if (params.chat === undefined) navigate(`/playground/${open.chat().id}`, { replace: true, scroll: false })
    setAway(false)
    requestAnimationFrame(toEnd)
    return true
  }
  const edit = (id: string, question: Question): boolean => {
    const undo = isReady() ? chat()?.edit(id, question) : undefined
    if (undo === undefined) return false
    showToast({ tone: 'info', text: t('playground.edited'), action: { text: t('common.undo'), run: undo } })
    return true
  }
  const remove = (id: string): void => {
    const undo = chat()?.remove(id)
    if (undo === undefined) return
    field?.focus({ preventScroll: true })
    showToast({ tone: 'info', text: t('playground.removed'), action: { text: t('common.undo'), run: undo } })
  }
  const toEnd = (): void => window.scrollTo({ top: document.documentElement.scrollHeight })
  const distance = (): number => document.documentElement.scrollHeight - window.innerHeight - window.scrollY
  // Follow the answer only while its end is in view: who scrolled up is reading.
  createEffect(
    on(
      exchanges,
      () => {
        if (chat()?.busy() && !away()) requestAnimationFrame(() => distance() > 0 && toEnd())
      },
      { defer: true },
    ),
  )
  onMount(() => {
    let before = window.scrollY
    const look = (): void => {
      const up = window.scrollY < before
      before = window.scrollY
      if (distance() < nearPx) setAway(false)
      else if (up) setAway(true)
    }
    window.addEventListener('scroll', look, { passive: true })
    onCleanup(() => window.removeEventListener('scroll', look))
  })
  const outcome = () => {
    const last = exchanges().at(-1)
    const answer = last && shownAnswer(last)
    return answer?.fault === undefined && !chat()?.busy() ? endingOf(answer) : undefined
  }
  const removeChat = async (entry: ChatEntry): Promise<void> => {
    const undo = await playground.remove(entry.id)
    if (params.chat === entry.id) navigate('/playground')
    showToast({
      tone: 'info',
      text: t('playground.removedNamed', { name: entry.title || t('playground.untitled') }),
      action: { text: t('common.undo'), run: undo },
    })
  }
  const exportChat = async (entry: ChatEntry): Promise<void> => {
    const found = await playground.find(entry.id)
    if (!found) return
    const text = asMarkdown(found.chat(), { you: t('playground.you'), answer: t('playground.answer') })
    saveText(text, `${entry.title.replace(/[^\p{L}\p{N} _-]/gu, '').trim() || 'chat'}.md`, 'text/markdown')
  }
  const startNew = (): void => {
    setDrawer(undefined)
    setChecked(false)
    navigate('/playground')
    queueMicrotask(() => field?.focus({ preventScroll: true }))
  }
  usePaletteActions(() => [
    { id: 'playground.new', text: t('playground.new'), icon: Plus, keys: 'n', run: startNew },
    ...(chat() && model()
      ? [{ id: 'playground.code', text: t('playground.code'), icon: Code, run: () => isReady() && setDialog('code') }]
      : []),
  ])
  const list = () => (
    <ChatList
      entries={playground.entries()}
      current={params.chat}
      onRename={(id, title) => void playground.rename(id, title)}
      onRemove={(entry) => void removeChat(entry)}
      onExport={(entry) => void exportChat(entry)}
      onClear={() => setDialog('clear')}
    />
  )
  const panel = () => (
    <Show when={chat()}>
      {(open) => (
        <>
          <Show when={models.error}>
            <Banner tone="warning" action={<Button onClick={() => void models.refetch()}>{t('common.retry')}</Button>}>
              {t('playground.modelsFailed')} {errorText(models.error, t)}
            </Banner>
          </Show>
          <SettingsPanel
            settings={open().chat().settings}
            faults={checked() ? faults() : {}}
            models={dataOf(models)?.models}
            model={model()}
            onChange={(part) => open().set(part)}
          />
        </>
      )}
    </Show>
  )
  return (
    <>
      <PageHeader title={t('playground.title')} app={dataOf(session)?.name ?? ''} answer={t('playground.lead')}>
        <Show when={!wide()}>
          <Button icon={PanelLeft} onClick={() => setDrawer('chats')}>
            {t('playground.chats')}
          </Button>
          <Button icon={SlidersHorizontal} onClick={() => setDrawer('settings')}>
            {t('playground.settings')}
          </Button>
        </Show>
        <Button icon={Code} disabled={!chat() || !model()} onClick={() => isReady() && setDialog('code')}>
          {t('playground.code')}
        </Button>
        <Button icon={Plus} onClick={startNew}>
          {t('playground.new')}
        </Button>
      </PageHeader>
      <Show when={playground.unkept()}>
        <Banner tone="warning">{t('playground.unkept')}</Banner>
      </Show>
      <div class="grid items-start gap-4 xl:grid-cols-[14rem_minmax(0,1fr)_19rem]">
        <Show when={wide()}>
          <aside aria-label={t('playground.chats')} class="sticky top-4 max-h-[calc(100dvh-2rem)] overflow-y-auto">
            {list()}
          </aside>
        </Show>
        <section
          aria-label={t('playground.conversation')}
          class="flex min-h-[60dvh] min-w-0 flex-col rounded-lg border border-border bg-surface md:min-h-[calc(100dvh-13.5rem)] xl:min-h-[calc(100dvh-11rem)]"
        >
          <div class="flex grow flex-col gap-6 p-4">
            <Show
              when={exchanges().length > 0}
              fallback={
                <div class="my-auto">
                  <EmptyState
                    icon={MessageSquare}
                    text={t(
                      missing() ? 'playground.missing' : noModels() ? 'playground.noAccounts' : 'playground.empty',
                    )}
                  >
                    <Show when={noModels() && !missing()}>
                      <A href="/accounts" class={buttonClass('primary')}>
                        {t('playground.addAccount')}
                      </A>
                    </Show>
                    <Show when={missing()}>
                      <Button onClick={startNew}>{t('playground.new')}</Button>
                    </Show>
                  </EmptyState>
                </div>
              }
            >
              <ol class="flex flex-col gap-6">
                <For each={ids()}>
                  {(id, index) => (
                    <Show when={byId().get(id)}>
                      {(exchange) => (
                        <ExchangeView
                          exchange={exchange()}
                          before={exchanges().slice(0, index())}
                          busy={chat()?.busy() ?? false}
                          isLast={index() === ids().length - 1}
                          mayAsk={mayAsk()}
                          failure={Failure}
                          onRetry={() => isReady() && chat()?.retry(id)}
                          onShow={(shown) => chat()?.show(id, shown)}
                          onEdit={(question) => edit(id, question)}
                          onRemove={() => remove(id)}
                        />
                      )}
                    </Show>
                  )}
                </For>
              </ol>
            </Show>
          </div>
          <p role="status" class="sr-only">
            <Show when={outcome()}>{(words) => t(words())}</Show>
          </p>
          <Show when={chat()}>
            {(open) => (
              <div class="sticky bottom-0 z-10 rounded-b-lg border-border border-t bg-surface p-3 max-md:bottom-14">
                <Show when={away() && open().busy()}>
                  <Button icon={ArrowDown} class="absolute -top-12 right-4 shadow-overlay" onClick={toEnd}>
                    {t('playground.latest')}
                  </Button>
                </Show>
                <Show when={mayAsk()} fallback={<p class="text-13 text-text-2">{t('playground.viewer')}</p>}>
                  <Composer
                    text={open().draft()}
                    onText={open().setDraft}
                    pictures={open().pictures()}
                    onPictures={open().setPictures}
                    held={picturesIn(exchanges())}
                    calls={openCalls(exchanges())}
                    busy={open().busy()}
                    onStop={open().stop}
                    onSend={send}
                    field={(element) => (field = element)}
                  />
                </Show>
              </div>
            )}
          </Show>
        </section>
        <Show when={wide() && chat()}>
          <aside
            aria-label={t('playground.settings')}
            class="sticky top-4 max-h-[calc(100dvh-11rem)] overflow-y-auto rounded-lg border border-border bg-surface p-4"
          >
            {panel()}
          </aside>
        </Show>
      </div>
      <Drawer open={drawer() === 'chats'} onClose={() => setDrawer(undefined)} title={t('playground.chats')}>
        {list()}
      </Drawer>
      <Drawer open={drawer() === 'settings'} onClose={() => setDrawer(undefined)} title={t('playground.settings')}>
        {panel()}
      </Drawer>
      <CodeDialog
        open={dialog() === 'code'}
        onClose={() => setDialog(undefined)}
        api={settings()?.api ?? 'messages'}
        body={() => {
          const current = settings()
          const question = { text: chat()?.draft().trim() || t('playground.placeholder'), pictures: [], results: [] }
          return current ? bodyOf(current, model() ?? '', [...history(exchanges()), { question }]) : {}
        }}
      />
      <ConfirmDialog
        open={dialog() === 'clear'}
        onClose={() => setDialog(undefined)}
        title={t('playground.clearTitle')}
        text={t('playground.clearText')}
        action={t('playground.clearAction')}
        onConfirm={() => {
          setDialog(undefined)
          setDrawer(undefined)
          void playground.clear().then(() => {
            setHeld(playground.fresh())
            navigate('/playground')
          })
        }}
      />
    </>
  )
}
