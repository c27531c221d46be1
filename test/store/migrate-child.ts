import { openSqlite } from '../../server/store/engine/sqlite.ts'

const engine = openSqlite({ path: process.argv[2] ?? '', now: () => 1 })
process.stdout.write(engine.ok ? 'ok' : engine.error.message)
if (engine.ok) engine.value.close()
