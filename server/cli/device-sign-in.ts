import type { SignInStart } from '../admin/contract/sign-in.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Control } from './control.ts'
import { type CliIo, type Failure, failed, liveLine } from './io.ts'

// Asked of our own process or server, which keeps the provider's pace by itself.
const askEveryMs = 1_000

/** Prints address and code and waits for the person in the browser; gives the account's id. An interrupt cancels the sign-in. */
export async function signInByDevice(
  control: Control,
  ask: SignInStart,
  io: CliIo,
  effects: Pick<Effects, 'sleep'>,
): Promise<Result<string, Failure>> {
  const started = await control.startSignIn(ask)
  if (!started.ok) return err(failed(started.error))
  const { authId, verificationUriComplete: url, userCode } = started.value
  io.err(`Open   ${url}\nCode   ${userCode}   (the page must show the same)\n`)
  io.openUrl?.(url)
  const line = liveLine(io)
  let cancelled = false
  for (;;) {
    const status = await control.signInStatus(authId)
    if (!status.ok) {
      line.end()
      return err(failed(`${status.error} The sign-in is lost: start it again.`))
    }
    const { status: state, error, accountId, remaining } = status.value
    if (state !== 'pending') line.end()
    if (state === 'completed') return ok(accountId ?? '')
    if (state === 'error') return err(failed(error ?? 'The sign-in failed.'))
    if (io.interrupted.aborted && !cancelled) {
      const answer = await control.cancelSignIn(authId)
      if (!answer.ok) return err(failed(answer.error))
      cancelled = true
    }
    // Tokens that came in the very moment of the interrupt still count, so its end is waited for.
    if (!cancelled) line.draw(`Waiting for you to confirm it in the browser… ${clock(remaining)} left, Ctrl+C cancels`)
    await (cancelled ? effects.sleep(100) : effects.sleep(askEveryMs, io.interrupted))
  }
}

const clock = (seconds: number): string => `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
