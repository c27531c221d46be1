import { onCleanup } from 'solid-js'
import { areKeysOn } from '../lib/appearance.ts'

type Choice = { readonly chosen: ReadonlySet<string>; readonly onChange: (chosen: ReadonlySet<string>) => void }
type Options = {
  readonly container: () => HTMLElement | undefined
  /** In the order in which they are shown, also those that are not in the page at the moment. */
  readonly ids: () => readonly string[]
  /** Letters reach the list from everywhere on the page, not only from its rows. */
  readonly isMain: () => boolean
  readonly selection: () => Choice | undefined
}

/** Where keys have a meaning of their own. */
const ownKeys =
  'input:not([type=checkbox]), textarea, select, [contenteditable], [role="menu"], [role="listbox"], summary'
/** Of the row above the bars that stay in view; the first row below them is where one begins. */
const barHeight = 96
const framesToAppear = 30
/** After `g` a letter goes to a page. */
const goMs = 2_000

/** What has the focus when the row has it: its name, which is the link or button that comes first. */
const nameOf = (row: Element): HTMLElement | null => row.querySelector('a[href], button') ?? row.querySelector('input')

const rowAt = (container: ParentNode | undefined, id: string): HTMLElement | undefined =>
  container?.querySelector<HTMLElement>(`[data-row="${CSS.escape(id)}"]`) ?? undefined

/**
 * To the row with that id once what opened over it has given the focus back, unless that was to something in it, or something else
 * has the focus by then.
 */
export function focusRow(id: string | undefined): void {
  if (id === undefined) return
  setTimeout(() => {
    const row = rowAt(document, id)
    const { activeElement } = document
    const isElsewhere = document.querySelector('[role="dialog"]') !== null || activeElement?.matches(ownKeys)
    if (row && !isElsewhere && !row.contains(activeElement)) nameOf(row)?.focus()
  }, 60)
}

/**
 * From row to row by key, as in a mail program: `j` `k` and the arrows, Home, End and the page keys move, `x` selects, Shift with an
 * arrow extends, Ctrl+A selects all that are loaded, Esc selects none. Enter is the row's own link. Each row keeps its controls as
 * tab stops.
 */
export function createRowKeys(options: Options): void {
  let goUntil = 0
  const here = (): number => {
    const row = document.activeElement?.closest('[data-row]')
    if (!row || !options.container()?.contains(row)) return -1
    return options.ids().indexOf(row.getAttribute('data-row') ?? '')
  }
  const shown = (): readonly HTMLElement[] => [
    ...(options.container()?.querySelectorAll<HTMLElement>('[data-row]') ?? []),
  ]
  /** The first row below the bars. */
  const first = (): number => {
    const row = shown().find((one) => one.getBoundingClientRect().top >= barHeight - 1) ?? shown().at(-1)
    return options.ids().indexOf(row?.getAttribute('data-row') ?? '')
  }
  /** Rows that are not in the page come when the page is scrolled to where they will be. */
  const go = (index: number, frames = framesToAppear): void => {
    const id = options.ids()[index]
    const row = id === undefined ? undefined : rowAt(options.container(), id)
    if (row) {
      nameOf(row)?.focus({ preventScroll: true })
      row.scrollIntoView({ block: 'nearest' })
      return
    }
    const known = shown().at(0)
    if (id === undefined || known === undefined || frames === 0) return
    const { top, height } = known.getBoundingClientRect()
    const away = (index - options.ids().indexOf(known.getAttribute('data-row') ?? '')) * height
    scrollTo({ top: scrollY + top + away - innerHeight / 2, behavior: 'instant' })
    requestAnimationFrame(() => go(index, frames - 1))
  }
  const page = (): number => {
    const height = shown().at(0)?.getBoundingClientRect().height ?? 0
    return height > 0 ? Math.max(1, Math.floor((innerHeight - barHeight) / height) - 1) : 1
  }
  const choose = (ids: readonly (string | undefined)[], on: boolean): void => {
    const selection = options.selection()
    const chosen = new Set(selection?.chosen)
    for (const id of ids) {
      if (id === undefined) continue
      if (on) chosen.add(id)
      else chosen.delete(id)
    }
    selection?.onChange(chosen)
  }
  const last = (): number => options.ids().length - 1
  const target = (key: string, from: number): number | undefined => {
    const within = from >= 0
    if (key === 'j' || (key === 'ArrowDown' && within)) return within ? from + 1 : first()
    if (key === 'k' || (key === 'ArrowUp' && within)) return within ? from - 1 : first()
    if (!within) return undefined
    if (key === 'Home') return 0
    if (key === 'End') return last()
    if (key === 'PageDown') return Math.min(from + page(), last())
    if (key === 'PageUp') return Math.max(from - page(), 0)
    return undefined
  }
  /** True: it was for the list. */
  const press = (event: KeyboardEvent): boolean => {
    const { key } = event
    const from = here()
    const ids = options.ids()
    const selection = options.selection()
    const isLetter = key.length === 1
    if (event.altKey || (event.metaKey && event.ctrlKey)) return false
    if (event.ctrlKey || event.metaKey) {
      if (key.toLowerCase() !== 'a' || from < 0 || !selection || event.shiftKey) return false
      choose(ids, true)
      return true
    }
    if (isLetter && (!areKeysOn() || (from < 0 && !options.isMain()))) return false
    if (key === 'Escape') {
      if (!selection || selection.chosen.size === 0 || (from < 0 && !options.isMain())) return false
      selection.onChange(new Set())
      return true
    }
    if (key === 'x' && from >= 0 && selection) {
      const id = ids[from] ?? ''
      choose([id], !selection.chosen.has(id))
      return true
    }
    if (key === 'Enter' && from >= 0 && document.activeElement instanceof HTMLInputElement) {
      const row = document.activeElement.closest('[data-row]')
      row?.querySelector<HTMLElement>('a[href]')?.click()
      return row !== null
    }
    const to = target(key, from)
    if (to === undefined) return false
    if (event.shiftKey) {
      if (!selection || from < 0 || (key !== 'ArrowDown' && key !== 'ArrowUp')) return false
      choose([ids[from], ids[to]], true)
    }
    // At the ends too: the page must not move instead.
    if (to >= 0 && to <= last()) go(to)
    return true
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    const went = performance.now() < goUntil
    goUntil = event.key === 'g' ? performance.now() + goMs : 0
    if (event.defaultPrevented || event.isComposing || (went && event.key.length === 1)) return
    if (event.target instanceof Element && event.target.closest(ownKeys)) return
    const container = options.container()
    const dialog = document.querySelector('[role="dialog"], [role="alertdialog"]')
    if (!container || document.querySelector('[role="menu"], [role="listbox"]')) return
    if (dialog && !container.closest('[role="dialog"], [role="alertdialog"]')) return
    if (press(event)) event.preventDefault()
  }
  document.addEventListener('keydown', onKeyDown)
  onCleanup(() => document.removeEventListener('keydown', onKeyDown))
}
