export const steps = ['password', 'account', 'key', 'connect', 'test'] as const
export type Step = (typeof steps)[number]
/** Those of the page itself; the password is chosen before it. */
export type OwnStep = Exclude<Step, 'password'>

/** What the server knows of the way to a first answer. */
export type Known = {
  readonly accounts: number
  readonly keys: number
  /** A key has been used: somebody has got an answer. */
  readonly used: boolean
}

/** Where to go on: the first step that is not done. A key that was made but is not at hand is made again. */
export function resumeAt({ accounts, keys, used }: Known): OwnStep | 'done' {
  if (accounts > 0 && keys > 0 && used) return 'done'
  return accounts === 0 ? 'account' : 'key'
}

/** The step that is shown: what the address asks for, as far as there is a key for what needs one. */
export function shownStep(asked: string | undefined, known: Known, hasKey: boolean): OwnStep | 'done' {
  const step = steps.find((name): name is OwnStep => name === asked && name !== 'password')
  if (step === undefined) return resumeAt(known)
  return !hasKey && (step === 'connect' || step === 'test') ? 'key' : step
}
