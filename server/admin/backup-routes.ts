import { Type } from '@sinclair/typebox'
import { Elysia } from 'elysia'
import { headerText } from '../lib/header-text.ts'
import type { Result } from '../lib/result.ts'
import { keptTableNames } from '../store/whole.ts'
import { commandLine } from './actor.ts'
import { jsonBody, optionalJsonBody } from './body.ts'
import {
  BackupAsk,
  type BackupFileView,
  RestoreAsk,
  type RestoreDone,
  RestoreMode,
  type RestoreReport,
} from './contract/backup.ts'
import type { AdminError } from './contract/session.ts'
import type { AdminDeps, BackupFault, PortableAsk, RestoreActor } from './deps.ts'
import { refuse } from './failure.ts'
import type { FreshPassword } from './fresh-password.ts'
import type { Gate } from './gate.ts'
import { type JobContext, jobAnswer } from './job-answer.ts'
import type { JobBoard, Progress } from './job-board.ts'
import { isYes } from './permissions.ts'

/** Beside the body, which is the backup itself; outside of Latin-1 as percent-escapes. */
export const passphraseHeader = 'x-backup-passphrase'

type Parts = { readonly gate: Gate; readonly jobs: JobBoard; readonly fresh: FreshPassword }

/** Backups of everything: of the original's scripts (export and import), ours, and files on the machine. */
export function backupRoutes(deps: AdminDeps, { gate, jobs, fresh }: Parts) {
  const { backup } = deps
  const restore = async (
    context: JobContext,
    action: string,
    from: { readonly body: AsyncIterable<Uint8Array> } | { readonly file: string },
    how: { readonly dryRun: boolean; readonly mode: RestoreMode; readonly passphrase?: string },
  ) => {
    const { request } = context
    const entry = gate.entryOf(request)
    if (backup === undefined || entry === undefined || entry.by === 'nobody') return failed(unavailable)
    if (!how.dryRun) {
      const refusal = await pageNeedsPassword(request, restoreNeedsPassword)
      if (refusal !== undefined) return refusal
    }
    const { kind: actorKind, id: actorId, name: actorName } = entry.actor
    const actor: RestoreActor = {
      ...{ actorKind, actorId, actorName, action },
      peer: deps.peerOf(request).address,
      userAgent: headerText(request.headers.get('user-agent') ?? '').slice(0, 256),
    }
    if (how.dryRun) return restored(await backup.restore(from, { ...how, actor }))
    const read = Promise.withResolvers<void>()
    const work = async (progress: Progress): Promise<RestoreDone | Response> => {
      try {
        const source = 'body' in from ? { body: readThrough(from.body, read.resolve) } : from
        progress.expect(keptTableNames.length)
        const onTable = (name: string): void => {
          if (progress.signal.aborted) throw new Error('it was cancelled')
          progress.report({ ok: true, outcome: 'restored', name })
        }
        const done = await backup.restore(source, { ...how, actor, onTable })
        if (!done.ok) progress.report(failedItem(done.error))
        return restored(done)
      } finally {
        read.resolve()
      }
    }
    return jobAnswer(jobs, context, 'backup.restore', work, 'body' in from ? { ready: read.promise } : {})
  }
  /** A script has just shown the password; a page may have been left open. */
  const pageNeedsPassword = async (request: Request, lacking: AdminError): Promise<Response | undefined> => {
    if (gate.entryOf(request)?.by !== 'session') return undefined
    const shown = await fresh(request)
    if (!shown.ok) return shown.refusal
    return shown.given ? undefined : refuse(403, lacking)
  }
  const named = async (name: string): Promise<BackupFileView | Response> =>
    backup === undefined ? failed(unavailable) : ((await backup.find(name)) ?? refuse(404, noSuchCopy))
  return (
    new Elysia({ prefix: '/v2/backup' })
      /** The original's own form, as its scripts ask for it. */
      .get('/export', async ({ request }) => {
        if (backup === undefined) return failed(unavailable)
        const shown = await fresh(request)
        if (!shown.ok) return shown.refusal
        noteExport(deps, request, shown.given)
        return backup.original(shown.given)
      })
      .post(
        '/export',
        async ({ request, body }) => {
          if (backup === undefined) return failed(unavailable)
          const { secrets = true, requestLog = false, encrypt = true } = body
          const passphrase = body.passphrase ?? passphraseOf(request)
          const hasPassphrase = passphrase !== undefined && passphrase !== ''
          if (!encrypt && hasPassphrase) return refuse(400, passphraseInTheClear)
          if (contradicts(body.passphrase, passphraseOf(request))) return refuse(400, twoPassphrases)
          if (encrypt && !hasPassphrase) return refuse(400, secrets ? noPassphrase : noPassphraseMasked)
          const shown = await fresh(request, body.password)
          if (!shown.ok) return shown.refusal
          if (secrets && !shown.given) return refuse(403, noPassword)
          const ask: PortableAsk = {
            secrets,
            requestLog,
            ...(encrypt && passphrase !== undefined ? { passphrase } : {}),
          }
          const text = await backup.portable(ask)
          if (!text.ok) return failed(text.error)
          noteExport(deps, request, secrets)
          const name = `claude-server-backup-${new Date(deps.effects.now()).toISOString().slice(0, 10)}.jsonl`
          return new Response(streamOf(text.value), {
            headers: {
              'content-type': 'application/x-ndjson; charset=utf-8',
              'content-disposition': `attachment; filename="${name}"`,
              'cache-control': 'no-store',
            },
          })
        },
        { parse: optionalJsonBody, body: BackupAsk },
      )
      .post(
        '/import',
        async (context) => {
          const { query, request } = context
          const passphrase = passphraseOf(request)
          return restore(
            context,
            'POST /v2/backup/import',
            { body: request.body ?? emptyBody() },
            {
              dryRun: isYes(query.dry_run),
              mode: query.mode ?? 'replace',
              ...(passphrase === undefined ? {} : { passphrase }),
            },
          )
        },
        // Read as it comes, by the restore itself.
        {
          parse: () => ({}),
          query: Type.Object({ dry_run: Type.Optional(Type.String()), mode: Type.Optional(RestoreMode) }),
        },
      )
      .get('/files', () => backup?.files() ?? failed(unavailable))
      .get('/last-restore', () => backup?.lastRestore() ?? failed(unavailable))
      .get('/files/:name', async ({ params, request }) => {
        const found = await named(params.name)
        if (found instanceof Response) return found
        const refusal = await pageNeedsPassword(request, copyNeedsPassword)
        if (refusal !== undefined) return refusal
        noteExport(deps, request, true)
        return new Response(Bun.file(found.file), {
          headers: {
            'content-type': 'application/vnd.sqlite3',
            'content-disposition': `attachment; filename="${found.name}"`,
            'cache-control': 'no-store',
          },
        })
      })
      .delete('/files/:name', async ({ params }) => {
        const found = await named(params.name)
        if (found instanceof Response) return found
        await backup?.remove(params.name)
        return { success: true }
      })
      .post(
        '/files/:name/restore',
        async (context) => {
          const { params, body } = context
          const found = await named(params.name)
          if (found instanceof Response) return found
          const { dry_run: dryRun = false, mode = 'replace' } = body
          return restore(context, 'POST /v2/backup/files/:name/restore', found, { dryRun, mode })
        },
        { parse: optionalJsonBody, body: RestoreAsk },
      )
      .post('/files', (context) =>
        jobAnswer(
          jobs,
          context,
          'backup.file',
          async (progress) => {
            progress.expect(1)
            const made: Result<BackupFileView, BackupFault> =
              backup === undefined
                ? { ok: false, error: unavailable }
                : await backup.toFile(undefined, undefined, progress.signal)
            progress.report(made.ok ? { ok: true, outcome: 'written', name: made.value.file } : failedItem(made.error))
            return made.ok ? made.value : failed(made.error)
          },
          { only: true },
        ),
      )
  )
}

