/** Reading what came over the wire: a wrong type is as good as nothing. */
export type Data = Readonly<Record<string, unknown>>

export const object = (value: unknown): Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Data) : {}
export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])
export const word = (value: unknown): string => (typeof value === 'string' ? value : '')
export const count = (value: unknown): number | undefined => (typeof value === 'number' ? value : undefined)

/** The value of a text, undefined when it is none. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
