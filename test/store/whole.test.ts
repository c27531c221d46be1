import { expect, test } from 'bun:test'
import { getTableConfig, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import * as tables from '../../server/store/tables/sqlite.ts'
import { createWholeStore, isLogTable, keptTableNames, passingTables, rowFault } from '../../server/store/whole.ts'
import { createVault } from '../../server/vault/vault.ts'
import { freshEngine } from '../support/database.ts'

const shapes: Readonly<Record<string, unknown>> = tables

test('every table is in a backup, or is known not to be', () => {
  expect([...keptTableNames, ...passingTables].map(String).toSorted()).toEqual(Object.keys(tables).toSorted())
})

test('a table comes after those it refers to', () => {
  const places = new Map(keptTableNames.map((name, index) => [getTableConfig(shapes[name] as SQLiteTable).name, index]))
  for (const [index, name] of keptTableNames.entries()) {
    for (const { reference } of getTableConfig(shapes[name] as SQLiteTable).foreignKeys) {
      const other = getTableConfig(reference().foreignTable).name
      expect([name, other, (places.get(other) ?? Number.POSITIVE_INFINITY) < index]).toEqual([name, other, true])
    }
  }
})

test('rows come in batches, each once, in the order of keys of several members', async () => {
  const whole = createWholeStore({ engine: await freshEngine(), vault: createVault(new Uint8Array(32)) })
  const rows = Array.from({ length: 1203 }, (_, index) => ({
    ...{ subject: `key_${index % 7}`, period: `2026-${String(index).padStart(5, '0')}`, requests: index },
    ...{ inputTokens: 1, outputTokens: 2, inputMicroUsd: 3, outputMicroUsd: 4, credits: 0.5 },
  }))
  await whole.write('usageCounters', rows)
  const read: unknown[] = []
  for await (const batch of whole.read('usageCounters')) read.push(...batch)
  expect(await whole.count('usageCounters')).toBe(1203)
  const order = (row: { readonly subject: string; readonly period: string }): string => `${row.subject} ${row.period}`
  expect(read).toEqual(rows.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)))
})

test('what is sealed goes out open and comes in sealed with the key of the place', async () => {
  const [here, there] = await Promise.all(
    [1, 2].map(async (byte) => {
      const engine = await freshEngine()
      return { engine, whole: createWholeStore({ engine, vault: createVault(new Uint8Array(32).fill(byte)) }) }
    }),
  )
  const row = { name: 'http_proxy', secret: 'http://me:word@proxy:1', shown: 'http://me:••••@proxy:1', updatedAt: 5 }
  await here?.whole.write('sealedSettings', [row])
  for await (const rows of here?.whole.read('sealedSettings') ?? []) await there?.whole.write('sealedSettings', rows)
  for await (const rows of there?.whole.read('sealedSettings') ?? []) expect(rows).toEqual([row])
  const kept = await there?.engine.read((db) => db.select().from(there.engine.tables.sealedSettings))
  expect(kept?.map(({ sealed }) => sealed.byteLength > 0)).toEqual([true])
  expect(Buffer.from(kept?.[0]?.sealed ?? []).toString('latin1')).not.toContain('word')
})

test('a row that is none of its table’s is refused by the member', () => {
  const block = { range: '192.0.2.1/32', shown: '192.0.2.1', reason: '', createdAt: 1 }
  expect(rowFault('ipBlocks', block)).toBeUndefined()
  expect(rowFault('ipBlocks', { ...block, createdAt: '1' })).toBe('createdAt must be a whole number')
  expect(rowFault('ipBlocks', { ...block, createdAt: 1.5 })).toBe('createdAt must be a whole number')
  expect(rowFault('ipBlocks', { ...block, reason: null })).toBe('reason is missing')
  expect(rowFault('ipBlocks', { ...block, more: 1 })).toBe('"more" is no member of it')
  expect(rowFault('credentials', { accountId: 'a', sealed: 'x', secret: 'y', updatedAt: 1 })).toBe(
    '"sealed" is no member of it',
  )
  expect(rowFault('credentials', { accountId: 'a', updatedAt: 1 })).toBe('secret must be a text')
  expect(isLogTable('requests')).toBe(true)
})
