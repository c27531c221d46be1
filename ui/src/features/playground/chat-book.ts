import { createStore, del, delMany, entries, get, set, update } from 'idb-keyval'
import type { Answer } from './answer.ts'
import type { Chat, ChatSettings } from './chat.ts'
import { mergedChat } from './merge.ts'

/** A chat as the list shows it. `bytes` is about what it takes. */
export type ChatEntry = Pick<Chat, 'id' | 'title' | 'createdAt' | 'updatedAt'> & { readonly bytes: number }

/** What is kept of chats in this browser; the oldest go first. */
export const bookLimits = { chats: 200, bytes: 100 * 1024 * 1024 } as const

export type ChatBook = {
  /** Newest first. */
  readonly list: () => Promise<readonly ChatEntry[]>
  /** As it was written, with an answer another tab may be getting. */
  readonly get: (id: string) => Promise<Chat | undefined>
  /** Keeps a chat with what another tab made of it since `base`; gives both, and the list with it. */
  readonly save: (
    chat: Chat,
    base: Chat | undefined,
  ) => Promise<{ readonly chat: Chat; readonly all: readonly ChatEntry[] }>
  readonly remove: (id: string) => Promise<readonly ChatEntry[]>
  readonly clear: () => Promise<void>
  /** The settings a new chat begins with. */
  readonly settings: () => Promise<ChatSettings | undefined>
  readonly saveSettings: (settings: ChatSettings) => Promise<void>
}

/** The chats of one person in this browser's database: who signs in here next does not see them. */
export function openChatBook(person: string): ChatBook {
  const store = createStore('playground', 'chats')
  const [entryKey, chatKey, settingsKey] = ['entry', 'chat', 'settings'].map((kind) => `${person}/${kind}/`) as [
    string,
    string,
    string,
  ]
  let last: Promise<unknown> = Promise.resolve()
  /** One after another: two saves at once would each drop what the other keeps. */
  const inTurn = <T>(task: () => Promise<T>): Promise<T> => {
    const turn = last.then(task, task)
    last = turn.catch(() => undefined)
    return turn
  }
  const list = async (): Promise<readonly ChatEntry[]> => {
    const all = await entries<string, ChatEntry>(store).then((found) =>
      found.filter(([key]) => String(key).startsWith(entryKey)).map(([, entry]) => entry),
    )
    return all.toSorted((one, other) => other.updatedAt - one.updatedAt)
  }
  const removeAll = (ids: readonly string[]): Promise<void> =>
    delMany(
      ids.flatMap((id) => [entryKey + id, chatKey + id]),
      store,
    )
  return {
    list,
    get: (id) => get<Chat>(chatKey + id, store),
    save: (given, base) =>
      inTurn(async () => {
        let chat = given
        const { id } = given
        const merge = (kept: Chat | undefined): Chat => {
          chat = kept === undefined ? given : mergedChat(base, given, kept)
          return chat
        }
        await update<Chat>(chatKey + id, merge, store)
        const { title, createdAt, updatedAt } = chat
        const entry: ChatEntry = { id, title, createdAt, updatedAt, bytes: sizeOf(chat) }
        await set(entryKey + id, entry, store)
        const all = await list()
        const gone = overfull(all, id)
        await removeAll(gone)
        return { chat, all: all.filter((known) => !gone.includes(known.id)) }
      }),
    remove: (id) =>
      inTurn(async () => {
        await removeAll([id])
        return list()
      }),
    clear: () => inTurn(async () => removeAll((await list()).map(({ id }) => id)).then(() => del(settingsKey, store))),
    settings: () => get<ChatSettings>(settingsKey, store),
    saveSettings: (settings) => set(settingsKey, settings, store),
  }
}

/** Which chats have to go, the oldest first; never the one that was just kept. */
export function overfull(all: readonly ChatEntry[], kept: string): readonly string[] {
  let bytes = 0
  return all.flatMap(({ id, bytes: size }, index) => {
    bytes += size
    return id !== kept && (index >= bookLimits.chats || bytes > bookLimits.bytes) ? [id] : []
  })
}

const sizeOf = (chat: Chat): number => JSON.stringify(chat).length

/** A page that was left in the middle of an answer has none of its end: it is shown as stopped. What is whole stays the same object. */
export function settled(chat: Chat): Chat {
  const isOpen = (answer: Answer): boolean => answer.endedAt === undefined
  const ended = (answer: Answer): Answer =>
    isOpen(answer) ? { ...answer, endedAt: answer.firstAt ?? answer.sentAt, stopReason: 'stopped' } : answer
  return {
    ...chat,
    exchanges: chat.exchanges.map((exchange) =>
      exchange.answers.some(isOpen) ? { ...exchange, answers: exchange.answers.map(ended) } : exchange,
    ),
  }
}
