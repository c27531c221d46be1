import {
  type Accessor,
  createContext,
  createRoot,
  createSignal,
  onCleanup,
  type ParentProps,
  useContext,
} from 'solid-js'

/** What one step of the console hands to the next, secrets above all. In memory only: gone on reload, by intent. */
export type Memory = {
  /** The password just typed at sign-in, so that the forced change need not ask for it again. */
  readonly password: Accessor<string>
  readonly setPassword: (password: string) => void
  /** The name just signed in by, for signing in again; empty for the owner. */
  readonly user: Accessor<string>
  readonly setUser: (name: string) => void
  /** The key just created or pasted, used by the playground. */
  readonly apiKey: Accessor<string>
  readonly setApiKey: (key: string) => void
  /** Makes a thing once and keeps it while pages come and go, until `forget`. */
  readonly keep: <T>(name: string, make: () => T) => T
  /** At sign-out: nothing of one person is left for the next. */
  readonly forget: () => void
}

const MemoryContext = createContext<Memory>()

export function MemoryProvider(props: ParentProps) {
  const [password, setPassword] = createSignal('')
  const [user, setUser] = createSignal('')
  const [apiKey, setApiKey] = createSignal('')
  let kept = new Map<string, { readonly value: unknown; readonly end: () => void }>()
  onCleanup(() => forget())
  const keep = <T,>(name: string, make: () => T): T => {
    const known = kept.get(name)
    if (known) return known.value as T
    return createRoot((end) => {
      const value = make()
      kept.set(name, { value, end })
      return value
    })
  }
  const forget = (): void => {
    for (const { end } of kept.values()) end()
    kept = new Map()
    setPassword('')
    setUser('')
    setApiKey('')
  }
  return (
    <MemoryContext.Provider value={{ password, setPassword, user, setUser, apiKey, setApiKey, keep, forget }}>
      {props.children}
    </MemoryContext.Provider>
  )
}

export function useMemory(): Memory {
  const memory = useContext(MemoryContext)
  if (!memory) throw new Error('MemoryProvider is missing')
  return memory
}
