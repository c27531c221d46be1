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
import { bodyOf } from './request.ts'

export type OpenChat = ReturnType<typeof createOpenChat>

type Effects = {
  /** Keeps it; called at every end, and now and then while an answer grows. */
  readonly keep: (chat: Chat) => void
  /** The model that `settings.model` stands for now; undefined: none is offered. */
  readonly modelOf: (settings: ChatSettings) => string | undefined
}

const keepEveryMs = 5_000

/** A chat that is looked at or answered. It goes on while its page is left. */
export function createOpenChat(start: Chat, { keep, modelOf }: Effects) {
  const [chat, setChat] = createSignal(start)
  const [busy, setBusy] = createSignal(false)
  const [draft, setDraft] = createSignal('')
  const [pictures, setPictures] = createSignal<readonly Picture[]>([])
  let running: AbortController | undefined
  let halt: (() => void) | undefined

  const change = (part: Partial<Chat>): void => {
    setChat({ ...chat(), ...part })
  }
  const changeExchange = (id: string, to: (exchange: Exchange) => Exchange): void =>
    change({ exchanges: chat().exchanges.map((exchange) => (exchange.id === id ? to(exchange) : exchange)) })
  const touch = (): void => {
    change({ updatedAt: Date.now() })
    keep(chat())
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
    const index = exchange.answers.length
    const put = (answer: Answer): void =>
      changeExchange(exchangeId, (known) => ({ ...known, answers: known.answers.with(index, answer) }))
    changeExchange(exchangeId, (known) => ({
      ...known,
      answers: [...known.answers, startAnswer(Date.now(), model)],
      shown: index,
    }))
    setBusy(true)
    touch()
    const frames = createFrames(put)
    let newest: Answer | undefined
    // Said at once: the end of the connection may be told of only after what is still in line.
    halt = () => {
      controller.abort()
      frames.flush()
      const answer = newest ?? startAnswer(Date.now(), model)
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
        keep(chat())
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
    change({ exchanges: [...exchanges, exchange], title: title === '' ? titleOf(question) : title })
    void run(exchange.id, model)
    return true
  }
  return {
    chat,
    busy,
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
    /** Asks something else in its place; what came after it goes. */
    edit(exchangeId: string, question: Question): boolean {
      const at = chat().exchanges.findIndex(({ id }) => id === exchangeId)
      if (busy() || at < 0 || modelOf(chat().settings) === undefined) return false
      change({ exchanges: chat().exchanges.slice(0, at) })
      return add(question)
    },
    /** Gives the way back. */
    remove(exchangeId: string): () => void {
      const { exchanges: before } = chat()
      change({ exchanges: before.filter(({ id }) => id !== exchangeId) })
      touch()
      return () => {
        change({ exchanges: before })
        touch()
      }
    },
    show(exchangeId: string, shown: number): void {
      changeExchange(exchangeId, (exchange) => ({ ...exchange, shown }))
      keep(chat())
    },
    rename(title: string): void {
      change({ title })
      keep(chat())
    },
    set(settings: Partial<ChatSettings>): void {
      change({ settings: { ...chat().settings, ...settings } })
      if (chat().exchanges.length > 0 && !busy()) keep(chat())
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
