import { type Accessor, createContext, type ParentProps, useContext } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { isAway } from './away.ts'

const WritesContext = createContext<'some' | 'all'>()

/** While the server is away what writes in it waits. `all`: there is nothing but writing in it. */
export const Writes = (props: ParentProps<{ readonly all?: boolean }>) => (
  <WritesContext.Provider value={props.all ? 'all' : 'some'}>{props.children}</WritesContext.Provider>
)

/** Why something that writes is not to be used now; undefined when it is. What was typed stays, and it comes back with the server. */
export function createHold(writes: () => boolean): Accessor<string | undefined> {
  const { t } = useI18n()
  const within = useContext(WritesContext)
  return () => (within && isAway() && (within === 'all' || writes()) ? t('session.held') : undefined)
}
