import type { Effects } from './effects.ts'

/** What the promise gives, or undefined when it has not after `ms`. */
export async function within<T>(
  promise: Promise<T>,
  ms: number,
  effects: Pick<Effects, 'after'>,
): Promise<T | undefined> {
  let cancel = (): void => {}
  const late = new Promise<undefined>((resolve) => {
    cancel = effects.after(ms, () => resolve(undefined))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    cancel()
  }
}
