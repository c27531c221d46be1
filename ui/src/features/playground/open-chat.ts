import { createSignal } from 'solid-js'
import { type Answer, startAnswer } from './answer.ts'
import { ask } from './ask.ts'
import {
  type Chat,
  type ChatSettings,
  type Exchange,
  history,
  newId,
  type Picture,
  type Question,
  titleOf,
} from './chat.ts'
import { mergedChat, placed } from './merge.ts'
import { bodyOf } from './request.ts'

export type OpenChat = ReturnType<typeof createOpenChat>

type Effects = {
  /**
   * Keeps it; called at every end, and now and then while an answer grows. Gives what is kept now: with what another tab made of it
   * since `base`. Undefined: nothing was kept.
   */
  readonly keep: (chat: Chat, base: Chat | undefined) => Promise<Chat | undefined>
  /** As it is kept now. */
  readonly read: (id: string) => Promise<Chat | undefined>
  /** What was typed before a reload, and where it is kept before the next. `isBegun`: something was sent. */
  readonly drafts: {
    readonly get: (id: string, isBegun: boolean) => string
    readonly set: (id: string, isBegun: boolean, text: string) => void
  }
  /** The model that `settings.model` stands for now; undefined: none is offered. */
  readonly modelOf: (settings: ChatSettings) => string | undefined
}

const keepEveryMs = 5_000

const keyOf = ({ id }: Exchange): string => id

