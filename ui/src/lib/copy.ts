/** What copying needs from the page; a plain object, so that the order of attempts can be tested. */
export type CopyEnvironment = {
  /** Absent on plain HTTP from another machine. */
  readonly writeClipboard?: (text: string) => Promise<void>
  /** Copies through a hidden text area; true only when the browser says that it did. */
  readonly copyBySelection: (text: string) => boolean
}

/** `manual`: nothing was copied; select the text and say which keys to press. Success is never guessed. */
export type CopyResult = 'copied' | 'manual'

export async function copyText(text: string, environment: CopyEnvironment): Promise<CopyResult> {
  if (environment.writeClipboard) {
    try {
      await environment.writeClipboard(text)
      return 'copied'
    } catch {
      // refused (no permission, no focus): try the older way
    }
  }
  return environment.copyBySelection(text) ? 'copied' : 'manual'
}

/**
 * `container` must lie inside the open dialog, if there is one: a text area outside of it cannot take the focus. `byHand`: what to
 * call the text area, where the text has no other place in which it can be selected.
 */
export function pageCopyEnvironment(container: HTMLElement, byHand?: string): CopyEnvironment {
  const clipboard = window.isSecureContext ? navigator.clipboard : undefined
  return {
    ...(clipboard ? { writeClipboard: (text: string) => clipboard.writeText(text) } : {}),
    copyBySelection: (text) => copyBySelection(text, container, byHand),
  }
}

function copyBySelection(text: string, container: HTMLElement, byHand?: string): boolean {
  const focused = document.activeElement
  const area = document.createElement('textarea')
  area.value = text
  area.readOnly = true
  area.setAttribute('aria-hidden', 'true')
  area.className = 'fixed top-0 left-0 size-px opacity-0'
  container.append(area)
  let copied = false
  try {
    area.focus({ preventScroll: true })
    area.select()
    copied = document.execCommand('copy')
  } catch {
    // as when it was refused
  }
  if (copied || byHand === undefined) {
    area.remove()
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true })
  } else {
    // It comes into view, selected as it is, and goes with the focus.
    area.removeAttribute('aria-hidden')
    area.ariaLabel = byHand
    area.className = 'fixed inset-x-4 bottom-4 z-60 rounded-md border border-control bg-code-bg p-2 font-mono text-13'
    area.onblur = () => area.remove()
  }
  return copied
}
