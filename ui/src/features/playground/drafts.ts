export type Drafts = ReturnType<typeof openDrafts>

/** What was typed and not sent, by chat: it outlives a reload of its tab, and goes with the tab or the sign-in. */
export function openDrafts(person: string) {
  const start = `draft/${person}/`
  const all = (): readonly string[] => {
    try {
      return Object.keys(sessionStorage).filter((key) => key.startsWith(start))
    } catch {
      return []
    }
  }
  return {
    get(chat: string): string {
      try {
        return sessionStorage.getItem(start + chat) ?? ''
      } catch {
        return ''
      }
    },
    set(chat: string, text: string): void {
      try {
        // What does not fit is not there at all: no older text comes in its place.
        sessionStorage.removeItem(start + chat)
        if (text !== '') sessionStorage.setItem(start + chat, text)
      } catch {
        // The browser keeps nothing, or has no room.
      }
    },
    clear(): void {
      for (const key of all()) sessionStorage.removeItem(key)
    },
  }
}