/** A chat that is looked at or answered. It goes on while its page is left. `base`: as this tab and the browser had it last. */
export function createOpenChat(start: Chat, { keep, read, drafts, modelOf }: Effects, base?: Chat) {
  const [chat, setChat] = createSignal(start)
  const [busy, setBusy] = createSignal(false)
  let isBegun = base !== undefined
  const [draft, putDraft] = createSignal(drafts.get(start.id, isBegun))
  const [pictures, setPictures] = createSignal<readonly Picture[]>([])
  let running: AbortController | undefined
  let halt: (() => void) | undefined
  let last: Promise<void> = Promise.resolve()
  let isSaveWaiting = false

  /** One after another: what is merged with what the browser has must not change meanwhile. */
  const inTurn = (step: () => Promise<void>): void => {
    last = last.then(step)
  }
  const save = (): void => {
    if (isSaveWaiting) return
    isSaveWaiting = true
    inTurn(async () => {
      isSaveWaiting = false
      const sent = chat()
      const kept = await keep(sent, base)
      if (kept === undefined) return
      setChat(mergedChat(sent, chat(), kept))
      base = kept
    })
  }
  /** Another tab wrote it. */
  const refresh = (): void =>
    inTurn(async () => {
      const kept = await read(chat().id)
      if (kept === undefined) return
      setChat(mergedChat(base, chat(), kept))
      base = kept
    })
  const change = (part: Partial<Chat>): void => {
    setChat({ ...chat(), ...part })
  }
  const changeExchange = (id: string, to: (exchange: Exchange) => Exchange): void =>
    change({ exchanges: chat().exchanges.map((exchange) => (exchange.id === id ? to(exchange) : exchange)) })
  const touch = (): void => {
    change({ updatedAt: Date.now() })
    save()
  }
  const setDraft = (text: string): void => {
    putDraft(text)
    drafts.set(start.id, isBegun, text)
  }

  /** Asks the last question and follows its answer. */
  const run = async (exchangeId: string, model: string): Promise<void> => {
    const exchanges = chat().exchanges
    const at = exchanges.findIndex(({ id }) => id === exchangeId)
    const exchange = exchanges[at]
    if (exchange === undefined || busy()) return
    const controller = new AbortController()
    running = controller
    const { settings } = chat()
    const turns = [...history(exchanges.slice(0, at)), { question: exchange.question }]
    // An answer is known by when it was asked for: another tab may add one of its own.
    const sentAt = Math.max(Date.now(), ...exchange.answers.map((known) => known.sentAt + 1))
    const put = (answer: Answer): void =>
      changeExchange(exchangeId, (known) => ({
        ...known,
        answers: known.answers.map((one) => (one.sentAt === sentAt ? { ...answer, sentAt } : one)),
      }))
    changeExchange(exchangeId, (known) => ({
      ...known,
      answers: [...known.answers, startAnswer(sentAt, model)],
      shown: known.answers.length,
    }))
    setBusy(true)
    touch()
    const frames = createFrames(put)
    let newest: Answer | undefined
    // Said at once: the end of the connection may be told of only after what is still in line.
    halt = () => {
      controller.abort()
      frames.flush()
      const answer = newest ?? startAnswer(sentAt, model)
      if (answer.endedAt === undefined) put({ ...answer, endedAt: Date.now(), stopReason: 'stopped' })
    }
    let kept = Date.now()
    try {
      const { api, account } = settings
      const request = { api, model, account, body: bodyOf(settings, model, turns) }
      for await (const answer of ask(request, () => Date.now(), controller.signal)) {
        if (controller.signal.aborted && answer.endedAt === undefined) continue
        newest = answer
        frames.push(answer)
        if (Date.now() - kept < keepEveryMs) continue
        kept = Date.now()
        frames.flush()
        save()
      }
    } finally {
      frames.flush()
      if (running === controller) {
        running = undefined
        halt = undefined
        setBusy(false)
      }
      touch()
    }
  }
  const add = (question: Question): boolean => {
    const model = modelOf(chat().settings)
    if (busy() || model === undefined) return false
    const exchange: Exchange = { id: newId(), question, answers: [], shown: 0 }
    const { exchanges, title } = chat()
    // What is typed from now on is typed into a chat that is kept.
    setDraft('')
    isBegun = true
    change({ exchanges: [...exchanges, exchange], title: title === '' ? titleOf(question) : title })
    void run(exchange.id, model)
    return true
  }
  /** Puts back what was taken out, where it was; what came since stays. */
  const putBack = (gone: readonly Exchange[], before: readonly Exchange[]): void => {
    const here = new Set(chat().exchanges.map(keyOf))
    const more = gone.filter(({ id }) => !here.has(id))
    change({ exchanges: placed(chat().exchanges, more, before, keyOf) })
    touch()
  }
  return {
    chat,
    busy,
    isBegun: (): boolean => isBegun,
    refresh,
    draft,
    setDraft,
    pictures,
    setPictures,
    /** False: it was not sent. */
    send: add,
    retry(exchangeId: string): void {
      const model = modelOf(chat().settings)
      if (model !== undefined) void run(exchangeId, model)
    },
    /** Asks something else in its place; what came after it goes. Gives the way back; undefined: it was not sent. */
    edit(exchangeId: string, question: Question): (() => void) | undefined {
      const { exchanges: before } = chat()
      const at = before.findIndex(({ id }) => id === exchangeId)
      if (busy() || at < 0 || modelOf(chat().settings) === undefined) return undefined
      const typed = draft()
      change({ exchanges: before.slice(0, at) })
      add(question)
      // That is the other message's.
      setDraft(typed)
      const edited = chat().exchanges.at(-1)?.id
      return () => {
        // It goes with the edit, unless the chat went on from it.
        if (chat().exchanges.at(-1)?.id === edited) {
          halt?.()
          change({ exchanges: chat().exchanges.filter(({ id }) => id !== edited) })
        }
        putBack(before.slice(at), before)
      }
    },
    /** Gives the way back. */
    remove(exchangeId: string): () => void {
      const { exchanges: before } = chat()
      const gone = before.filter(({ id }) => id === exchangeId)
      change({ exchanges: before.filter(({ id }) => id !== exchangeId) })
      touch()
      return () => putBack(gone, before)
    },
    show(exchangeId: string, shown: number): void {
      changeExchange(exchangeId, (exchange) => ({ ...exchange, shown }))
      save()
    },
    rename(title: string): void {
      change({ title })
      save()
    },
    set(settings: Partial<ChatSettings>): void {
      change({ settings: { ...chat().settings, ...settings } })
      if (isBegun && !busy()) save()
    },
    stop: (): void => halt?.(),
  }
}

/** Passes on the newest value once a frame, however many come; a hidden page has no frames, so there a few times a second. */
export function createFrames<T>(apply: (value: T) => void): { push: (value: T) => void; flush: () => void } {
  let waiting: { readonly value: T } | undefined
  let planned = false
  const flush = (): void => {
    planned = false
    if (waiting === undefined) return
    const { value } = waiting
    waiting = undefined
    apply(value)
  }
  return {
    push(value) {
      waiting = { value }
      if (planned) return
      planned = true
      if (document.hidden) setTimeout(flush, 200)
      else requestAnimationFrame(flush)
    },
    flush,
  }
}
