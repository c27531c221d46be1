/** What was pressed for something that is on its way. */
export type TypeAhead = { readonly text: string; readonly enter: boolean }

/** Nothing is kept for what does not come. */
const waitMs = 10_000

/**
 * Keeps what is typed until the field it is meant for is there, so that no letter is lost and none runs a shortcut. Esc and a
 * pointer give it up. Gives the way to take it, which ends it.
 */
export function createTypeAhead(giveUp: () => void): () => TypeAhead {
  let text = ''
  let enter = false
  const events = new AbortController()
  const options = { capture: true, signal: events.signal }
  const end = (): void => {
    clearTimeout(timer)
    events.abort()
  }
  const drop = (): void => {
    end()
    giveUp()
  }
  const timer = setTimeout(end, waitMs)
  window.addEventListener(
    'keydown',
    (event) => {
      const isLetter = [...event.key].length === 1
      if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
      if (isLetter && !enter) text += event.key
      else if (event.key === 'Backspace') text = [...text].slice(0, -1).join('')
      else if (event.key === 'Enter') enter = text !== ''
      else if (event.key === 'Escape') drop()
      else if (!isLetter) return
      event.preventDefault()
      event.stopImmediatePropagation()
    },
    options,
  )
  window.addEventListener('pointerdown', drop, options)
  return () => {
    end()
    return { text, enter }
  }
}
