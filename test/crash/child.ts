// Refresh traffic to be killed at any moment: opens the real store and refreshes every account over and over.
// Usage: child.ts <data folder> <simulator url> <transcript>. What it does it writes into the transcript: see transcript.ts.
import { openSync, writeSync } from 'node:fs'
import path from 'node:path'
import { type Effects, realEffects } from '../../server/lib/effects.ts'
import { openStore } from '../../server/store/open.ts'
import { createTokenKeeper } from '../../server/upstream/amazonq/refresh.ts'
import { settingsFor } from './settings.ts'
import { markOf, turnMs } from './transcript.ts'

// Its parent may be gone without killing it: then nobody waits for the traffic any more.
process.stdin.on('end', () => process.exit()).resume()
const [dataDir = '', url = '', transcript = ''] = process.argv.slice(2)
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

const file = openSync(transcript, 'w')
const say = (...words: readonly string[]): void => void writeSync(file, `${words.join(' ')}\n`)
// Counted by this process for itself, so that one that got no time to run has not dawdled either.
setInterval(() => say('turn'), turnMs)
const effects: Effects = {
  ...realEffects,
  fetch: async (target, init) => {
    const id = init?.via ?? ''
    say('ask', id)
    const answer = await realEffects.fetch(target, init)
    const text = await answer.text()
    const { refreshToken } = JSON.parse(text) as { readonly refreshToken?: string }
    say(...(refreshToken === undefined ? ['refused', id] : ['got', id, markOf(refreshToken)]))
    return new Response(text, answer)
  },
}

const saving = new Map<string, Promise<void>>()
const tokens = createTokenKeeper({
  settings: settingsFor(url),
  effects,
  store: store.accounts.credentials,
  onDead: (id, _, reason) => {
    saving.set(id, store.accounts.saveHealth(id, { state: 'expired', since: Date.now(), reason, failures: 0 }))
  },
})
const run = async (id: string): Promise<void> => {
  for (;;) {
    await saving.get(id)
    const record = await store.accounts.get(id)
    if (record?.account.health.state === 'expired') return
    const answer = await tokens.refreshNow(id)
    if (answer.ok) say('has', id)
  }
}
await Promise.all((await store.accounts.list()).map(({ account }) => run(account.id)))
