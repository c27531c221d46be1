import type { Result } from '../lib/result.ts'

export const marker = 'Written by claude-server service install.'

export type ServiceAsk = {
  readonly name: string
  /** The program, absolute. */
  readonly program: string
  /** Absolute; absent: the folder of such services. */
  readonly dataDir?: string
  /** For the person alone, without rights over the system. */
  readonly user: boolean
  readonly home: string
  readonly uid?: number
  /** Further options the service is started with. */
  readonly options: readonly string[]
}

export type Words = readonly string[]
export type ServiceState = { readonly running: boolean; readonly enabled: boolean }

/** What makes a service of the program on one system. */
export type ServicePlan = {
  /** Holds the definition: read to know whose the service is. */
  readonly file: string
  readonly text: string
  readonly dataDir: string
  /** The folder is made, for the person alone, before the commands. */
  readonly makesFolder: boolean
  /** One that stands must go before it is installed anew. */
  readonly removesFirst: boolean
  readonly install: readonly Words[]
  /** Where one stands already: it shall run by the new definition. Absent: as at first. */
  readonly again?: readonly Words[]
  /** Stop and disable, before the definition goes. */
  readonly remove: readonly Words[]
  readonly afterRemove: readonly Words[]
  readonly status: readonly Words[]
  readonly stateOf: (answers: readonly { readonly code: number; readonly out: string }[]) => ServiceState
  /** What to know after it stands. */
  readonly hint: string
  /** How to do it with rights, when a command or a file is refused. */
  readonly rights: string
}

export type PlanService = (ask: ServiceAsk) => Result<ServicePlan, string>

/** Line ends and other control characters have no place in any definition. */
export const isPlain = (text: string): boolean => !/\p{Cc}/u.test(text)

export const escapeXml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
