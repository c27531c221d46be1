import { expect, test } from 'bun:test'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

// server/<room>/ may import itself and rooms further left; rooms of one group are strangers (docs/decisions.md).
const order: readonly (readonly string[])[] = [
  ['lib'],
  ['conversation', 'codec', 'config', 'observe', 'vault', 'egress'],
  ['dialect', 'upstream', 'simulator', 'catalog', 'access', 'usage', 'pool', 'documents', 'console'],
  ['relay'],
  ['contract'],
  ['store'],
  ['jobs', 'admin'],
  ['moving'],
  ['backup'],
  ['http'],
  ['app'],
  ['cli'],
  ['desktop'],
  ['main'],
  // Builds what all others are; nothing of the running server imports it, nor build.ts.
  ['release'],
]
const rank = new Map(order.flatMap((rooms, index) => rooms.map((room) => [room, index] as const)))
const root = path.join(import.meta.dir, '..', 'server')
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))

const roomOf = (file: string): string => (file.includes('/') ? (file.split('/')[0] ?? '') : file.replace(/\.ts$/, ''))

function importsOf(file: string): readonly string[] {
  const text = readFileSync(path.join(root, file), 'utf8')
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map((match) =>
    path.relative(root, path.resolve(root, path.dirname(file), match[1] ?? '')),
  )
}

function fault(from: string, to: string): string | undefined {
  const source = roomOf(from)
  const target = roomOf(to)
  if (to.startsWith('..')) return undefined // package.json, ui/dist
  const sourceRank = rank.get(source)
  const targetRank = rank.get(target)
  if (sourceRank === undefined) return `${from}: room ${source} has no place in the order`
  if (targetRank === undefined) return `${from}: room ${target} has no place in the order`
  if (source === target || targetRank < sourceRank) return undefined
  return `${from} imports ${to}: ${target} does not lie left of ${source}`
}

test('imports point left', () => {
  expect(files.length).toBeGreaterThan(20)
  expect(
    files.flatMap((file) =>
      importsOf(file)
        .map((to) => fault(file, to))
        .filter(Boolean),
    ),
  ).toEqual([])
})

test('no file imports itself by way of others, types included', () => {
  const house = path.join(root, '..')
  const all = ['server', 'ui/src'].flatMap((folder) =>
    readdirSync(path.join(house, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.tsx?$/.test(file))
      .map((file) => path.join(folder, file)),
  )
  const known = new Set(all)
  const targets = new Map(
    all.map((file) => {
      const text = readFileSync(path.join(house, file), 'utf8')
      const named = [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, to = '']) =>
        path.join(path.dirname(file), to),
      )
      return [file, named.filter((to) => known.has(to))] as const
    }),
  )
  // Whoever imports nothing that is left is no part of a circle, nor leads into one.
  const left = new Map(targets)
  for (let size = -1; size !== left.size; ) {
    size = left.size
    for (const [file, named] of left) if (!named.some((to) => left.has(to))) left.delete(file)
  }
  expect(targets.size).toBeGreaterThan(500)
  expect([...left].map(([file, named]) => `${file} -> ${named.filter((to) => left.has(to)).join(', ')}`)).toEqual([])
})

test('a folder of a dialect or a provider is private to it', () => {
  const strangers = files.flatMap((file) =>
    importsOf(file)
      .filter((to) => /^dialect\/[^/]+\/wire/.test(to) || /^upstream\/[^/]+\/wire/.test(to))
      .filter((to) => path.dirname(to) !== path.dirname(file))
      .map((to) => `${file} imports ${to}`),
  )
  expect(strangers).toEqual([])
})

test('the clock, chance and the network are touched in lib/effects alone', () => {
  const globals =
    /\b(Date\.now\(|Math\.random\(|new Date\(\)|setTimeout\(|setInterval\(|setImmediate\(|crypto\.randomUUID\()/
  const allowed = new Set(['lib/effects.ts', 'main.ts', 'app.ts'])
  const offenders = files
    .filter((file) => !allowed.has(file))
    .filter((file) =>
      readFileSync(path.join(root, file), 'utf8')
        .split('\n')
        .some((line) => globals.test(line) && !/^\s*(\/\/|\*)/.test(line)),
    )
  expect(offenders).toEqual([])
})

test('admin contracts run in a browser: TypeBox alone', () => {
  const offenders = files
    .filter((file) => file.startsWith('admin/contract/'))
    .filter((file) =>
      [...readFileSync(path.join(root, file), 'utf8').matchAll(/from '([^']+)'/g)].some(
        (match) => match[1] !== '@sinclair/typebox' && !match[1]?.startsWith('./'),
      ),
    )
  expect(offenders).toEqual([])
})

test('docs/architecture.md names the rooms in this order', () => {
  const text = readFileSync(path.join(root, '..', 'docs', 'architecture.md'), 'utf8')
  const rows = [...text.matchAll(/^\| (`.+?`) \| /gm)].map(([, names = '']) => names.replaceAll('`', '').split(' · '))
  expect(rows.filter((names) => names.every((name) => rank.has(name)))).toEqual(order.map((names) => [...names]))
})
