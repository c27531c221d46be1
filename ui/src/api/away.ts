import { createSignal } from 'solid-js'

const [isAway, setAway] = createSignal(false)

/** Whether what was asked last got no answer from the server. */
export { isAway }

/** Told of every call: it was answered, with whatever, or it was not. */
export const noteAnswered = (answered: boolean): unknown => setAway(!answered)
