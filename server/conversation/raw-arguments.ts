/** The one member of a past call's input that holds its arguments as text, where they are no JSON object. */
export const rawArgumentsName = 'raw_arguments'

export const rawArguments = (text: string): Readonly<Record<string, string>> => ({ [rawArgumentsName]: text })