/** The same for the command line: files of this machine, by the server that has them. */
export function backupControlRoutes(deps: AdminDeps) {
  const { backup } = deps
  const Passphrase = Type.Optional(Type.String())
  return new Elysia({ prefix: '/api/control' })
    .post(
      '/backup',
      async ({ body: { file, portable } }) => {
        const made = await backup?.toFile(file, portable && { ...portable, secrets: true })
        return made === undefined ? failed(unavailable) : made.ok ? made.value : failed(made.error)
      },
      {
        parse: jsonBody,
        body: Type.Object({
          file: Type.Optional(Type.String()),
          portable: Type.Optional(Type.Object({ passphrase: Passphrase, requestLog: Type.Boolean() })),
        }),
      },
    )
    .post(
      '/restore',
      async ({ body: { file, passphrase, dry_run, mode = 'replace' } }) => {
        const { kind: actorKind, id: actorId, name: actorName } = commandLine
        const actor = { actorKind, actorId, actorName, peer: '127.0.0.1', userAgent: '', action: 'restore' }
        const done = await backup?.restore(
          { file },
          { dryRun: dry_run === true, mode, actor, ...(passphrase === undefined ? {} : { passphrase }) },
        )
        return done === undefined ? failed(unavailable) : restored(done)
      },
      {
        parse: jsonBody,
        body: Type.Object({
          file: Type.String(),
          passphrase: Passphrase,
          dry_run: Type.Optional(Type.Boolean()),
          mode: Type.Optional(RestoreMode),
        }),
      },
    )
}

