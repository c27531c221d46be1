/** A JSON object nobody has checked yet. */
export type Shape = Readonly<Record<string, unknown>>

export function shapeOf(value: unknown): Shape | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Shape) : undefined
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** A JSON object from its text, or undefined. */
export function parseShape(text: string): Shape | undefined {
  try {
    return shapeOf(JSON.parse(text))
  } catch {
    return undefined
  }
}
