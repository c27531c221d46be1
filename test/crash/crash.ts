import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
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
import { coursesOf, markOf } from './transcript.ts'

export type CrashResult = {
  /** Refreshes the provider answered in all. */
  readonly refreshes: number
  /** Refreshes the provider refused. */
  readonly refused: number
  /** Accounts that said "sign in again", summed over all kills; each was signed in again and went on. */
  readonly lost: number
  /** Accounts whose answer was in flight at a kill, summed over all kills: no more may be lost. */
  readonly inFlight: number
  /** Accounts that work at the end, where they were lost after another sign-in. */
  readonly working: number
  /** What must never be, in words; empty. */
  readonly faults: readonly string[]
}

const accountCount = 6

/**
 * Kills a process with SIGKILL at random moments of refresh traffic. `rotate`: the provider accepts the previous token until
 * the new one is used; `strict`: a token dies with its use, so an answer still in flight takes the sign-in with it.
 */
export async function crash(kills: number, rotation: 'rotate' | 'strict'): Promise<CrashResult> {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'gateway-crash-'))
  const transcript = path.join(dataDir, 'transcript')
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
  const marksIn = async (store: Store): Promise<ReadonlyMap<string, string>> => {
    const loads = accounts.map(async ({ id }) => {
      const credentials = await store.accounts.credentials.load(id)
      return [id, markOf(credentials?.refreshToken)] as const
    })
    return new Map(await Promise.all(loads))
  }
  let marks = await withStore(async (store) => {
    for (let index = 0; index < accountCount; index++) {
      const credentials = credentialsOf(index)
      const record = newAccountRecord(
        { id: `acc-${index}`, label: `${index}`, enabled: true, credentials },
        Date.now(),
        8,
      )
      await store.accounts.create(record, credentials)
    }
    return marksIn(store)
  })

  const refusedSoFar = (): number => accounts.reduce((sum, account) => sum + account.counts().refusedRefreshes, 0)
  const answered = (): number => simulator.counters().refreshes + refusedSoFar()
  const faults: string[] = []
  /** Since an answer of theirs was in flight at a kill, nothing has shown that their sign-in is good. */
  const doubtful = new Set<string>()
  let [lost, inFlight] = [0, 0]

  /** Holds a killed process to what it wrote of itself. */
  const judge = (kill: number, onDisk: ReadonlyMap<string, string>): void => {
    for (const [id, course] of coursesOf(readFileSync(transcript, 'utf8'), marks)) {
      const at = `kill ${kill}, ${id}:`
      if (![course.stored, course.arriving].includes(onDisk.get(id)))
        faults.push(`${at} a token that was given out, or had come some time before, is not on disk`)
      if (course.isProven) doubtful.delete(id)
      if (course.refused > 0 && !doubtful.has(id)) faults.push(`${at} refused, and no answer had been in flight`)
      if (course.refused > 1) faults.push(`${at} asked again with a token that was refused`)
      if (course.isInFlight) {
        doubtful.add(id)
        inFlight++
      }
    }
  }

  for (let kill = 0; kill < kills; kill++) {
    const child = Bun.spawn(
      [process.execPath, path.join(import.meta.dir, 'child.ts'), dataDir, simulator.url, transcript],
      { stdin: 'pipe', stdout: 'inherit', stderr: 'inherit' },
    )
    const before = answered()
    // On a busy machine the traffic may take its time to begin; a kill before it would test nothing.
    for (const deadline = Date.now() + 20_000; answered() === before && Date.now() < deadline; ) await Bun.sleep(1)
    await Bun.sleep(Math.random() * 40)
    child.kill('SIGKILL')
    await child.exited
    marks = await withStore(async (store) => {
      judge(kill, await marksIn(store))
      for (const { account } of await store.accounts.list()) {
        if (account.health.state !== 'expired') continue
        lost++
        if (!doubtful.delete(account.id)) faults.push(`kill ${kill}, ${account.id}: lost without an answer in flight`)
        if (!account.health.reason) faults.push(`kill ${kill}, ${account.id}: lost without a reason`)
        await store.accounts.credentials.save(account.id, credentialsOf(Number(account.id.slice(4))))
        await store.accounts.saveHealth(account.id, { state: 'ready', since: Date.now(), failures: 0 })
      }
      return marksIn(store)
    })
  }

  const working = await withStore(async (store) => {
    const tokens = createTokenKeeper({
      settings: settingsFor(simulator.url),
      effects: realEffects,
      store: store.accounts.credentials,
      onDead: (id) => {
        lost++
        if (!doubtful.has(id)) faults.push(`at the end, ${id}: lost without an answer in flight`)
      },
    })
    const results = await Promise.all(
      accounts.map(async ({ id }, index) => {
        const answer = await tokens.refreshNow(id)
        if (answer.ok) return answer
        await tokens.adopt(id, credentialsOf(index))
        return tokens.refreshNow(id)
      }),
    )
    return results.filter(({ ok }) => ok).length
  })
  const refused = refusedSoFar()
  const { refreshes } = simulator.counters()
  await simulator.stop()
  rmSync(dataDir, { recursive: true, force: true })
  return { refreshes, refused, lost, inFlight, working, faults }
}
