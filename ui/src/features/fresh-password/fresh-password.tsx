import { createContext, createSignal, onCleanup, type ParentProps, Show, Suspense, useContext } from 'solid-js'
import { api } from '../../api/client.ts'
import { later } from '../../lib/later.tsx'

const Ask = later(() => import('./ask-password.tsx'))

/** Whether the password was given just now, or within the last five minutes; asks for it where it was not. False: whoever was asked closed the window. */
export type FreshPassword = () => Promise<boolean>

const FreshPasswordContext = createContext<FreshPassword>()

/** One window for all pages: before what reveals secrets or replaces everything, a session left open is not enough. */
export function FreshPasswordProvider(props: ParentProps) {
  const [asked, setAsked] = createSignal<{ readonly secondFactor: boolean }>()
  const [open, setOpen] = createSignal(false)
  let answer = (_given: boolean): void => {}
  const end = (given: boolean): void => {
    setOpen(false)
    answer(given)
    answer = () => {}
  }
  onCleanup(() => end(false))
  const ask: FreshPassword = async () => {
    const { validUntil, secondFactor } = await api.confirmation()
    if (validUntil !== null) return true
    end(false)
    return new Promise((resolve) => {
      answer = resolve
      setAsked({ secondFactor })
      setOpen(true)
    })
  }
  return (
    <FreshPasswordContext.Provider value={ask}>
      {props.children}
      <Show when={asked()}>
        {(wanted) => (
          <Suspense>
            <Ask open={open()} secondFactor={wanted().secondFactor} onEnd={end} />
          </Suspense>
        )}
      </Show>
    </FreshPasswordContext.Provider>
  )
}

/** `if (await confirmed()) mutation.mutate()`. A failure to ask is thrown like that of any call. */
export function useFreshPassword(): FreshPassword {
  const ask = useContext(FreshPasswordContext)
  if (!ask) throw new Error('FreshPasswordProvider is missing')
  return ask
}
