import type { Resolved } from '../config/resolve.ts'
import { quoted } from '../lib/command-line.ts'

/** The commands a text advises, with the data folder this one was given: they are pasted where it is not the current one. */
export function withFolder(text: string, { config, origins }: Pick<Resolved, 'config' | 'origins'>): string {
  if (origins.data_dir?.from === 'default') return text
  const option = ` --data-dir ${quoted(config.dataDir)}`
  return text.replace(
    /claude-server (?:account|key|password|user) [a-z]+(?: (?:ID|NAME)\b)?/g,
    (command) => command + option,
  )
}
