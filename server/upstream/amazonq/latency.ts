import type { Effects } from '../../lib/effects.ts'
import { type AmazonQSettings, dataUrl } from './endpoint.ts'

const timeoutMs = 10_000

/** How long the provider's host takes to answer over a connection of its own, ms; undefined: it does not. */
export async function measureLatency(
  settings: AmazonQSettings,
  effects: Pick<Effects, 'fetch' | 'now' | 'after'>,
): Promise<number | undefined> {
  const controller = new AbortController()
  const cancel = effects.after(timeoutMs, () => controller.abort())
  const startedAt = effects.now()
  try {
    const answer = await effects.fetch(dataUrl(settings, settings.defaultRegion), {
      method: 'HEAD',
      keepalive: false,
      redirect: 'manual',
      signal: controller.signal,
    })
    await answer.body?.cancel()
    return effects.now() - startedAt
  } catch {
    return undefined
  } finally {
    cancel()
  }
}
