// Refresh traffic to be killed at any moment: opens the real store and refreshes every account over and over.
// Usage: child.ts <data folder> <simulator url>. Prints "ready" once the first refresh is under way.
import path from 'node:path'
import { realEffects } from '../../server/lib/effects.ts'
import { openStore } from '../../server/store/open.ts'
import { createTokenKeeper } from '../../server/upstream/amazonq/refresh.ts'
import { settingsFor } from './settings.ts'

const [dataDir = '', url = ''] = process.argv.slice(2)
const opened = await openStore({
  path: path.join(dataDir, 'data.sqlite3'),
  dataDir,
  now: realEffects.now,
  sleep: realEffects.sleep,
  onUnreadable: (id, reason) => {
    throw new Error(`${id}: ${reason}`)
  },
})
if (!opened.ok) throw opened.error
const { store } = opened.value
const saving = new Map<string, Promise<void>>()
const tokens = createTokenKeeper({
  settings: settingsFor(url),
  effects: realEffects,
  store: store.accounts.credentials,
  onDead: (id, _, reason) => {
    saving.set(id, store.accounts.saveHealth(id, { state: 'expired', since: Date.now(), reason, failures: 0 }))
  },
})
process.stdout.write('ready\n')
const run = async (id: string): Promise<void> => {
  for (;;) {
    await saving.get(id)
    const record = await store.accounts.get(id)
    if (record?.account.health.state === 'expired') return
    await tokens.refreshNow(id)
  }
}
await Promise.all((await store.accounts.list()).map(({ account }) => run(account.id)))
