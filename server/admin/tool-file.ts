import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { access, lstat, mkdir, open, readdir, readFile, realpath, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { type GatewayError, gatewayError } from '../conversation/error.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { RefusalReason } from './contract/refusal-reasons.ts'
import { invalidRequest, type Reason } from './invalid-request.ts'

/** A settings file of somebody's, as it stands. */
export type ToolFile = {
  /** Its path as people know it. */
  readonly file: string
  /** Where it lies: links are followed, so that they stay links. */
  readonly target: string
  /** Undefined: there is none. */
  readonly text: string | undefined
  /** Who may read it, and whose it is; of a new one nobody but its owner's. */
  readonly mode: number
  readonly owner?: { readonly uid: number; readonly gid: number }
}

/** A copy that was put aside: `made` is what was written in its place. `empty`: there was no file. */
type Copy = { readonly path: string; readonly at: number; readonly made: string; readonly empty: boolean }

const largest = 5 * 1024 * 1024
/** Of one file; older ones go. */
const mostCopies = 10

/** Reads a file that is to be written again. What is no plain text of a plain file is refused, not guessed at. */
export async function readToolFile(file: string): Promise<Result<ToolFile, GatewayError>> {
  const refuse = (why: Reason, words: string) => leftAlone(file, why, words)
  try {
    const there = await lstat(file).catch(orNothing)
    if (there === undefined) return ok({ file, target: await homeOf(file), text: undefined, mode: 0o600 })
    const target = await realpath(file).catch(orNothing)
    // Written, the link would become a file.
    if (target === undefined) return refuse({ reason: 'link-to-nothing' }, 'is a link to a file that is not there')
    const found = await stat(target)
    const { size, mode, uid, gid } = found
    // A pipe would be waited for, a device read for ever.
    if (!found.isFile()) return refuse({ reason: 'no-regular-file' }, 'is no regular file')
    if (size > largest) return refuse({ reason: 'file-large' }, 'is larger than 5 MB')
    const bytes = await readFile(target)
    try {
      const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
      return ok({ file, target, text, mode: mode & 0o777, owner: { uid, gid } })
    } catch {
      return refuse({ reason: 'no-text' }, 'is not UTF-8 text')
    }
  } catch (thrown) {
    return refuse({ reason: 'unreadable', cause: codeOf(thrown) }, `cannot be read (${codeOf(thrown)})`)
  }
}

/**
 * Writes `text` in the place of what was read, and gives the copy that was put aside; null: there was no file. A tool that reads
 * meanwhile sees the old file or the new one; one that wrote meanwhile is not written over.
 */
export async function replaceToolFile(
  before: ToolFile,
  text: string,
  now: number,
): Promise<Result<string | null, GatewayError>> {
  const { file, target } = before
  const isNew = before.text === undefined
  // A key is put into it: from here on it is nobody's but its owner's. The copy stays as the file was.
  const after = { ...before, mode: before.mode & 0o700 }
  try {
    await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
    if (!isNew && (await isReadOnly(before))) return leftAlone(file, { reason: 'read-only' }, 'is read-only')
    const copies = await copiesOf(target)
    const at = Math.max(now, (copies.at(-1)?.at ?? 0) + 1)
    const copy = `${target}.${isNew ? 'new' : 'backup'}-${stamp(at)}-${revisionOf(text)}`
    await writeNew(copy, before.text ?? '', before)
    if (isNew) {
      const made = await writeNew(target, text, after).catch((thrown) => thrown)
      if (made !== undefined) {
        await rm(copy, { force: true })
        return codeOf(made) === 'EEXIST' ? changedMeanwhile(file) : notWritten(file, made)
      }
    } else {
      const aside = `${target}.writing-${stamp(at)}`
      try {
        await writeNew(aside, text, after)
        if ((await readFile(target, 'utf8')) !== before.text) {
          await rm(copy, { force: true })
          return changedMeanwhile(file)
        }
        await rename(aside, target)
      } finally {
        await rm(aside, { force: true })
      }
    }
    for (const old of copies.slice(0, Math.max(0, copies.length + 1 - mostCopies))) await rm(old.path, { force: true })
    return ok(isNew ? null : copy)
  } catch (thrown) {
    return notWritten(file, thrown)
  }
}

/** Whether the file is still as it was made here, so that its copy may come back. */
export async function canRestore({ target, text }: ToolFile): Promise<boolean> {
  const newest = (await copiesOf(target)).at(-1)
  return newest !== undefined && text !== undefined && revisionOf(text) === newest.made
}

/** Puts the newest copy back; gives its path. Again: the copy before that one. Null: there was no file, and there is none again. */
export async function restoreToolFile(before: ToolFile): Promise<Result<string | null, GatewayError>> {
  const { file, target, text } = before
  const newest = (await copiesOf(target)).at(-1)
  if (newest === undefined)
    return err(gatewayError('not-found', `There is no copy of ${file} to go back to.`, { code: 'NO_BACKUP' }))
  if (text === undefined || revisionOf(text) !== newest.made) return changedMeanwhile(file, newest.path)
  try {
    if (newest.empty) {
      await rm(target)
      await rm(newest.path)
      return ok(null)
    }
    await rename(newest.path, target)
    return ok(newest.path)
  } catch (thrown) {
    return notWritten(file, thrown)
  }
}

/** A short name of a text, by which a change of it is noticed. */
export const revisionOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 16)

