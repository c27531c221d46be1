import { createSignal, type JSX, Show } from 'solid-js'
import { Banner } from './banner.tsx'
import { Button } from './button.tsx'
import type { ShownOnce } from './dialog.tsx'

export type SecretGuard = ShownOnce & {
  readonly save: () => void
  readonly asking: () => boolean
  /** Leaves whatever was saved. */
  readonly leaveAnyway: () => void
  readonly reset: () => void
}

export function createSecretGuard(onLeave: () => void): SecretGuard {
  const [saved, setSaved] = createSignal(false)
  const [asking, setAsking] = createSignal(false)
  let after: (() => void) | undefined
  const reset = (): void => {
    setSaved(false)
    setAsking(false)
    after = undefined
  }
  const leaveAnyway = (): void => {
    const then = after
    reset()
    onLeave()
    then?.()
  }
  return {
    saved,
    save: () => setSaved(true),
    asking,
    leave: (then) => {
      after = then
      if (saved()) leaveAnyway()
      else setAsking(true)
    },
    leaveAnyway,
    reset,
  }
}

/** The end of a dialog that shows a secret: the one button that closes it, or the question whether to go without. */
export function SecretActions(props: {
  readonly guard: SecretGuard
  readonly done: string
  readonly ask: string
  readonly anyway: string
  /** It may be written down by hand: who says that it is saved is believed. */
  readonly believes?: boolean
  readonly children?: JSX.Element
}) {
  return (
    <Show
      when={props.guard.asking() && !props.guard.saved()}
      fallback={
        <div class="flex flex-wrap justify-end gap-2">
          {props.children}
          <Button
            look="primary"
            onClick={() => {
              if (props.believes) props.guard.save()
              props.guard.leave()
            }}
          >
            {props.done}
          </Button>
        </div>
      }
    >
      <Banner
        tone="danger"
        action={
          <Button look="danger" onClick={() => props.guard.leaveAnyway()}>
            {props.anyway}
          </Button>
        }
      >
        {props.ask}
      </Banner>
    </Show>
  )
}
