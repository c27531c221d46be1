import { createSignal, Show } from 'solid-js'
import { ApiError } from '../api/client.ts'
import { useI18n } from '../i18n/i18n.tsx'
import { createCountdown } from '../lib/clock.ts'
import { countdown } from '../lib/format.ts'
import { serverTime } from '../lib/server-clock.ts'
import { Banner } from './banner.tsx'

const usualWaitSeconds = 30

/** After too many wrong passwords the server takes none for a while. */
export const isLockout = (error: unknown): error is ApiError => error instanceof ApiError && error.status === 429

/** How many seconds are left of it; `note` is given every refusal. */
export function createLockout() {
  const [until, setUntil] = createSignal<number>()
  const wait = createCountdown(until)
  return {
    wait,
    note: (error: unknown): void => {
      if (isLockout(error)) setUntil(serverTime() + (error.retryAfterSeconds ?? usualWaitSeconds) * 1000)
    },
  }
}

export function LockoutBanner(props: { readonly wait: number }) {
  const { t } = useI18n()
  return (
    <Show when={props.wait > 0}>
      <Banner tone="warning">
        <span class="numbers">{t('login.wait', { time: countdown(props.wait) })}</span>
      </Banner>
    </Show>
  )
}
