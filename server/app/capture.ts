import type { Capture } from '../http/client-deps.ts'
import type { Effects } from '../lib/effects.ts'
import { cutText } from '../lib/sound-text.ts'
import { unwatched, type WatchMemory } from '../lib/watch-memory.ts'
import { redactSecrets } from '../observe/redact.ts'
import type { CaptureRule, CaptureStore } from '../store/store.ts'

export type Captures = {
  /** What takes the prompt and reply of one request; undefined: nothing of this key is kept. */
  readonly of: (keyId: string) => Capture | undefined
  /** Takes the rules over from the store. */
  readonly reload: () => Promise<void>
}

/** Characters of all requests under way; what comes beyond is left out, and what is kept says that it is cut. */
const mostCharacters = 64 * 1024 * 1024

/** Keeps prompts and replies of the keys that the operator has switched it on for, cut, without secrets, for a while. */
export async function createCaptures(
  store: CaptureStore,
  effects: Pick<Effects, 'now'>,
  onFailure: (error: unknown) => void,
  memory: WatchMemory = unwatched,
  mostHeld = mostCharacters,
): Promise<Captures> {
  let held = 0
  memory('captured_characters', () => held, mostHeld)
  let rules = new Map<string, CaptureRule>()
  const reload = async (): Promise<void> => {
    rules = new Map((await store.rules()).map((rule) => [rule.keyId, rule]))
  }
  await reload()
  return {
    reload,
    of: (keyId) => {
      const rule = rules.size === 0 ? undefined : rules.get(keyId)
      return rule === undefined || rule.until <= effects.now() ? undefined : captureFor(rule)
    },
  }

  function captureFor({ keyId, maxBytes, keepMs }: CaptureRule): Capture {
    let prompt = ''
    let reply = ''
    let cut = false
    const add = (before: string, text: string): string => {
      const room = Math.max(0, Math.min(maxBytes - before.length, mostHeld - held))
      if (text.length > room) cut = true
      const taken = cutText(text, room)
      held += taken.length
      return before + taken
    }
    return {
      prompt: (body) => {
        prompt = add('', JSON.stringify(body))
      },
      reply: (text) => {
        reply = add(reply, text)
      },
      end: (requestId) => {
        held -= prompt.length + reply.length
        const content = { prompt: redactSecrets(prompt), reply: redactSecrets(reply), cut }
        void store.save({ requestId, keyId, expiresAt: effects.now() + keepMs }, content).catch(onFailure)
      },
    }
  }
}
