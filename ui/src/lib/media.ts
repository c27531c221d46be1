import { type Accessor, createSignal, onCleanup } from 'solid-js'

/** Below this width lists are cards and navigation is a bar at the bottom. */
export const phoneQuery = '(max-width: 47.99rem)'

/** A mouse or its like: there is a keyboard beside it. */
export const finePointer = '(pointer: fine)'

export function createMediaQuery(text: string): Accessor<boolean> {
  const query = matchMedia(text)
  const [matches, setMatches] = createSignal(query.matches)
  const update = (): void => {
    setMatches(query.matches)
  }
  query.addEventListener('change', update)
  onCleanup(() => query.removeEventListener('change', update))
  return matches
}
