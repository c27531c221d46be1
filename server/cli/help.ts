import { findCommand, usage } from '../config/command.ts'

/** Usage text of what the words after `help` name: a command, a group of commands, or all. */
export function helpText(words: readonly string[]): string {
  const [first] = words
  const whole = words.slice(0, 2).join(' ')
  return usage([whole, first].find((name) => name !== undefined && findCommand(name) !== undefined) ?? first)
}

export const versionText = (version: string, json: boolean): string =>
  json ? `${JSON.stringify({ version })}\n` : `${version}\n`
