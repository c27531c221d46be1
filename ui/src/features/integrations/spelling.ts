/** How a text is written in each of the languages that settings are in. */

/** One word of a POSIX shell. */
export const shell = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`

export const powershell = (text: string): string => `'${text.replaceAll("'", "''")}'`

/** Pretty where there is something to lay out. */
export const json = (value: unknown): string => JSON.stringify(value, null, 2)

/** Basic strings of TOML and the quoted ones of YAML read every JSON string. */
export const toml = (text: string): string => JSON.stringify(text)
export const yaml = toml

export const lines = (...all: readonly string[]): string => all.join('\n')

/** What can stand in every shell as it is: a key of another kind was not made here. */
export const isPlainKey = (key: string): boolean => /^[\w.~+/=-]{8,300}$/.test(key)
