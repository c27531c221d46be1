import { createEffect, on } from 'solid-js'

/** What floats and goes by itself: nothing to come back to. */
const floating = '[role="menu"], [role="listbox"], [data-toasts]'
/** What can have the focus. */
export const operable = 'button, a[href], input, select, textarea, [tabindex]'

let last: HTMLElement | undefined

/** Remembers from here on what was operated last, so that a dialog knows its opener even when that was an item of a menu. */
export function watchFocus(page: Document): void {
  const note = (event: Event): void => {
    const target = event.target instanceof Element ? event.target.closest<HTMLElement>(operable) : null
    if (target && !target.closest(floating)) last = target
  }
  page.addEventListener('focusin', note)
  // Safari does not focus the buttons that are clicked.
  page.addEventListener('pointerdown', note, { capture: true })
}

export const lastFocused = (): HTMLElement | undefined => last

const fields = 'input:not([type=hidden]):not(:disabled), select:not(:disabled), textarea:not(:disabled)'
export const isShown = (element: HTMLElement): boolean => element.getClientRects().length > 0

/** Where somebody begins: the marked element, else the first field (of radios the chosen one), else the main button. */
export function firstField(container: HTMLElement): HTMLElement | undefined {
  const find = (selector: string): HTMLElement | undefined =>
    [...container.querySelectorAll<HTMLElement>(selector)].find(isShown)
  const field = find('[autofocus], [data-first-focus]') ?? find(fields)
  if (field instanceof HTMLInputElement && field.type === 'radio' && !field.checked) {
    return find(`input[type=radio][name="${field.name}"]:checked`) ?? field
  }
  return field ?? find('button[type=submit], a[data-main], button[data-main]')
}

const settleMs = 2_000

/**
 * Gives an element the focus, and again when it loses it to nothing: a page that is being put together takes its heading out and
 * in. It is over once something else has the focus. Gives the way to end it.
 */
export function holdFocus(element: () => HTMLElement | undefined): () => void {
  const focus = (): void => element()?.focus({ preventScroll: true })
  const observer = new MutationObserver(() => document.activeElement === document.body && focus())
  const stop = (): void => {
    clearTimeout(timer)
    observer.disconnect()
    document.removeEventListener('focusin', notice)
  }
  const notice = ({ target }: FocusEvent): void => {
    if (target !== element()) stop()
  }
  const timer = setTimeout(stop, settleMs)
  observer.observe(document.body, { childList: true, subtree: true })
  document.addEventListener('focusin', notice)
  focus()
  return stop
}

/** Moves the focus to where a form is wrong, once an answer says so. */
export function focusRefusal(error: () => unknown, form: () => HTMLElement | undefined): void {
  createEffect(on(error, (refused) => refused && focusFault(form()), { defer: true }))
}

/** Moves the focus to where a form that was just sent is wrong. */
export function focusFault(form: HTMLElement | undefined): void {
  queueMicrotask(() => form?.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus())
}
