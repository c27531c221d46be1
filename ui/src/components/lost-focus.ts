import { firstField, isShown, lastFocused, operable } from '../lib/focus.ts'

/** Where something was before it went: in what, and what stood beside it. */
type Place = {
  /** What was taken away, with the thing in it. */
  readonly root: Node
  readonly parent: Node
  readonly next: Element | undefined
  readonly previous: Element | undefined
  /** The how-manieth control of what was taken away it was; -1: it had left that before. */
  readonly index: number
}

const row = '[data-row], tr, li'
const group = `${row}, form, fieldset, nav, section`
/** A long list that is scrolled takes rows away by itself. */
const scrollMs = 200

const places = new WeakMap<Element, Place>()
/** Where what is open was opened from. */
const openers = new Set<HTMLElement>()

const isNowhere = (): boolean => document.activeElement === null || document.activeElement === document.body
const isUsable = (element: HTMLElement): boolean =>
  !element.matches(':disabled, [type="hidden"], [data-focus-trap]') &&
  element.closest('[inert]') === null &&
  isShown(element)
const firstIn = (box: Element): HTMLElement | undefined =>
  box.matches(operable) && isUsable(box as HTMLElement)
    ? (box as HTMLElement)
    : [...box.querySelectorAll<HTMLElement>(operable)].find(isUsable)

function topOf(node: Node): Node {
  let top = node
  while (top.parentNode) top = top.parentNode
  return top
}

/** Keeps where things were that have just gone, as the page tells of it. */
function note(records: readonly MutationRecord[]): void {
  const removalOf = (node: Node): MutationRecord | undefined =>
    records.findLast(({ removedNodes }) => Array.prototype.includes.call(removedNodes, node))
  // Past what is no element, and past what went with it.
  const beside = (start: Node, side: 'nextSibling' | 'previousSibling'): Element | undefined => {
    let node = removalOf(start)?.[side] ?? null
    for (let steps = 0; node && steps < 1_000; steps++) {
      if (node.isConnected && node instanceof Element) return node
      node = (node.isConnected ? node : removalOf(node))?.[side] ?? null
    }
    return undefined
  }
  for (const element of new Set([lastFocused(), ...openers])) {
    if (!element) continue
    if (element.isConnected) {
      places.delete(element)
      continue
    }
    for (let from: Node = places.get(element)?.parent ?? element; !from.isConnected; ) {
      const root = topOf(from)
      const parent = removalOf(root)?.target
      if (!parent) break
      const controls = root instanceof Element ? [...root.querySelectorAll(operable)] : []
      places.set(element, {
        root,
        parent,
        next: beside(root, 'nextSibling'),
        previous: beside(root, 'previousSibling'),
        index: controls.indexOf(element),
      })
      from = parent
    }
  }
}

/** The same control of the row that took its place, else what stood beside it, else the first of what it was among. */
function heirOf(element: Element): HTMLElement | undefined {
  const place = places.get(element)
  if (!place?.parent.isConnected) return undefined
  const { root, parent, index } = place
  const beside = [place.next, place.previous].filter((one) => one?.isConnected)
  if (root instanceof Element && root.matches(row)) {
    for (const one of beside) {
      const controls = one?.matches(row) ? [...one.querySelectorAll<HTMLElement>(operable)] : []
      const same = controls[index]
      if (same && isUsable(same)) return same
      const name = one?.matches(row) && firstIn(one)
      if (name) return name
    }
  }
  for (const one of beside) {
    const found = one && firstIn(one)
    if (found) return found
  }
  let box = parent instanceof Element ? parent.closest(group) : null
  for (; box; box = box.parentElement?.closest(group) ?? null) {
    const found = firstIn(box)
    if (found) return found
  }
  return undefined
}

/** Back to where somebody was; when that is gone, to what is nearest to it, else to the heading of the page, never to nowhere. */
export function returnFocus(opener: HTMLElement | undefined): void {
  const isThere = opener?.isConnected && !opener.matches(':disabled')
  const target = isThere ? opener : (opener && heirOf(opener)) || document.querySelector<HTMLElement>('h1')
  target?.focus({ preventScroll: true })
}

