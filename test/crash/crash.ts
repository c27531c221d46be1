import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { newAccountRecord } from '../../server/admin/account-draft.ts'
import { realEffects } from '../../server/lib/effects.ts'
import { startSimulator } from '../../server/simulator/simulator.ts'
import { openStore } from '../../server/store/open.ts'
import type { Store } from '../../server/store/store.ts'
import type { Credentials } from '../../server/upstream/amazonq/credentials.ts'
import { createTokenKeeper } from '../../server/upstream/amazonq/refresh.ts'
import { settingsFor } from './settings.ts'

export type CrashResult = {
  readonly kills: number
  /** Refreshes the provider answered in all. */
  readonly refreshes: number
  /** Accounts that said "sign in again", summed over all kills; each was signed in again and went on. */
  readonly lost: number
  /** Refreshes the provider refused. More than one for each loss and one for each kill would be a loop nobody sees. */
  readonly refused: number
  /** Accounts that work at the end. */
  readonly working: number
}

const accountCount = 6

/**
 * Kills a process with SIGKILL at random moments of refresh traffic. `rotate`: the provider accepts the previous token until
 * the new one is used; `strict`: a token dies with its use, so an answer still in flight takes the sign-in with it.
 */
export async function crash(kills: number, rotation: 'rotate' | 'strict'): Promise<CrashResult> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'gateway-crash-'))
  const simulator = await startSimulator({ keepRequests: 1 })
  const accounts = Array.from({ length: accountCount }, (_, index) =>
    simulator.accounts.add({ id: `acc-${index}`, rotation, method: index % 2 === 0 ? 'builder-id' : 'social' }),
  )
  const withStore = async <T>(use: (store: Store) => Promise<T>): Promise<T> => {
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
    try {
      return await use(opened.value.store)
    } finally {
      await opened.value.store.close()
    }
  }
  const credentialsOf = (index: number): Credentials => {
    const { accessToken: _access, accessExpiresAt: _expiry, ...lasting } = accounts[index]?.secrets() ?? {}
    return lasting as Credentials // the simulator's secrets have the same members
  }
  await withStore(async (store) => {
    for (let index = 0; index < accountCount; index++) {
      const credentials = credentialsOf(index)
      const record = newAccountRecord(
        { id: `acc-${index}`, label: `${index}`, enabled: true, credentials },
        Date.now(),
        8,
      )
      await store.accounts.create(record, credentials)
    }
  })

  const refusedSoFar = (): number => accounts.reduce((sum, account) => sum + account.counts().refusedRefreshes, 0)
  const answered = (): number => simulator.counters().refreshes + refusedSoFar()
  let lost = 0
  for (let kill = 0; kill < kills; kill++) {
    const child = Bun.spawn([process.execPath, path.join(import.meta.dir, 'child.ts'), dataDir, simulator.url], {
      stdout: 'pipe',
      stderr: 'inherit',
    })
    const before = answered()
    await child.stdout.getReader().read()
    // On a busy machine the traffic may take its time to begin; a kill before it would test nothing.
    for (const deadline = Date.now() + 10_000; answered() === before && Date.now() < deadline; ) await Bun.sleep(1)
    await Bun.sleep(Math.random() * 40)
    child.kill('SIGKILL')
    await child.exited
    lost += await withStore(async (store) => {
      const gone = (await store.accounts.list()).filter(({ account }) => account.health.state === 'expired')
      for (const { account } of gone) {
        if (account.health.reason === undefined || account.health.reason === '')
          throw new Error('a loss without a reason')
        await store.accounts.credentials.save(account.id, credentialsOf(Number(account.id.slice(4))))
        await store.accounts.saveHealth(account.id, { state: 'ready', since: Date.now(), failures: 0 })
      }
      return gone.length
    })
  }

  const working = await withStore(async (store) => {
    const tokens = createTokenKeeper({
      settings: settingsFor(simulator.url),
      effects: realEffects,
      store: store.accounts.credentials,
      onDead: () => {
        lost++
      },
    })
    const results = await Promise.all(accounts.map(({ id }) => tokens.refreshNow(id)))
    return results.filter(({ ok }) => ok).length
  })
  const refused = refusedSoFar()
  const { refreshes } = simulator.counters()
  await simulator.stop()
  rmSync(dataDir, { recursive: true, force: true })
  return { kills, refreshes, lost, refused, working }
}