/** The copies that were made here, oldest first. Others' files are left alone. */
async function copiesOf(target: string): Promise<readonly Copy[]> {
  const [folder, start] = [path.dirname(target), `${path.basename(target)}.`]
  const names = await readdir(folder).catch(() => [])
  return names
    .flatMap((name): readonly Copy[] => {
      const found = /^(new|backup)-(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3})Z-([0-9a-f]{16})$/.exec(
        name.slice(start.length),
      )
      if (!name.startsWith(start) || found === null) return []
      const [, kind, time = '', made = ''] = found
      const at = Date.parse(`${time.replace(/T(\d\d)-(\d\d)-(\d\d)-/, 'T$1:$2:$3.')}Z`)
      return [{ path: path.join(folder, name), at, made, empty: kind === 'new' }]
    })
    .toSorted((one, other) => one.at - other.at)
}

/** A new file with these rights. */
async function writeNew(file: string, text: string, { mode, owner }: ToolFile): Promise<void> {
  const handle = await open(file, 'wx', mode)
  try {
    await handle.writeFile(text)
    await handle.chmod(mode) // whatever the mask of this process takes away
    const own = await handle.stat()
    if (owner !== undefined && (own.uid !== owner.uid || own.gid !== owner.gid))
      await handle.chown(owner.uid, owner.gid)
    await handle.sync()
  } catch (thrown) {
    await rm(file, { force: true })
    throw thrown
  } finally {
    await handle.close()
  }
}

/** Its owner meant it to stay; a rename would not ask. */
async function isReadOnly({ target, mode }: ToolFile): Promise<boolean> {
  if ((mode & 0o222) === 0) return true
  return access(target, constants.W_OK).then(
    () => false,
    () => true,
  )
}

/** The folder may be a link too. */
async function homeOf(file: string): Promise<string> {
  const folder = await realpath(path.dirname(file)).catch(orNothing)
  return folder === undefined ? file : path.join(folder, path.basename(file))
}

function orNothing(thrown: unknown): undefined {
  if (codeOf(thrown) !== 'ENOENT') throw thrown
}

export const leftAlone = (file: string, why: Reason, words: string): Result<never, GatewayError> =>
  err(invalidRequest(why, `${file} ${words}; it is left as it is.`, { code: 'UNREADABLE_FILE' }))

export const changedMeanwhile = (file: string, copy?: string): Result<never, GatewayError> => {
  const way = copy === undefined ? '' : ` What it was lies in ${copy}.`
  const message = `${file} was changed meanwhile; it is left as it is.${way}`
  return err(gatewayError('invalid-request', message, { code: 'CHANGED_MEANWHILE' }))
}

const notWritten = (file: string, thrown: unknown): Result<never, GatewayError> =>
  err(
    gatewayError('internal', `${file} could not be written: ${codeOf(thrown)}.`, {
      code: 'NOT_WRITTEN',
      params: { reason: 'unwritable' satisfies RefusalReason, cause: codeOf(thrown) },
    }),
  )

const stamp = (now: number): string => new Date(now).toISOString().replace(/[:.]/g, '-')
const codeOf = (thrown: unknown): string =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown ? String(thrown.code) : 'unknown'
