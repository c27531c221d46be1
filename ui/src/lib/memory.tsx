import { type Accessor, createContext, createSignal, type ParentProps, useContext } from 'solid-js'

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
}

const MemoryContext = createContext<Memory>()

export function MemoryProvider(props: ParentProps) {
  const [password, setPassword] = createSignal('')
  const [user, setUser] = createSignal('')
  const [apiKey, setApiKey] = createSignal('')
  return (
    <MemoryContext.Provider value={{ password, setPassword, user, setUser, apiKey, setApiKey }}>
      {props.children}
    </MemoryContext.Provider>
  )
}

export function useMemory(): Memory {
  const memory = useContext(MemoryContext)
  if (!memory) throw new Error('MemoryProvider is missing')
  return memory
}
