import { err, ok, type Result } from '../lib/result.ts'
import { parseSwitch, show } from './check.ts'
import { type Command, type CommandName, commands, findCommand, globalOptions, type OptionSpec } from './command.ts'
import { nearest } from './nearest.ts'

export type Arguments = {
  readonly command: Command
  /** Global options by name; each with the spelling used, for messages. */
  readonly options: ReadonlyMap<string, { readonly value: string | boolean; readonly spelling: string }>
}

/**
 * Reads the command line (without program and script). Options are taken as Go's `flag` package takes them: one dash or
 * two, value after `=` or as the next word, switches with `=false`; they may stand before, inside and after the command.
 */
export function parseArguments(argv: readonly string[]): Result<Arguments, string> {
  const words: string[] = []
  const global = new Map<string, { value: string | boolean; spelling: string }>()
  const local: { name: string; value: string | boolean; spelling: string }[] = []
  const anywhere = commands.flatMap((spec): readonly OptionSpec[] => spec.options)

  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? ''
    if (argument === '--') {
      words.push(...argv.slice(index + 1))
      break
    }
    const match = /^--?([A-Za-z][\w-]*)(?:=([\s\S]*))?$/.exec(argument)
    if (match === null) {
      if (argument.length > 1 && argument.startsWith('-')) return err(`bad option: ${argument}`)
      words.push(argument)
      continue
    }
    const [, name = '', inline] = match
    const spelling = argument.split('=', 1)[0] ?? argument
    const known = find(globalOptions, name)
    // What a name means is the command's business, where that was said before it.
    const said = findCommand(words.slice(0, 2).join(' ')) ?? findCommand(words[0] ?? '')
    const spec = known ?? find(said?.options ?? [], name) ?? find(anywhere, name)
    if (spec === undefined) return err(unknownOption(spelling, name))
    let value: string | boolean
    if (spec.value === undefined) {
      const parsed = inline === undefined ? true : parseSwitch(inline)
      if (parsed === undefined) return err(`${spelling} must be true or false, not ${show(inline)}`)
      value = parsed
    } else {
      const next = inline ?? argv[++index]
      if (next === undefined) return err(`${spelling} needs a value: ${spelling} ${spec.value}`)
      value = next
    }
    if (known !== undefined) global.set(known.name, { value, spelling })
    else local.push({ name: spec.name, value, spelling })
  }

  const command = resolveCommand(words, global)
  if (!command.ok) return command
  const { name, operands } = command.value
  const allowed: readonly OptionSpec[] = findCommand(name)?.options ?? []
  const stray = local.find((option) => find(allowed, option.name) === undefined)
  if (stray !== undefined) return err(`${stray.spelling} does not belong to the command ${name}`)
  const options = Object.fromEntries(local.map((option) => [option.name, option.value]))
  return ok({ command: { name, operands, options }, options: global })
}

function resolveCommand(
  words: readonly string[],
  global: ReadonlyMap<string, { value: string | boolean }>,
): Result<{ name: CommandName; operands: readonly string[] }, string> {
  if (global.get('help')?.value === true) return ok({ name: 'help', operands: words })
  if (global.get('version')?.value === true) return ok({ name: 'version', operands: [] })
  const [first, second] = words
  if (first === undefined) return ok({ name: 'serve', operands: [] })
  if (first === 'help') return ok({ name: 'help', operands: words.slice(1) })
  const double = second === undefined ? undefined : findCommand(`${first} ${second}`)
  const spec = double ?? findCommand(first)
  if (spec === undefined) return err(unknownCommand(first, second))
  const operands = words.slice(spec.name.split(' ').length)
  const required = spec.operands.filter((operand) => !operand.startsWith('['))
  if (operands.length < required.length) {
    return err(`${spec.name} needs ${required.slice(operands.length).join(' ')}`)
  }
  if (operands.length > spec.operands.length) return err(`${spec.name} does not take ${show(operands.at(-1))}`)
  return ok({ name: spec.name, operands })
}

function unknownCommand(first: string, second: string | undefined): string {
  const names = commands.map((spec): string => spec.name)
  const members = names.filter((name) => name.startsWith(`${first} `)).map((name) => name.slice(first.length + 1))
  if (members.length > 0) return `${first} needs one of: ${members.join(', ')}`
  const near = nearest([first, second].filter(Boolean).join(' '), names) ?? nearest(first, names)
  return `unknown command: ${first}${near === undefined ? '' : ` (did you mean ${near}?)`}`
}

function unknownOption(spelling: string, name: string): string {
  const names = [...globalOptions, ...commands.flatMap((spec): readonly OptionSpec[] => spec.options)]
  const near = nearest(
    name,
    names.map((option) => option.name),
  )
  return `unknown option: ${spelling}${near === undefined ? '' : ` (did you mean --${near}?)`}`
}

const find = (options: readonly OptionSpec[], name: string): OptionSpec | undefined =>
  options.find((option) => option.name === name || option.alias === name)
