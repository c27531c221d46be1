import { expect, test } from 'bun:test'
import { type Column, getColumns, getTableName, type Table } from 'drizzle-orm'
import { type MySqlTable, getTableConfig as ofMysql } from 'drizzle-orm/mysql-core'
import { getTableConfig as ofSqlite, type SQLiteTable } from 'drizzle-orm/sqlite-core'
import * as mysql from '../../server/store/tables/mysql.ts'
import * as sqlite from '../../server/store/tables/sqlite.ts'

type Named = { readonly name: string }
const names = (list: readonly unknown[]): readonly string[] =>
  (list as readonly Named[]).map(({ name }) => name).toSorted()

const kinds: Readonly<Record<string, string>> = {
  ...{ text: 'text', varchar: 'text', mediumtext: 'text' },
  ...{ integer: 'whole', bigint: 'whole', boolean: 'whole', real: 'double', double: 'double' },
  ...{ blob: 'bytes', mediumblob: 'bytes' },
}
/** True where the program sees true and false. */
const isBoolean = (column: Column): boolean => column.mapFromDriverValue(1) === true

test('both engines have the same tables', () => {
  expect(Object.keys(mysql).toSorted()).toEqual(Object.keys(sqlite).toSorted())
})

const others = new Map<string, unknown>(Object.entries(mysql))

test.each(Object.entries(sqlite))('%s has the same columns, rules and references', (name, table) => {
  const [left, right] = [table as SQLiteTable, others.get(name) as MySqlTable]
  const columns = (of: Table) =>
    Object.entries(getColumns(of)).map(([member, column]) => ({
      member,
      name: column.name,
      type: kinds[column.getSQLType().replace(/\(.*/, '')],
      isSwitch: isBoolean(column),
      notNull: column.notNull || column.primary,
      isKey: column.primary,
      default: column.default,
    }))
  expect(columns(right)).toEqual(columns(left))
  const [one, other] = [ofSqlite(left), ofMysql(right)]
  expect(other.name).toBe(`claude_server_${one.name}`)
  expect(names(other.checks)).toEqual(names(one.checks))
  const indexes = (list: readonly { readonly config: Named & { readonly unique?: boolean } }[]) =>
    list.map(({ config }) => `${config.name} ${config.unique === true}`).toSorted()
  expect(indexes(other.indexes as never)).toEqual(indexes(one.indexes as never))
  const keys = (list: readonly { readonly columns: readonly Named[] }[]) =>
    list.map((key) => key.columns.map((column) => column.name))
  expect(keys(other.primaryKeys as never)).toEqual(keys(one.primaryKeys as never))
  const references = (list: readonly { reference: () => unknown; readonly onDelete: unknown }[], prefix: string) =>
    list.map((key) => {
      const to = key.reference() as { columns: Named[]; foreignColumns: Named[]; foreignTable: Table }
      const table = getTableName(to.foreignTable)
      return [names(to.columns), table.replace(prefix, ''), names(to.foreignColumns), key.onDelete]
    })
  expect(references(other.foreignKeys as never, 'claude_server_')).toEqual(references(one.foreignKeys as never, ''))
})