function restored(done: Result<RestoreReport, BackupFault>): RestoreDone | Response {
  if (!done.ok) return failed(done.error)
  const report = done.value
  return {
    success: true,
    message: report.dryRun
      ? 'Nothing was changed: this is what a restore would do.'
      : `The backup is ${report.mode === 'merge' ? 'merged' : 'restored'}. The server starts anew with it now; everybody signs in again.`,
    restarting: !report.dryRun,
    report,
  }
}

const unavailable: BackupFault = { kind: 'unavailable', message: 'Backups are made and restored by a running server.' }
const statuses = { refused: 400, passphrase: 400, busy: 409, unavailable: 503 } as const satisfies Record<
  BackupFault['kind'],
  number
>
const codes = {
  refused: 'INVALID_BACKUP',
  passphrase: 'PASSPHRASE_WRONG',
  busy: 'CONFLICT',
  unavailable: 'UNAVAILABLE',
} as const

const failedItem = ({ kind, message: error, reason }: BackupFault) => ({
  ...{ ok: false, outcome: 'failed', error, code: codes[kind] },
  ...(reason === undefined ? {} : { params: { reason } }),
})

const failed = ({ kind, message: error, reason }: BackupFault): Response =>
  refuse(statuses[kind], {
    ...{ error, code: codes[kind] },
    ...(kind === 'passphrase' ? { field: 'passphrase' } : {}),
    ...(reason === undefined ? {} : { params: { reason } }),
  })

const noPassphrase = {
  error:
    'A backup holds every secret: give a passphrase (at least 12 characters) it is encrypted with, or ask for one in the clear with "encrypt": false.',
  code: 'PASSPHRASE_REQUIRED',
  field: 'passphrase',
}
const noPassphraseMasked = {
  error:
    'A backup is encrypted, one whose secrets are masked too: give a passphrase (at least 12 characters), or ask for this one in the clear with "encrypt": false.',
  code: 'PASSPHRASE_REQUIRED',
  field: 'passphrase',
}
const passphraseInTheClear = {
  error: 'A backup in the clear ("encrypt": false) has no passphrase: leave out one of the two.',
  code: 'INVALID_REQUEST',
  field: 'passphrase',
  params: { reason: 'passphrase-in-the-clear' },
}
const twoPassphrases = {
  error: `The passphrase of the body is another than that of the header ${passphraseHeader}: give one.`,
  code: 'INVALID_REQUEST',
  field: 'passphrase',
  params: { reason: 'passphrase-twice' },
}
const noPassword = {
  error:
    'A backup holds every secret: give your password with this request, or ask for one without secrets with "secrets": false.',
  code: 'PASSWORD_REQUIRED',
  field: 'password',
}
const noSuchCopy = { error: 'There is no copy of this name; it may have been deleted.', code: 'NOT_FOUND' }
const copyNeedsPassword = {
  error: 'A copy holds everything: give your password again first (`POST /v2/confirmation`).',
  code: 'PASSWORD_REQUIRED',
  field: 'password',
}
const restoreNeedsPassword = {
  error: 'A restore changes everything: give your password again first (`POST /v2/confirmation`).',
  code: 'PASSWORD_REQUIRED',
  field: 'password',
}

function noteExport(deps: AdminDeps, request: Request, secrets: boolean): void {
  deps.log(secrets ? 'warn' : 'info', 'backup.exported', {
    masked: !secrets, // a field named after secrets is hidden
    peer: deps.peerOf(request).address,
  })
}

function passphraseOf(request: Request): string | undefined {
  const header = request.headers.get(passphraseHeader)
  if (header === null) return undefined
  try {
    return /%[0-9a-f]{2}/i.test(header) ? decodeURIComponent(header) : header
  } catch {
    return header
  }
}

const contradicts = (one: string | undefined, other: string | undefined): boolean =>
  one !== undefined && other !== undefined && one !== other

/** `read` is called once nothing more of it is wanted. */
async function* readThrough(body: AsyncIterable<Uint8Array>, read: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } finally {
    read()
  }
}

async function* emptyBody(): AsyncGenerator<Uint8Array> {}

/** Pulled as it is read: whoever reads slowly holds nothing up but the backup. */
function streamOf(text: AsyncGenerator<string, void, undefined>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    pull: async (controller) => {
      const next = await text.next()
      if (next.done === true) controller.close()
      else controller.enqueue(encoder.encode(next.value))
    },
    cancel: async () => void (await text.return()),
  })
}
