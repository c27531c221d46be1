import type { TSchema } from '@sinclair/typebox'
import { type Document, isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml'
import { err, ok, type Result } from '../lib/result.ts'
import { checkValue } from './check.ts'
import { nearest } from './nearest.ts'
import { idleKeys, leaves, legacyJsonKeys, silentKeys } from './schema.ts'

export type FileSettings = {
  /** By dotted key; only what the file really sets. */
  readonly values: ReadonlyMap<string, { readonly value: unknown; readonly line: number }>
  readonly warnings: readonly string[]
}

const leafByKey = new Map(leaves.map((leaf) => [leaf.key, leaf.schema]))
const sections = new Set(
  leaves.flatMap(({ key }) => key.split('.').map((_, index, parts) => parts.slice(0, index).join('.'))),
)
const knownKeys = [...leafByKey.keys(), ...sections, ...silentKeys, ...idleKeys].filter((key) => key !== '')

/**
 * Reads a configuration file's text. `name` is how messages call it. YAML and JSON take the same way: JSON is YAML. The
 * error names file, line, key and reason, one line for each fault; unknown keys are warnings.
 */
export function parseFile(text: string, name: string): Result<FileSettings, string> {
  const lines = new LineCounter()
  const document = parseDocument(text.replace(/^\uFEFF/, ''), { lineCounter: lines, prettyErrors: false })
  const at = (offset: number): number => Math.max(1, lines.linePos(offset).line)
  if (document.errors.length > 0) {
    return err(document.errors.map((error) => `${name}:${at(error.pos[0])}: ${error.message}`).join('\n'))
  }

  const legacy = new Map(name.endsWith('.json') ? Object.entries(legacyJsonKeys) : [])
  const values = new Map<string, { value: unknown; line: number }>()
  const faults: string[] = []
  const warnings: string[] = []

  const visitMap = (node: Node | null, prefix: string, line: number): void => {
    const target = resolved(node, document)
    if (target === null || (isScalar(target) && target.value === null)) return
    if (!isMap(target)) {
      const place = prefix === '' ? 'the file' : prefix
      faults.push(`${name}:${line}: ${place}: must be a section of keys, not ${isSeq(target) ? 'a list' : 'a value'}`)
      return
    }
    for (const pair of target.items as Pair<Node, Node | null>[]) {
      const word = isScalar(pair.key) ? String(pair.key.value) : String(pair.key)
      visitPair(prefix === '' ? word : `${prefix}.${word}`, pair.value, at(pair.key.range?.[0] ?? 0))
    }
  }

  const visitPair = (spelled: string, node: Node | null, line: number): void => {
    const key = legacy.get(spelled) ?? spelled
    const schema = leafByKey.get(key)
    if (schema !== undefined) visitLeaf(key, schema, spelled, node, line)
    else if (sections.has(key)) visitMap(node, key, line)
    else if (idleKeys.includes(key))
      warnings.push(`${name}:${line}: ${key} has no effect here: it is set in the console`)
    else if (!silentKeys.includes(key)) warnings.push(unknown(key, `${name}:${line}`))
  }

  const visitLeaf = (key: string, schema: TSchema, spelled: string, node: Node | null, line: number): void => {
    const target = resolved(node, document)
    const value = plain(target, document)
    // As in the original: an empty value, and 0 for the port, keep the default.
    if (value === null || value === '' || (key.endsWith('.port') && value === 0)) return
    // A name or password of digits needs no quotes, as in the original.
    const isWord = key.startsWith('database.mysql.') && schema.type === 'string'
    const isBare = isWord && isScalar(target) && (typeof value === 'number' || typeof value === 'boolean')
    const checked = checkValue(schema, isBare ? (target.source ?? String(value)) : value)
    if (!checked.ok) faults.push(`${name}:${line}: ${spelled}: ${checked.error}`)
    else values.set(key, { value: checked.value, line })
  }

  visitMap(document.contents as Node | null, '', 1)
  return faults.length > 0 ? err(faults.join('\n')) : ok({ values, warnings })
}

function resolved(node: Node | null, document: Document): Node | null {
  return isAlias(node) ? (node.resolve(document) ?? null) : node
}

function unknown(key: string, place: string): string {
  const near = nearest(key, knownKeys)
  return `${place}: unknown key ${key}${near === undefined ? '' : `, did you mean ${near}?`}`
}

function plain(node: Node | null, document: Document): unknown {
  if (node === null) return null
  if (isScalar(node)) return node.value
  if (!isSeq(node)) return {}
  try {
    return node.toJS(document)
  } catch {
    return {} // aliases that multiply without end
  }
}