/** Remembers where something was opened from, also when that goes meanwhile. Gives the way to forget it. */
export function keepOpener(opener: HTMLElement): () => void {
  openers.add(opener)
  return () => openers.delete(opener)
}

/**
 * Keeps the focus inside, as long as it `isOwn`, when what had it goes away, like a step that is over: else no key reaches what is
 * open. What opens before it has anything to begin with begins once that is there. Gives the way to end it.
 */
export function keepFocus(container: HTMLElement, isOwn: () => boolean): () => void {
  let begun = false
  const notice = ({ target }: Event): void => {
    begun ||= target !== container
  }
  const observer = new MutationObserver(() => {
    if (!isOwn()) return
    const last = lastFocused()
    const isLost = isNowhere() || (document.activeElement === container && last !== container && !last?.isConnected)
    const heir = isLost && last && heirOf(last)
    if (heir && container.contains(heir)) heir.focus({ preventScroll: true })
    else if (isLost || (!begun && document.activeElement === container))
      (firstField(container) ?? container).focus({ preventScroll: true })
  })
  container.addEventListener('focusin', notice)
  container.addEventListener('pointerdown', notice)
  container.addEventListener('keydown', notice)
  observer.observe(container, { childList: true, subtree: true })
  return () => observer.disconnect()
}

/** Where the focus goes when what had it is gone and nothing else took it. */
function heir(): HTMLElement | undefined {
  const last = lastFocused()
  if (!last) return undefined
  const found = last.isConnected && !last.matches(':disabled') ? last : heirOf(last)
  const [open] = [...document.querySelectorAll<HTMLElement>('[role="dialog"]')].slice(-1)
  if (open && !(found && open.contains(found))) return firstField(open) ?? open
  return found ?? document.querySelector<HTMLElement>('h1') ?? undefined
}

/**
 * Hands the focus on when what had it goes away: to the neighbour in the same list, else to what it was among, else to the heading,
 * so that the next Tab goes on from there. Nothing is moved for who let go of it, for who uses a finger, or when something else takes
 * it in the same moment. Gives the way to end it.
 */
export function watchLostFocus(page: Document): () => void {
  let isHeld = !isNowhere()
  let byTouch = false
  let scrolledAt = -scrollMs
  let letGo: ReturnType<typeof setTimeout> | undefined
  let looking = false
  const give = (): void => {
    looking = false
    if (!isHeld || byTouch || !isNowhere()) return
    const root = places.get(lastFocused() ?? page.body)?.root
    const isOfMany = root instanceof Element && root.matches('[data-index]')
    if (isOfMany && performance.now() - scrolledAt < scrollMs) isHeld = false
    else heir()?.focus({ preventScroll: true })
  }
  const look = (records: readonly MutationRecord[]): void => {
    note(records)
    if (looking || !isNowhere()) return
    const last = lastFocused()
    // Taken out and put in again is not let go of.
    if (last?.isConnected && records.some(({ addedNodes }) => [...addedNodes].some((node) => node.contains(last))))
      clearTimeout(letGo)
    if (!isHeld) return
    looking = true
    // What takes the focus does so once it is shown, and windows give it back in a task of their own.
    requestAnimationFrame(() => setTimeout(give))
  }
  const observer = new MutationObserver(look)
  observer.observe(page.body, { childList: true, subtree: true })
  const events = new AbortController()
  const { signal } = events
  const notice = (): void => {
    clearTimeout(letGo)
    isHeld = true
  }
  page.addEventListener('focusin', notice, { signal })
  page.addEventListener(
    'focusout',
    ({ target, relatedTarget }) => {
      if (relatedTarget !== null) return
      clearTimeout(letGo)
      letGo = setTimeout(() => {
        if (isNowhere() && (target as Node).isConnected) isHeld = false
      })
    },
    { signal },
  )
  page.addEventListener('pointerdown', ({ pointerType }) => (byTouch = pointerType === 'touch'), {
    capture: true,
    signal,
  })
  page.addEventListener('keydown', () => (byTouch = false), { capture: true, signal })
  page.addEventListener('scroll', () => (scrolledAt = performance.now()), { capture: true, passive: true, signal })
  return () => {
    observer.disconnect()
    events.abort()
  }
}
