// One restore into a database on a server, to be killed at any moment: what the next start does. Usage: exchange-child.ts FOLDER PORT DATABASE
import path from 'node:path'
import { finishExchange } from '../../server/backup/exchange.ts'
import { realEffects } from '../../server/lib/effects.ts'
import { openStore } from '../../server/store/open.ts'

const [dataDir = '', port = '', database = ''] = process.argv.slice(2)
const databasePath = path.join(dataDir, 'data.sqlite3')
const place = { host: '127.0.0.1', port: Number(port), user: 'root', password: '', database, tls: 'off' } as const
const opened = await openStore({
  ...{ path: databasePath, dataDir, mysql: { place, effects: realEffects, handOverMs: 20_000, waitMs: 20_000 } },
  ...{ now: realEffects.now, sleep: realEffects.sleep, onUnreadable: () => {} },
})
if (!opened.ok) throw opened.error
const view = { write: () => {}, isTerminal: false, columns: 80, now: realEffects.now }
process.stdout.write('begun\n')
const done = await finishExchange(opened.value.store, { databasePath, dataDir, vault: {} }, realEffects, view)
await opened.value.store.close()
if (!done.ok) throw new Error(done.error)
process.stdout.write(JSON.stringify(done.value ?? null))
