import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { keyTraces, makeKey } from '../access/key.ts'
import { newAccountRecord } from '../admin/account-draft.ts'
import type { Config } from '../config/schema.ts'
import { type Effects, randomText } from '../lib/effects.ts'
import { demoAccount, demoOptions } from '../simulator/demo.ts'
import { startSimulator } from '../simulator/simulator.ts'
import type { Core } from './core.ts'

export type Demo = {
  /** The configuration with a temporary data folder and the simulator as the provider. */
  readonly config: Config
  readonly shown: { readonly password: string; readonly key: string }
  /** Puts the demo account and key into the freshly opened data. */
  readonly prepare: (core: Core) => Promise<void>
  /** Stops the simulator and removes the folder. */
  readonly stop: () => Promise<void>
}

/** Everything works at once and without an account: the provider is our own simulator on loopback. */
export async function startDemo(config: Config, effects: Effects): Promise<Demo> {
  const account = demoAccount(effects.now())
  const simulator = await startSimulator({ ...demoOptions, accounts: [account.spec] })
  const dataDir = await mkdtemp(path.join(tmpdir(), 'claude-server-demo-'))
  const { masterKey: _key, masterKeyFile: _file, ...vault } = config.vault
  const shown = { password: randomText(12), key: makeKey() }
  return {
    config: {
      ...config,
      dataDir,
      database: { ...config.database, type: 'sqlite' },
      databasePath: path.join(dataDir, 'data.sqlite3'),
      vault,
      adminPassword: shown.password,
      upstream: { ...config.upstream, qUrl: simulator.url, oidcUrl: simulator.url, kiroAuthUrl: simulator.url },
    },
    shown,
    prepare: async ({ store, accountDeps }) => {
      const now = effects.now()
      const { credentials, label } = account
      const record = newAccountRecord(
        { id: effects.newId('acc'), label, enabled: true, credentials },
        now,
        accountDeps.newAccountRoom,
      )
      await store.accounts.create(record, credentials)
      await accountDeps.accountsChanged(record.account.id)
      await store.keys.create({
        id: effects.newId('key'),
        name: 'Demo',
        ...keyTraces(shown.key),
        enabled: true,
        createdAt: now,
      })
    },
    stop: async () => {
      await simulator.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
