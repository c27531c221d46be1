import { createHash } from 'node:crypto'
import { isLogTable, type KeptTable, keptTableNames, type PlainRow, type WholeStore } from '../store/whole.ts'
import { type BackupHeader, backupFormat, backupVersion } from './header.ts'
import { keyOf, newEncryption, pieceCharacters, pieceSeal } from './pieces.ts'

export type WriteOptions = {
  /** Undefined: in the clear. */
  readonly passphrase?: string
  readonly secrets: boolean
  readonly requestLog: boolean
  readonly now: number
  readonly server: string
  readonly schema: string
  /** Lets others have their turn between batches. */
  readonly turn: () => Promise<void>
}

/**
 * A backup as lines of text: the header, then rows as `["table", {…}]` and one last line with their number and hash; or, with a
 * passphrase, the same lines packed and sealed in pieces. Throws where the store fails: a backup that is cut is told by its end.
 */
export async function* writeBackup(whole: WholeStore, options: WriteOptions): AsyncGenerator<string, void, undefined> {
  const names = keptTableNames.filter((name) => options.requestLog || !isLogTable(name))
  const tables: Record<string, number> = {}
  for (const name of names) tables[name] = await whole.count(name)
  const encryption = options.passphrase === undefined ? null : newEncryption()
  const header: BackupHeader = {
    format: backupFormat,
    version: backupVersion,
    createdAt: new Date(options.now).toISOString(),
    server: options.server,
    schema: options.schema,
    secrets: options.secrets,
    requestLog: options.requestLog,
    tables,
    encryption,
  }
  const headerLine = JSON.stringify(header)
  yield `${headerLine}\n`
  const lines = linesOf(whole, names, options)
  if (encryption === null || options.passphrase === undefined) {
    for await (const text of lines) yield text
    return
  }
  const { seal } = pieceSeal(await keyOf(options.passphrase, encryption), encryption, headerLine)
  let waiting = ''
  for await (const text of lines) {
    if (waiting.length > 0 && waiting.length + text.length > pieceCharacters) {
      yield `${JSON.stringify(seal(waiting, false))}\n`
      waiting = ''
    }
    waiting += text
  }
  yield `${JSON.stringify(seal(waiting, true))}\n`
}

async function* linesOf(
  whole: WholeStore,
  names: readonly KeptTable[],
  { secrets, turn }: WriteOptions,
): AsyncGenerator<string, void, undefined> {
  const hash = createHash('sha256')
  let count = 0
  for (const name of names) {
    for await (const rows of whole.read(name)) {
      let text = ''
      for (const row of rows) {
        // What was sealed with a key that is lost cannot be carried on.
        if (row.secret === null) continue
        text += `${JSON.stringify([name, secrets ? row : withoutSecrets(name, row)])}\n`
        count++
      }
      hash.update(text)
      if (text !== '') yield text
      await turn()
    }
  }
  yield `${JSON.stringify({ rows: count, sha256: hash.digest('hex') })}\n`
}

/** Hashes too: with them keys and passwords could be tried out at leisure. */
const secretMembers: ReadonlySet<string> = new Set(['secret', 'passwordHash'])
const secretOf: Partial<Record<KeptTable, ReadonlySet<string>>> = {
  apiKeys: new Set(['hash', 'previousHash']),
  adminTokens: new Set(['hash']),
}

function withoutSecrets(name: KeptTable, row: PlainRow): PlainRow {
  if (name === 'settings' && typeof row.name === 'string' && row.name.includes('password')) {
    return { ...row, value: '••••' }
  }
  return Object.fromEntries(
    Object.entries(row).map(([member, value]) => {
      const isSecret = secretMembers.has(member) || secretOf[name]?.has(member) === true
      return [member, isSecret ? '••••' : value]
    }),
  )
}
