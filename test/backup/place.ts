import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { RestoreMode } from '../../server/admin/contract/backup.ts'
import { linesOf } from '../../server/backup/read-backup.ts'
import { prepareRestore, type RestoreSource } from '../../server/backup/restore.ts'
import { writeBackup } from '../../server/backup/write-backup.ts'
import { realEffects } from '../../server/lib/effects.ts'
import { finishSwitch } from '../../server/moving/switch.ts'
import { readMigrations } from '../../server/store/engine/migrate.ts'
import { openStore } from '../../server/store/open.ts'
import type { Store } from '../../server/store/store.ts'
import { keptTableNames } from '../../server/store/whole.ts'

export const originalBackup = readFileSync(
  path.join(import.meta.dir, '../fixtures/original/original-backup.json'),
  'utf8',
)

/** A data folder of its own, with its own master key. */
export function newPlace() {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'backup-'))
  const database = path.join(dataDir, 'data.sqlite3')
  const open = async (): Promise<Store> => {
    const opened = await openStore({
      ...{ path: database, dataDir, now: Date.now, sleep: async () => {} },
      onUnreadable: (id) => {
        throw new Error(`${id} cannot be opened`)
      },
    })
    if (!opened.ok) throw opened.error
    return opened.value.store
  }
  const restore = (source: RestoreSource, dryRun = false, mode: RestoreMode = 'replace') =>
    prepareRestore(source, {
      config: { databasePath: database, dataDir, vault: {}, pool: { maxInFlightPerAccount: 8 } },
      effects: realEffects,
      dryRun,
      mode,
      actor: {
        ...{ actorKind: 'owner', actorId: 'owner', actorName: 'owner' },
        ...{ peer: '', userAgent: '', action: 'restore' },
      },
    })
  return {
    dataDir,
    database,
    open,
    restore,
    finish: () => finishSwitch(database),
    remove: () => rmSync(dataDir, { recursive: true, force: true }),
  }
}

export async function* lines(text: string): AsyncGenerator<string, void, undefined> {
  yield* linesOf(new Blob([text]).stream())
}

export const textSource = (text: string, passphrase?: string): RestoreSource => ({
  kind: 'text',
  lines: lines(text),
  ...(passphrase === undefined ? {} : { passphrase }),
})

export async function backupOf(
  store: Store,
  options: { readonly passphrase?: string; readonly requestLog?: boolean; readonly secrets?: boolean } = {},
): Promise<string> {
  let text = ''
  const { requestLog = true, secrets = true, ...rest } = options
  const schema = readMigrations().at(-1)?.name ?? ''
  const written = writeBackup(store.whole, {
    ...{ ...rest, requestLog, secrets, schema, now: 1_700_000_000_000, server: '1.2.3', turn: async () => {} },
  })
  for await (const piece of written) text += piece
  return text
}

/** All there is, open, by table. */
export async function contentOf(store: Store): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const content: Record<string, unknown[]> = {}
  for (const name of keptTableNames) {
    content[name] = []
    for await (const rows of store.whole.read(name)) content[name].push(...rows)
  }
  return content
}

/** A place that holds what the original's backup brings, and something of ours in every other table that matters. */
export async function fill(made: ReturnType<typeof newPlace>) {
  await (await made.open()).close()
  const restored = await made.restore(textSource(originalBackup))
  if (!restored.ok || !made.finish().ok) throw new Error('the fixture could not be restored')
  const store = await made.open()
  const at = 1_700_000_000_000
  const hash = 'a'.repeat(64)
  const operator = { id: 'opr_1', name: 'Ada', role: 'viewer' as const, passwordHash: 'hash', enabled: true }
  await store.operators.create({ ...operator, createdAt: at, updatedAt: at })
  await store.adminTokens.create({
    ...{ id: 'adm_1', name: 't', hash, last4: 'aaaa', scopes: ['read'], subject: 'owner', createdAt: at },
  })
  const url = 'http://me:proxy-password@proxy.example:3128/'
  await store.proxies.create({
    ...{ id: 'prx_1', name: 'p', url, shownUrl: 'http://me:••••@proxy.example:3128/', weight: 1, enabled: true },
    ...{ health: { state: 'unchecked', failures: 0 }, createdAt: at, updatedAt: at },
  })
  await store.ips.saveConfig({ ip: '192.0.2.9', notes: 'n', createdAt: at, updatedAt: at })
  await store.modelMappings.create({ id: 'map_1', name: 'x', target: 'y', createdAt: at, updatedAt: at })
  const key = (await store.keys.list())[0]
  if (key === undefined) throw new Error('no key')
  await store.captures.saveRule({ keyId: key.id, maxBytes: 10, keepMs: 1, until: at, createdAt: at })
  const content = { prompt: 'a kept prompt', reply: 'a kept reply', cut: false }
  await store.captures.save({ requestId: 'req_1', keyId: key.id, expiresAt: Date.now() + 1e9 }, content)
  await store.requests.append(
    Array.from({ length: 700 }, (_, index) => ({
      ...{ id: `req_${index}`, at: at + index, dialect: 'anthropic', keyId: key.id, model: 'claude', stream: true },
      ...{ status: 200, durationMs: 5, inputTokens: 1, inputSource: 'upstream', outputTokens: 2 },
      ...{ outputSource: 'upstream', peer: '192.0.2.1', userAgent: 'test', attempts: 1, route: '[]' },
    })),
  )
  while (!(await store.rollups.catchUp())) {
    // goes on
  }
  const entry = { actorKind: 'owner' as const, actorId: 'owner', actorName: 'owner', peer: '', userAgent: '' }
  for (const action of ['one', 'two']) await store.audit.append({ ...entry, at, action, status: 200 })
  return { place: made, store }
}
