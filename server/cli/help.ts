import type { Build } from '../config/build.ts'
import { findCommand, usage } from '../config/command.ts'

/** Usage text of what the words after `help` name: a command, a group of commands, or all. */
export function helpText(words: readonly string[]): string {
  const [first] = words
  const whole = words.slice(0, 2).join(' ')
  return usage([whole, first].find((name) => name !== undefined && findCommand(name) !== undefined) ?? first)
}

/** `1.2.3 (0123456789ab, 2026-11-28)`; from source the version alone. */
export function versionText(build: Build, json: boolean): string {
  if (json) return `${JSON.stringify(build)}\n`
  const known = [build.commit, build.date?.slice(0, 10)].filter((one) => typeof one === 'string')
  return `${build.version}${known.length === 0 ? '' : ` (${known.join(', ')})`}\n`
}
