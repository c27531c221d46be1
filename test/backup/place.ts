import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
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
  const restore = (source: RestoreSource, dryRun = false) =>
    prepareRestore(source, {
      config: { databasePath: database, dataDir, vault: {}, pool: { maxInFlightPerAccount: 8 } },
      effects: realEffects,
      dryRun,
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
