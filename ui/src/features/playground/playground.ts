import { createSignal, onCleanup } from 'solid-js'
import { type Chat, type ChatSettings, defaultSettings, newId } from './chat.ts'
import { type ChatEntry, openChatBook, settled } from './chat-book.ts'
import { openDrafts } from './drafts.ts'
import { createOpenChat, type OpenChat } from './open-chat.ts'

/** Chats that are not looked at but held, so that going back to one is at once. */
const mostOpen = 10

/** What a tab tells the others of the same person. */
type News = { readonly id: string; readonly what: 'kept' | 'removed' } | { readonly what: 'cleared' }

export type Playground = ReturnType<typeof createPlayground>

/** The chats of one person: those in this browser's database, and those that are open. */
export function createPlayground(person: string) {
  const book = openChatBook(person)
  const typed = openDrafts(person)
  const others = new BroadcastChannel(`playground ${person}`)
  const tellOthers = (news: News): void => others.postMessage(news)
  const [entries, setEntries] = createSignal<readonly ChatEntry[]>([])
  const [ready, setReady] = createSignal(false)
  /** The browser keeps nothing: a private window, no room. The chats then last as long as the page. */
  const [unkept, setUnkept] = createSignal(false)
  const [usual, setUsual] = createSignal(defaultSettings)
  const [models, setModels] = createSignal<readonly { readonly id: string; readonly default: boolean }[]>([])
  const open = new Map<string, OpenChat>()
  const removed = new Set<string>()
  /** Deleted in another tab. */
  const [lost, setLost] = createSignal<ReadonlySet<string>>(new Set())
  let draft: OpenChat | undefined

  const tell = (failed: boolean): void => void setUnkept(failed)
  const keep = async (chat: Chat, base: Chat | undefined): Promise<Chat | undefined> => {
    if ((chat.exchanges.length === 0 && base === undefined) || removed.has(chat.id)) return undefined
    setUsual(chat.settings)
    book.saveSettings(chat.settings).catch(() => tell(true))
    try {
      const { chat: kept, all } = await book.save(chat, base)
      setEntries(all)
      tell(false)
      tellOthers({ id: chat.id, what: 'kept' })
      return kept
    } catch {
      tell(true)
      return undefined
    }
  }
  /** The chosen one while it is offered; else the default. */
  const modelOf = ({ model }: ChatSettings): string | undefined => {
    const offered = models()
    const chosen = offered.find(({ id }) => id === model) ?? offered.find((one) => one.default) ?? offered[0]
    return chosen?.id
  }
  // What is typed into a chat that was not begun is found by the next one.
  const drafts = {
    get: (id: string, isBegun: boolean) => typed.get(isBegun ? id : 'new'),
    set: (id: string, isBegun: boolean, text: string) => typed.set(isBegun ? id : 'new', text),
  }
  const read = (id: string): Promise<Chat | undefined> => book.get(id).catch(() => undefined)
  /** `kept`: as this browser has it. */
  const hold = (chat: Chat, kept?: Chat): OpenChat => {
    const made = createOpenChat(chat, { keep, read, drafts, modelOf }, kept)
    open.set(chat.id, made)
    const idle = [...open].filter(([id, known]) => id !== chat.id && !known.busy())
    for (const [id] of idle.slice(0, Math.max(0, open.size - mostOpen))) open.delete(id)
    return made
  }
  const mark = (id: string, isGone: boolean): void => {
    if (isGone) removed.add(id)
    else removed.delete(id)
    setLost((before) => {
      const next = new Set(before)
      if (isGone) next.add(id)
      else next.delete(id)
      return next
    })
  }
  others.onmessage = ({ data: news }: MessageEvent<News>) => {
    if (news.what === 'kept') {
      mark(news.id, false)
      open.get(news.id)?.refresh()
    } else
      for (const [id, chat] of open) {
        if (!chat.isBegun() || (news.what === 'removed' && news.id !== id)) continue
        chat.stop()
        mark(id, true)
      }
    void book.list().then(setEntries, () => undefined)
  }
  onCleanup(() => {
    others.close()
    typed.clear()
    for (const chat of open.values()) chat.stop()
  })
  const start = async (): Promise<void> => {
    try {
      const [settings, all] = await Promise.all([book.settings(), book.list()])
      if (settings) setUsual({ ...defaultSettings, ...settings })
      setEntries(all)
    } catch {
      tell(true)
    }
    setReady(true)
  }
  void start()

  return {
    entries,
    ready,
    unkept,
    /** Deleted in another tab while it was looked at here. */
    isLost: (id: string): boolean => lost().has(id),
    modelOf,
    setModels,
    /** The chat that was not begun yet: what is typed into it stays until it is sent. */
    fresh(): OpenChat {
      if (draft === undefined || draft.isBegun()) {
        const now = Date.now()
        draft = hold({ id: newId(), title: '', createdAt: now, updatedAt: now, settings: usual(), exchanges: [] })
      }
      return draft
    },
    find: async (id: string): Promise<OpenChat | undefined> => {
      const known = open.get(id)
      if (known) return known
      const found = await read(id)
      if (found === undefined) return undefined
      // What an older version did not know is as usual.
      const chat = { ...found, settings: { ...defaultSettings, ...found.settings } }
      return open.get(id) ?? hold(settled(chat), chat)
    },
    async rename(id: string, title: string): Promise<void> {
      const known = open.get(id)
      if (known) return known.rename(title)
      const chat = await book.get(id)
      if (chat) await keep({ ...chat, title }, chat)
    },
    /** Gives the way back. */
    async remove(id: string): Promise<() => void> {
      const chat = open.get(id)?.chat() ?? (await book.get(id))
      open.get(id)?.stop()
      open.delete(id)
      removed.add(id)
      typed.set(id, '')
      setEntries(await book.remove(id))
      tellOthers({ id, what: 'removed' })
      return () => {
        removed.delete(id)
        if (chat) void keep(chat, undefined)
      }
    },
    async clear(): Promise<void> {
      for (const [id, chat] of open) {
        chat.stop()
        removed.add(id)
      }
      open.clear()
      draft = undefined
      typed.clear()
      await book.clear()
      tellOthers({ what: 'cleared' })
      setEntries([])
    },
  }
}
