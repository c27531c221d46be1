import { createSignal, onCleanup } from 'solid-js'
import { type Answer, ask, startAnswer, type Turn } from './stream.ts'

export type Exchange = { readonly question: string; readonly answer: Answer }
export type ChatSettings = { readonly key: string; readonly model: string }

/** A chat in this page's memory. Answers that failed or were stopped before any word are left out of the next request. */
export function createChat() {
  const [exchanges, setExchanges] = createSignal<readonly Exchange[]>([])
  const [busy, setBusy] = createSignal(false)
  let running: AbortController | undefined
  onCleanup(() => running?.abort())

  const replaceLast = (answer: Answer): void => {
    setExchanges((all) => all.map((exchange, index) => (index === all.length - 1 ? { ...exchange, answer } : exchange)))
  }
  return {
    exchanges,
    busy,
    async send(question: string, settings: ChatSettings): Promise<void> {
      if (busy()) return
      const controller = new AbortController()
      running = controller
      const messages: readonly Turn[] = [...history(exchanges()), { role: 'user', content: question }]
      setExchanges([...exchanges(), { question, answer: startAnswer(Date.now()) }])
      setBusy(true)
      try {
        for await (const answer of ask(
          { ...settings, messages, maxTokens: 4096 },
          () => Date.now(),
          controller.signal,
        )) {
          if (running === controller) replaceLast(answer)
        }
      } finally {
        if (running === controller) setBusy(false)
      }
    },
    stop: () => running?.abort(),
    clear: () => {
      running?.abort()
      running = undefined
      setBusy(false)
      setExchanges([])
    },
  }
}

/** The turns so far, in pairs: an API refuses a question that has no answer before the next one. */
export function history(exchanges: readonly Exchange[]): readonly Turn[] {
  return exchanges
    .filter(({ answer }) => answer.text !== '' && answer.fault === undefined)
    .flatMap(({ question, answer }): readonly Turn[] => [
      { role: 'user', content: question },
      { role: 'assistant', content: answer.text },
    ])
}
