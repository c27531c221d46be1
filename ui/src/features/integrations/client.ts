import type { PlainKey } from '../../i18n/dictionary.ts'
import { lines, powershell, shell } from './spelling.ts'

export const systems = ['unix', 'powershell', 'cmd'] as const
export type System = (typeof systems)[number]

/** What the settings of a client are made of. `origin` without `/v1`. */
export type Place = { readonly origin: string; readonly key: string; readonly model: string }

/** One thing to paste. `title` says where; a file's path stands in `file`. */
export type Snippet = {
  readonly title: PlainKey
  readonly file?: string
  readonly language: 'bash' | 'powershell' | 'cmd' | 'json' | 'toml' | 'yaml' | 'python' | 'typescript' | 'text'
  readonly text: string
}

export type Client = {
  readonly id: string
  readonly name: string
  readonly kind: 'terminal' | 'editor' | 'code'
  /** Whether what to paste differs by system. */
  readonly bySystem: boolean
  readonly snippets: (place: Place, system: System) => readonly Snippet[]
  readonly notes: readonly PlainKey[]
}

export const keyVariable = 'GATEWAY_KEY'

export const setAndRun = (variables: Readonly<Record<string, string>>, command: string, system: System): Snippet => ({
  title: 'integrations.terminal',
  ...shellOf(variables, command, system),
})

function shellOf(
  variables: Readonly<Record<string, string>>,
  command: string,
  system: System,
): Pick<Snippet, 'language' | 'text'> {
  const all = Object.entries(variables)
  switch (system) {
    case 'unix':
      return { language: 'bash', text: lines(...all.map(([name, value]) => `export ${name}=${shell(value)}`), command) }
    case 'powershell':
      return {
        language: 'powershell',
        text: lines(...all.map(([name, value]) => `$env:${name} = ${powershell(value)}`), command),
      }
    case 'cmd':
      return { language: 'cmd', text: lines(...all.map(([name, value]) => `set "${name}=${value}"`), command) }
  }
}

export const homeFile = (file: string, system: System): string => {
  if (system === 'unix') return `~/${file}`
  return `${system === 'cmd' ? '%USERPROFILE%' : '$HOME'}\\${file.replaceAll('/', '\\')}`
}
