import { createSignal, onCleanup } from 'solid-js'
import { type Chat, type ChatSettings, defaultSettings, newId } from './chat.ts'
import { type ChatEntry, openChatBook } from './chat-book.ts'
import { createOpenChat, type OpenChat } from './open-chat.ts'

/** Chats that are not looked at but held, so that going back to one is at once. */
const mostOpen = 10

export type Playground = ReturnType<typeof createPlayground>

/** The chats of one person: those in this browser's database, and those that are open. */
export function createPlayground(person: string) {
  const book = openChatBook(person)
  const [entries, setEntries] = createSignal<readonly ChatEntry[]>([])
  const [ready, setReady] = createSignal(false)
  /** The browser keeps nothing: a private window, no room. The chats then last as long as the page. */
  const [unkept, setUnkept] = createSignal(false)
  const [usual, setUsual] = createSignal(defaultSettings)
  const [models, setModels] = createSignal<readonly { readonly id: string; readonly default: boolean }[]>([])
  const open = new Map<string, OpenChat>()
  const removed = new Set<string>()
  let draft: OpenChat | undefined

  const tell = (failed: boolean): void => void setUnkept(failed)
  const keep = (chat: Chat): void => {
    if (chat.exchanges.length === 0 || removed.has(chat.id)) return
    setUsual(chat.settings)
    book.save(chat).then(
      (all) => {
        setEntries(all)
        tell(false)
      },
      () => tell(true),
    )
    book.saveSettings(chat.settings).catch(() => tell(true))
  }
  /** The chosen one while it is offered; else the default. */
  const modelOf = ({ model }: ChatSettings): string | undefined => {
    const offered = models()
    const chosen = offered.find(({ id }) => id === model) ?? offered.find((one) => one.default) ?? offered[0]
    return chosen?.id
  }
  const hold = (chat: Chat): OpenChat => {
    const made = createOpenChat(chat, { keep, modelOf })
    open.set(chat.id, made)
    const idle = [...open].filter(([id, known]) => id !== chat.id && !known.busy())
    for (const [id] of idle.slice(0, Math.max(0, open.size - mostOpen))) open.delete(id)
    return made
  }
  onCleanup(() => {
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
    modelOf,
    setModels,
    /** The chat that was not begun yet: what is typed into it stays until it is sent. */
    fresh(): OpenChat {
      if (draft === undefined || draft.chat().exchanges.length > 0) {
        const now = Date.now()
        draft = hold({ id: newId(), title: '', createdAt: now, updatedAt: now, settings: usual(), exchanges: [] })
      }
      return draft
    },
    find: async (id: string): Promise<OpenChat | undefined> => {
      const known = open.get(id)
      if (known) return known
      const chat = await book.get(id).catch(() => undefined)
      return chat && (open.get(id) ?? hold(chat))
    },
    async rename(id: string, title: string): Promise<void> {
      const known = open.get(id)
      if (known) return known.rename(title)
      const chat = await book.get(id)
      if (chat) keep({ ...chat, title })
    },
    /** Gives the way back. */
    async remove(id: string): Promise<() => void> {
      const chat = open.get(id)?.chat() ?? (await book.get(id))
      open.get(id)?.stop()
      open.delete(id)
      removed.add(id)
      setEntries(await book.remove(id))
      return () => {
        removed.delete(id)
        if (chat) keep(chat)
      }
    },
    async clear(): Promise<void> {
      for (const [id, chat] of open) {
        chat.stop()
        removed.add(id)
      }
      open.clear()
      draft = undefined
      await book.clear()
      setEntries([])
    },
  }
}
