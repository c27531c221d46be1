import type { OldDemand } from './old-demand.ts'
import { listOf, type Shape, shapeOf, textOf } from './shape.ts'
import { type Turn, usesOf } from './validate-turns.ts'
import { type Violation, violation } from './violation.ts'

const plain = new Set(
  (
    'type properties required items enum description title $ref $defs definitions minimum maximum minLength maxLength ' +
    'minItems maxItems anyOf oneOf allOf'
  ).split(' '),
)
const signs = { png: 'iVBORw0KGg', jpeg: '/9j/', gif: 'R0lGOD', webp: 'UklGR' } as const

/** The first of these demands that a lawful body breaks. Like all the service's refusals it names nothing. */
export function oldViolation(
  body: Shape,
  turns: readonly Turn[],
  demands: readonly OldDemand[],
): Violation | undefined {
  const broken = demands.find((demand) => breaks(demand, body, turns))
  return broken === undefined ? undefined : violation(`older demand ${broken}`)
}

function breaks(demand: OldDemand, body: Shape, turns: readonly Turn[]): boolean {
  const declared = listOf(shapeOf(turns.at(-1)?.message.userInputMessageContext)?.tools)
  const tools = shapesOf(declared.map((tool) => shapeOf(tool)?.toolSpecification))
  const schemas = shapesOf(tools.map((tool) => shapeOf(tool.inputSchema)?.json))
  const longest = (role: Turn['role']): number =>
    Math.max(0, ...turns.map((turn) => (turn.role === role ? (textOf(turn.message.content)?.length ?? 0) : 0)))
  const images = shapesOf(turns.flatMap(({ message }) => listOf(message.images)))
  const bytesOf = (image: Shape): string => textOf(shapeOf(image.source)?.bytes) ?? ''
  switch (demand) {
    case 'calls-per-message':
      return turns.some((turn) => usesOf(turn).length > 10)
    case 'history-length':
      return turns.length > 251
    case 'tool-name-plain':
      return tools.some(({ name }) => !/^[a-zA-Z][a-zA-Z0-9_]*$/.test(textOf(name) ?? ''))
    case 'schema-reference':
      return schemas.some((schema) => someSchema(schema, (one) => one.$ref !== undefined))
    case 'schema-alternatives':
      return schemas.some((schema) => ['anyOf', 'oneOf', 'allOf'].some((keyword) => schema[keyword] !== undefined))
    case 'schema-keyword':
      return schemas.some((schema) => someSchema(schema, (one) => Object.keys(one).some((key) => !plain.has(key))))
    case 'schema-required':
      return schemas.some((schema) =>
        someSchema(schema, (one) =>
          listOf(one.required).some((name) => !Object.hasOwn(shapeOf(one.properties) ?? {}, String(name))),
        ),
      )
    case 'schema-property':
      return schemas.some((schema) =>
        someSchema(schema, (one) =>
          Object.keys(shapeOf(one.properties) ?? {}).some((name) => !/^[a-zA-Z0-9_.-]{1,64}$/.test(name)),
        ),
      )
    case 'user-text':
      return longest('user') > 600_000
    case 'assistant-text':
      return longest('assistant') > 100_000
    case 'image-size-old':
      return images.some((image) => (bytesOf(image).length * 3) / 4 > 2_800_000)
    case 'image-bytes':
      return images.some((image) => !bytesOf(image).startsWith(signs[image.format as keyof typeof signs] ?? '!'))
    case 'body-size':
      return Buffer.byteLength(JSON.stringify(body)) > 615_000
  }
}

const shapesOf = (values: readonly unknown[]): readonly Shape[] =>
  values.map(shapeOf).filter((shape) => shape !== undefined)

const maps = ['properties', '$defs', 'definitions', 'patternProperties']

function someSchema(root: Shape, is: (schema: Shape) => boolean): boolean {
  const open: Shape[] = [root]
  for (let schema = open.pop(); schema !== undefined; schema = open.pop()) {
    if (is(schema)) return true
    for (const [keyword, value] of Object.entries(schema)) {
      const inner = maps.includes(keyword)
        ? Object.values(shapeOf(value) ?? {})
        : ['items', 'not', 'if', 'then', 'else', 'contains'].includes(keyword)
          ? [value]
          : listOf(value)
      for (const one of inner) {
        const shape = shapeOf(one)
        if (shape !== undefined) open.push(shape)
      }
    }
  }
  return false
}
