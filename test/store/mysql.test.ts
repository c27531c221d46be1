import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { type AnyColumn, eq, type SQL, sql } from 'drizzle-orm'
import { getTableConfig } from 'drizzle-orm/mysql-core'
import { realEffects } from '../../server/lib/effects.ts'
import type { Engine } from '../../server/store/engine/engine.ts'
import type { StoreFault } from '../../server/store/engine/fault.ts'
import { readMigrations } from '../../server/store/engine/migrate.ts'
import { type MysqlOptions, openMysql } from '../../server/store/engine/mysql.ts'
import type { MysqlPlace } from '../../server/store/engine/mysql-connection.ts'
import { mysqlMigrations } from '../../server/store/engine/mysql-migrate.ts'
import * as mysqlTables from '../../server/store/tables/mysql.ts'
import { hasMariaDb, type MariaDb, startMariaDb } from '../support/mariadb.ts'

// Against a server of its own, which is killed, silenced and started again.

test('a machine that must test MariaDB has it', () => expect(hasMariaDb || process.env.CI === undefined).toBe(true))

if (hasMariaDb) {
  let server: MariaDb
  beforeAll(async () => {
    server = await startMariaDb()
  })
  afterAll(() => server.stop())

  const open = async (place: MysqlPlace, more: Partial<MysqlOptions> = {}): Promise<Engine> => {
    const opened = await openMysql({ place, effects: realEffects, ...more })
    if (!opened.ok) throw opened.error
    return opened.value
  }
  const refusal = async (place: MysqlPlace, more: Partial<MysqlOptions> = {}): Promise<StoreFault> => {
    const opened = await openMysql({ place, effects: realEffects, ...more })
    if (opened.ok) throw new Error('was opened')
    return opened.error
  }
  const write = (engine: Engine, name: string, value = 'v') => {
    const { settings } = engine.tables
    return engine.atomic((db) => [db.upsert(settings, { name, value }, { target: settings.name, set: { value } })])
  }
  const names = async (engine: Engine): Promise<readonly string[]> =>
    (await engine.read((db) => db.select().from(engine.tables.settings))).map(({ name }) => name).toSorted()
  const sqlPlus = (column: AnyColumn, more: SQL): SQL => sql`${column} + ${more}`
  const kindOf = (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => 'done',
      (fault: StoreFault) => fault.kind,
    )

  describe('a database on a server', () => {
    test('says what it is, without the password, and gives every figure back as it was', async () => {
      const engine = await open(await server.createDatabase())
      expect(await engine.describe()).toMatchObject({ engine: 'MariaDB', writable: true })
      expect((await engine.describe()).path).toStartWith('mysql://root@127.0.0.1:')
      const { usageCounters } = engine.tables
      const row = { subject: '名字 🙂 ', period: 'all', requests: Number.MAX_SAFE_INTEGER, credits: 0.1 + 0.2 }
      const rest = { inputTokens: 0, outputTokens: 1, inputMicroUsd: Number.MAX_SAFE_INTEGER - 1, outputMicroUsd: 2 }
      await engine.atomic((db) => [db.insert(usageCounters).values({ ...row, ...rest })])
      expect(await engine.read((db) => db.select().from(usageCounters))).toEqual([{ ...row, ...rest }])
      await engine.close()
    })
    test('tells texts apart byte by byte: case, accents and spaces at the end', async () => {
      const engine = await open(await server.createDatabase())
      for (const name of ['a', 'A', 'ä', 'a ']) await write(engine, name)
      expect(await names(engine)).toEqual(['A', 'a', 'a ', 'ä'])
      await engine.close()
    })
    test('counts a row that is as an update wants it, and none where there is none', async () => {
      const engine = await open(await server.createDatabase())
      const { settings } = engine.tables
      await write(engine, 'a', 'same')
      const update = (name: string) =>
        engine.atomic((db) => [db.update(settings).set({ value: 'same' }).where(eq(settings.name, name))])
      expect([await update('a'), await update('b')]).toEqual([[1], [0]])
      const counts = engine.atomic((db) => [
        db.update(settings).set({ value: 'same' }).where(eq(settings.name, 'a')),
        db.delete(settings),
      ])
      expect(await counts).toEqual([1, 1])
      await engine.close()
    })
    test('does all statements of a call or none, and names the kind of a fault without values', async () => {
      const engine = await open(await server.createDatabase())
      const { settings } = engine.tables
      const row = { name: 'secret-value', value: 'v' }
      const twice = engine.atomic((db) => [db.insert(settings).values(row), db.insert(settings).values(row)])
      const fault = await twice.then(
        () => undefined,
        (error: StoreFault) => error,
      )
      expect(fault?.kind).toBe('conflict')
      expect(`${fault?.message} ${fault?.cause} ${fault?.stack}`).not.toContain('secret-value')
      expect(await names(engine)).toEqual([])
      expect(await kindOf(write(engine, 'x'.repeat(300)))).toBe('conflict')
      await engine.close()
    })
    test('has one gateway: another is refused until the first one is gone', async () => {
      const place = await server.createDatabase()
      const first = await open(place)
      const fault = await refusal(place)
      expect(fault.kind).toBe('held')
      expect(fault.message).toContain('Another claude-server is running on the database')
      const second = open(place, { handOverMs: 10_000 })
      await first.close()
      await (await second).close()
    })
    test('leaves the tables of others in it alone, the original’s too', async () => {
      const place = await server.createDatabase()
      await server.query('CREATE TABLE accounts (id varchar(36) PRIMARY KEY, clientId text)', place.database)
      await server.query(`INSERT INTO accounts VALUES ('1', 'c')`, place.database)
      const engine = await open(place)
      expect(await engine.read((db) => db.select().from(engine.tables.accounts))).toEqual([])
      await engine.close()
      expect([...(await server.query('SELECT * FROM accounts', place.database))]).toEqual([['1', 'c']])
    })
    test('is refused with a reason: no such database, a wrong password, a server that is not there, no gateway', async () => {
      const place = await server.createDatabase()
      expect((await refusal({ ...place, database: 'nowhere' })).message).toContain('does not exist: create it')
      expect((await refusal({ ...place, user: 'nobody', password: 'SECRET' })).message).not.toContain('SECRET')
      expect((await refusal({ ...place, user: 'nobody', password: 'SECRET' })).kind).toBe('denied')
      expect((await refusal({ ...place, port: 1 })).kind).toBe('unreachable')
      expect((await refusal(place, { mustExist: true })).message).toContain('There is no gateway in the database')
      expect([...(await server.query('SHOW TABLES', place.database))]).toEqual([])
    })
  })

  test('each reference has the rule its table says: the generator of migrations leaves some out', async () => {
    const place = await server.createDatabase()
    await (await open(place)).close()
    const rows = await server.query(
      `SELECT u.table_name, u.column_name, c.delete_rule FROM information_schema.referential_constraints c
       JOIN information_schema.key_column_usage u ON u.constraint_schema = c.constraint_schema AND u.constraint_name = c.constraint_name AND u.table_name = c.table_name
       WHERE c.constraint_schema = '${place.database}'`,
    )
    const found = rows.map(([table, column, rule]) => `${table}.${column} ${String(rule).toLowerCase()}`).toSorted()
    const declared = Object.values(mysqlTables).flatMap((table) =>
      getTableConfig(table).foreignKeys.map((key) => {
        const { columns } = key.reference()
        return `${getTableConfig(table).name}.${columns[0]?.name} ${key.onDelete ?? 'restrict'}`
      }),
    )
    expect(found).toEqual(declared.toSorted())
  }, 240_000)

  describe('migrations', () => {
    const migrations = readMigrations(mysqlMigrations)
    test('that were cut short anywhere are gone on with at the next start', async () => {
      const place = await server.createDatabase()
      const first = migrations.slice(0, 1)
      const statements = first[0]?.statements ?? []
      const count = statements.length
      const cuts = [1, 5, Math.floor(count / 2), count - 1]
      for (const at of cuts) {
        const { database } = place
        await server.query(`DROP DATABASE ${database}`)
        await server.createDatabase(database)
        await (await open(place, { migrations: first })).close()
        // As a kill behind statement `at` leaves it: done, and not noted.
        await server.query(`UPDATE claude_server_migrations SET steps = ${at}, applied_at = NULL`, database)
        for (const statement of statements.slice(at + 1).toReversed()) await undo(statement, database)
        await (await open(place, { migrations: first })).close()
        const rows = await server.query('SELECT steps, applied_at IS NOT NULL FROM claude_server_migrations', database)
        expect([...(rows[0] ?? [])]).toEqual([count, 1])
        expect((await server.query('SHOW TABLES', database)).length).toBeGreaterThan(25)
      }
    }, 240_000)
    test('of a newer version are not touched', async () => {
      const place = await server.createDatabase()
      const newer = { name: '29990101000000_newer', hash: '', statements: ['CREATE TABLE extra (id int)'] }
      await (await open(place, { migrations: [...migrations, newer] })).close()
      const fault = await refusal(place)
      expect([fault.kind, fault.message.includes(newer.name)]).toEqual(['newer', true])
    })
    test('that take longer than a server may be silent are waited for, and say so', async () => {
      const after: MysqlOptions['effects']['after'] = (ms, task) => realEffects.after(ms / 20, task)
      const slow = { name: '29990101000000_slow', hash: '', statements: ['DO SLEEP(3)'] }
      const said: string[] = []
      const engine = await open(await server.createDatabase(), {
        effects: { ...realEffects, after },
        migrations: [...migrations, slow],
        onEvent: (event, message) => said.push(`${event} ${message}`),
      })
      const told = said.filter((line) => line.startsWith('migrating '))
      expect(told.length).toBeGreaterThan(2)
      expect(told.at(-1)).toContain('29990101000000_slow, step 1 of 1')
      await engine.close()
    }, 240_000)
    test('need rights of their own, which a fault names; where nothing is missing a user without them is enough', async () => {
      const place = await server.createDatabase()
      await server.query(`CREATE USER IF NOT EXISTS 'reader'@'%' IDENTIFIED BY 'R3ADER-PASS'`)
      await server.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON \`${place.database}\`.* TO 'reader'@'%'`)
      const reader = { ...place, user: 'reader', password: 'R3ADER-PASS' }
      const fault = await refusal(reader)
      expect([fault.kind, fault.message]).toEqual(['denied', expect.stringContaining('lacks the right CREATE')])
      expect(fault.message).not.toContain('PASS')
      const events: string[] = []
      const before = migrations.slice(0, 1)
      await (await open(place, { migrations: before })).close()
      const enough = await open(reader, { migrations: before, onEvent: (event) => events.push(event) })
      expect([await kindOf(write(enough, 'a')), await names(enough)]).toEqual(['done', ['a']])
      await enough.close()
      expect((await refusal(reader)).message).toMatch(/lacks the right (CREATE|ALTER|DROP)/)
      await (await open(place)).close()
      await (await open(reader)).close()
    }, 240_000)
    test('done, a user who may only read is refused at the start, by the right that lacks', async () => {
      const place = await server.createDatabase()
      await (await open(place)).close()
      await server.query(`CREATE USER 'looker'@'%' IDENTIFIED BY 'L00KER-PASS'`)
      const looker = { ...place, user: 'looker', password: 'L00KER-PASS' }
      const rights = ['SELECT', 'INSERT', 'UPDATE', 'DELETE']
      for (const [index, right] of rights.entries()) {
        await server.query(`GRANT ${right} ON \`${place.database}\`.* TO 'looker'@'%'`)
        const next = rights[index + 1]
        if (next === undefined) continue
        expect(await refusal(looker)).toMatchObject({
          kind: 'denied',
          message: expect.stringContaining(`lacks the right ${next}`),
        })
      }
      await (await open(looker)).close()
    }, 240_000)
    test('done, a server that is read-only for now is no reason not to start', async () => {
      const place = await server.createDatabase()
      await (await open(place)).close()
      await server.query(`CREATE USER 'writer'@'%' IDENTIFIED BY 'WR1TER-PASS'`)
      await server.query(`GRANT ALL ON \`${place.database}\`.* TO 'writer'@'%'`)
      await server.query('SET GLOBAL read_only = 1')
      try {
        const engine = await open({ ...place, user: 'writer', password: 'WR1TER-PASS' })
        expect((await engine.describe()).writable).toBe(false)
        expect(await kindOf(write(engine, 'a'))).toBe('read-only')
        await server.query('SET GLOBAL read_only = 0')
        expect(await kindOf(write(engine, 'a'))).toBe('done')
        await engine.close()
      } finally {
        await server.query('SET GLOBAL read_only = 0')
      }
    }, 240_000)
    async function undo(statement: string, database: string): Promise<void> {
      const [, table] = /^\s*CREATE TABLE `(\w+)`/.exec(statement) ?? []
      const [, index, of] = /^\s*CREATE INDEX `(\w+)` ON `(\w+)`/.exec(statement) ?? []
      const [, on, key] = /^\s*ALTER TABLE `(\w+)` ADD CONSTRAINT `(\w+)`/.exec(statement) ?? []
      if (table !== undefined) await server.query(`DROP TABLE ${table}`, database)
      else if (index !== undefined) await server.query(`DROP INDEX ${index} ON ${of}`, database)
      else if (on !== undefined) await server.query(`ALTER TABLE ${on} DROP FOREIGN KEY ${key}`, database)
    }
  })

  describe('a server that is lost', () => {
    const eventually = async (holds: () => Promise<boolean>, ms = 20_000): Promise<boolean> => {
      for (const until = Date.now() + ms; Date.now() < until; await Bun.sleep(50)) if (await holds()) return true
      return false
    }
    test('comes back by itself: nothing is lost or done twice, and meanwhile writes are refused at once', async () => {
      const events: string[] = []
      const engine = await open(await server.createDatabase(), { onEvent: (event) => events.push(event) })
      await write(engine, 'before')
      await server.signal('SIGKILL')
      expect(await kindOf(write(engine, 'during'))).toBe('unreachable')
      await Bun.sleep(2_500)
      const begun = performance.now()
      expect(await kindOf(write(engine, 'during'))).toBe('unreachable')
      expect(await kindOf(names(engine))).toBe('unreachable')
      // Without waiting for an answer that does not come, which takes ten seconds and more.
      expect(performance.now() - begun).toBeLessThan(8_000)
      expect((await engine.describe()).writable).toBe(false)
      await server.start()
      expect(await eventually(async () => (await kindOf(write(engine, 'after'))) === 'done')).toBe(true)
      expect(await names(engine)).toEqual(['after', 'before'])
      expect(events).toEqual(['lost', 'back'])
      await engine.close()
    }, 240_000)
    test('a connection that is cut, as by an administrator, costs nobody a write', async () => {
      const place = await server.createDatabase()
      const engine = await open(place)
      const { usageCounters } = engine.tables
      const none = { inputTokens: 0, outputTokens: 0, inputMicroUsd: 0, outputMicroUsd: 0, credits: 0 }
      const requests = engine.expressions.inserted(usageCounters.requests)
      const add = () =>
        engine.atomic((db) => [
          db.upsert(
            usageCounters,
            { subject: 'key', period: 'all', requests: 1, ...none },
            {
              target: [usageCounters.subject, usageCounters.period],
              set: { requests: sqlPlus(usageCounters.requests, requests) },
            },
          ),
        ])
      let done = 0
      for (let turn = 0; turn < 200; turn++) {
        if (turn % 20 === 10) {
          const rows = await server.query(
            `SELECT id FROM information_schema.processlist WHERE db = '${place.database}' AND id = IS_USED_LOCK('claude_server/${place.database}')`,
          )
          if (rows[0] !== undefined) void server.query(`KILL ${rows[0][0]}`).catch(() => undefined)
        }
        if ((await kindOf(add())) === 'done') done++
      }
      const [row] = await engine.read((db) => db.select().from(usageCounters))
      expect(row?.requests).toBe(done)
      expect(done).toBeGreaterThan(190)
      await engine.close()
    }, 240_000)
    test('is waited for by the first query alone when it is silent: those after it are refused soon', async () => {
      const after: MysqlOptions['effects']['after'] = (ms, task) => realEffects.after(ms / 10, task)
      const engine = await open(await server.createDatabase(), { effects: { ...realEffects, after } })
      await write(engine, 'before')
      expect(await names(engine)).toEqual(['before'])
      const msOf = async (work: Promise<unknown>, kind: string): Promise<number> => {
        const begun = performance.now()
        expect(await kindOf(work)).toBe(kind)
        return performance.now() - begun
      }
      await server.signal('SIGSTOP')
      await Bun.sleep(200)
      try {
        const first = await msOf(names(engine), 'unreachable')
        expect(first).toBeGreaterThan(2_500)
        // The quickest of several: a busy machine holds up one or the other.
        const others: number[] = []
        for (let more = 0; more < 4; more++) others.push(await msOf(names(engine), 'unreachable'))
        expect(Math.min(...others)).toBeLessThan(first / 3)
      } finally {
        await server.signal('SIGCONT')
      }
      expect(await eventually(async () => (await kindOf(names(engine))) === 'done')).toBe(true)
      expect(await names(engine)).toEqual(['before'])
      await engine.close()
    }, 240_000)
    test('that another gateway took meanwhile is not written to', async () => {
      const events: string[] = []
      const place = await server.createDatabase()
      const first = await open(place, { onEvent: (event) => events.push(event) })
      const holder = await server.query(`SELECT IS_USED_LOCK('claude_server/${place.database}')`)
      const second = open(place, { handOverMs: 10_000 })
      await Bun.sleep(600)
      await server.signal('SIGSTOP')
      await server.signal('SIGCONT')
      await server.query(`KILL ${holder[0]?.[0]}`)
      const winner = await Promise.race([second, Bun.sleep(3_000).then(() => undefined)])
      if (winner === undefined) {
        // The first one was quicker and has it again.
        expect(await kindOf(write(first, 'a'))).toBe('done')
        await first.close()
        await (await second).close()
        return
      }
      // It notices when it writes next.
      await kindOf(write(first, 'a'))
      expect(await eventually(async () => events.includes('taken'))).toBe(true)
      expect(await kindOf(write(first, 'a'))).toBe('held')
      expect(await kindOf(write(winner, 'b'))).toBe('done')
      await first.close()
      await winner.close()
    }, 240_000)
  })
}
