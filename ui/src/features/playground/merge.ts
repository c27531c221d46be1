import type { Answer } from './answer.ts'
import type { Chat, Exchange } from './chat.ts'

/** Puts `more` into a list, each behind what stood before it in `order`. */
export function placed<T>(
  list: readonly T[],
  more: readonly T[],
  order: readonly T[],
  keyOf: (item: T) => unknown,
): readonly T[] {
  const result = [...list]
  const keys = order.map(keyOf)
  for (const item of more) {
    const before = new Set(keys.slice(0, keys.indexOf(keyOf(item))))
    result.splice(result.findLastIndex((known) => before.has(keyOf(known))) + 1, 0, item)
  }
  return result
}

/**
 * What two tabs made of one chat: both hold what `base` was, `theirs` is kept by now, `mine` is about to be. What neither took out
 * stays, and what one changed is as that one has it. What I did not change is the very same object in `base` and `mine`.
 */
export const mergedChat = (base: Chat | undefined, mine: Chat, theirs: Chat): Chat => ({
  ...mine,
  title: mine.title === base?.title ? theirs.title : mine.title,
  settings: mine.settings === base?.settings ? theirs.settings : mine.settings,
  updatedAt: Math.max(mine.updatedAt, theirs.updatedAt),
  exchanges: mergedList(base?.exchanges, mine.exchanges, theirs.exchanges, ({ id }) => id, mergedExchange),
})

/** Both asked it again: both answers stand. */
function mergedExchange(base: Exchange | undefined, mine: Exchange, theirs: Exchange): Exchange {
  const answers = mergedList(base?.answers, mine.answers, theirs.answers, sentAtOf, fuller)
  const shown = mine.shown === base?.shown ? theirs.answers[theirs.shown] : mine.answers[mine.shown]
  return {
    ...mine,
    answers,
    shown: Math.max(
      0,
      answers.findIndex(({ sentAt }) => sentAt === shown?.sentAt),
    ),
  }
}

/** A tab that does not ask itself holds an answer as it was when it looked. */
const fuller = (_: unknown, mine: Answer, theirs: Answer): Answer => (weightOf(theirs) > weightOf(mine) ? theirs : mine)

const weightOf = ({ blocks, endedAt, stopReason }: Answer): number =>
  endedAt === undefined || stopReason === 'stopped' ? JSON.stringify(blocks).length : Number.POSITIVE_INFINITY

const sentAtOf = ({ sentAt }: Answer): number => sentAt

function mergedList<T>(
  base: readonly T[] = [],
  mine: readonly T[],
  theirs: readonly T[],
  keyOf: (item: T) => unknown,
  both: (base: T | undefined, mine: T, theirs: T) => T,
): readonly T[] {
  const [before, own, there] = [base, mine, theirs].map((list) => new Map(list.map((item) => [keyOf(item), item]))) as [
    Map<unknown, T>,
    Map<unknown, T>,
    Map<unknown, T>,
  ]
  const kept = theirs.flatMap((other) => {
    const key = keyOf(other)
    const [was, now] = [before.get(key), own.get(key)]
    if (now === undefined) return was === undefined ? [other] : []
    return [now === was ? other : both(was, now, other)]
  })
  const added = mine.filter((item) => !there.has(keyOf(item)) && before.get(keyOf(item)) !== item)
  return placed(kept, added, mine, keyOf)
}
