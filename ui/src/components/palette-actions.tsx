import {
  type Accessor,
  createContext,
  createEffect,
  createSignal,
  onCleanup,
  type ParentProps,
  untrack,
  useContext,
} from 'solid-js'
import { isAway } from '../api/away.ts'
import type { Icon } from './icon.ts'

/** Something that can be done from where somebody is: found in the palette, and by its key if it has one. */
export type PaletteAction = {
  /** Stays the same: what was used last comes first. */
  readonly id: string
  readonly text: string
  /** What it is found by besides its text. */
  readonly words?: string
  readonly icon?: Icon
  readonly run: () => void
  /** It changes something, and is not offered while the server is away. */
  readonly writes?: boolean
  /** Whatever is open stays as it is. */
  readonly inPlace?: boolean
  /** As tinykeys writes them: `n`, `g a`. Of two with the same keys the page's own wins. */
  readonly keys?: string
  /** Where the key must not do at once what the action does: a key is pressed by mistake. */
  readonly byKey?: () => void
}

type Registry = {
  readonly actions: Accessor<readonly PaletteAction[]>
  readonly add: (source: Accessor<readonly PaletteAction[]>) => () => void
  readonly want: (id: string) => void
}

/** A page that does not offer what was wanted of it by then does not do it later out of the blue. */
const wantedMs = 10_000

const PaletteContext = createContext<Registry>()

export function PaletteProvider(props: ParentProps) {
  const [sources, setSources] = createSignal<readonly Accessor<readonly PaletteAction[]>[]>([])
  const actions = (): readonly PaletteAction[] =>
    sources()
      .flatMap((source) => source())
      .filter(({ writes }) => !writes || !isAway())
  const [wanted, setWanted] = createSignal<string>()
  createEffect(() => {
    const id = wanted()
    const action = id === undefined ? undefined : actions().find((one) => one.id === id)
    if (!action) return
    setWanted(undefined)
    untrack(() => action.run())
  })
  return (
    <PaletteContext.Provider
      value={{
        actions,
        want: (id) => {
          setWanted(id)
          setTimeout(() => setWanted((now) => (now === id ? undefined : now)), wantedMs)
        },
        add: (source) => {
          setSources((known) => [source, ...known])
          return () => setSources((known) => known.filter((other) => other !== source))
        },
      }}
    >
      {props.children}
    </PaletteContext.Provider>
  )
}

function useRegistry(): Registry {
  const registry = useContext(PaletteContext)
  if (!registry) throw new Error('PaletteProvider is missing')
  return registry
}

export const usePalette = (): Accessor<readonly PaletteAction[]> => useRegistry().actions

/** Has an action of a page that is on its way run once that offers it. */
export const useWanted = (): ((id: string) => void) => useRegistry().want

/** Offers these as long as the page is shown: `usePaletteActions(() => [{ id, text, icon, keys: 'n', run }])`. */
export function usePaletteActions(source: Accessor<readonly PaletteAction[]>): void {
  onCleanup(useRegistry().add(source))
}
