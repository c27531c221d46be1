import { createSignal } from 'solid-js'
import type { SignInStarted } from '../../../../server/admin/contract/sign-in.ts'

/** `expiresAt`: epoch ms by this browser's clock. */
export type WaitingSignIn = SignInStarted & { readonly expiresAt: number }

/** The sign-in of a new account that goes on at the provider whatever page is shown here: whoever comes back finds its code. */
export const [waitingSignIn, setWaitingSignIn] = createSignal<WaitingSignIn>()
