import type { ConsoleAsk } from '../access/admit.ts'
import type { Passwords } from '../access/password.ts'
import type { ConfigRow } from '../config/rows.ts'
import type { ModelInfo } from '../conversation/model.ts'
import type { ConsolePath } from '../dialect/console-chat.ts'
import type { Effects } from '../lib/effects.ts'
import type { Feed } from '../lib/feed.ts'
import type { Result } from '../lib/result.ts'
import type { Logger } from '../observe/log.ts'
import type { Online } from '../observe/online.ts'
import type { RequestRecord } from '../store/request-record.ts'
import type { AuditEntry, Store } from '../store/store.ts'
import type { SignIns } from '../upstream/amazonq/sign-in.ts'
import type { AccountDeps } from './account-deps.ts'
import type {
  BackupFileList,
  BackupFileView,
  LastRestore,
  OriginalBackup,
  RestoreMode,
  RestoreReport,
} from './contract/backup.ts'
import type { HeldSize } from './contract/health.ts'
import type { ImportReport } from './contract/import-report.ts'
import type { ModelList } from './contract/models.ts'
import type { RefusalReason } from './contract/refusal-reasons.ts'
import type { EventStreams } from './event-streams.ts'
import type { Live } from './live.ts'
import type { ClientRoute } from './openapi/document.ts'
import type { RequestPeer } from './request-peer.ts'
import type { SuccessionAccess } from './succession.ts'
import type { UsageAccess } from './used-view.ts'

export type BackupFault = {
  readonly kind: 'refused' | 'passphrase' | 'busy' | 'unavailable'
  readonly message: string
  /** The message as a stable word, where there is one. */
  readonly reason?: RefusalReason
}
export type PortableAsk = {
  /** Undefined: in the clear. */
  readonly passphrase?: string
  readonly secrets: boolean
  readonly requestLog: boolean
}
export type RestoreActor = Pick<AuditEntry, 'actorKind' | 'actorId' | 'actorName' | 'peer' | 'userAgent' | 'action'>

/** Backups of everything, and the way back. */
export type BackupAccess = {
  /** As the original answered it. */
  readonly original: (secrets: boolean) => Promise<OriginalBackup>
  /** Ours, as text in pieces. */
  readonly portable: (ask: PortableAsk) => Promise<Result<AsyncGenerator<string, void, undefined>, BackupFault>>
  /** Into a file on this machine; without a name into the folder of backups, of which the oldest then go. */
  readonly toFile: (
    file: string | undefined,
    portable: PortableAsk | undefined,
    signal?: AbortSignal,
  ) => Promise<Result<BackupFileView, BackupFault>>
  readonly files: () => Promise<BackupFileList>
  /** One of the list; undefined: none is called so. */
  readonly find: (name: string) => Promise<BackupFileView | undefined>
  /** False: none is called so. */
  readonly remove: (name: string) => Promise<boolean>
  readonly lastRestore: () => Promise<LastRestore>
  /** Once it is done, and not for a dry run, the server starts anew. */
  readonly restore: (
    from: { readonly body: AsyncIterable<Uint8Array> } | { readonly file: string },
    options: {
      readonly passphrase?: string
      readonly dryRun: boolean
      readonly mode: RestoreMode
      readonly actor: RestoreActor
      /** Told of each table that is done. */
      readonly onTable?: (name: string) => void
    },
  ) => Promise<Result<RestoreReport, BackupFault>>
}

/** The process and what it runs on. Null: nobody knows here. */
export type MachineState = {
  readonly commit: string | null
  /** When that was committed, ISO 8601. */
  readonly builtFrom: string | null
  readonly runtime: string
  readonly system: string
  readonly cpus: number
  readonly pid: number
  readonly startedAt: number
  readonly memoryBytes: number
  readonly heapBytes: number
  readonly diskFreeBytes: number | null
  readonly diskTotalBytes: number | null
  readonly databaseBytes: number | null
}

/** Everything the admin API takes from the rest of the program. */
export type AdminDeps = Omit<AccountDeps, 'effects'> & {
  readonly store: Store
  readonly effects: Pick<Effects, 'now' | 'newId' | 'after' | 'sleep' | 'random' | 'fetch'>
  /** Bulk work, events and alerts: begun before the API, for accounts change before it is there. */
  readonly live: Live
  readonly passwords: Passwords
  /** They poll by themselves and give what they got to `acceptSignIn`. */
  readonly signIns: Pick<SignIns, 'start' | 'status' | 'wait' | 'cancel'>
  readonly availableModels: () => Promise<ModelList['models']> | ModelList['models']
  /** The routes of the client APIs, for the OpenAPI document. */
  readonly clientApi?: readonly ClientRoute[]
  /** Serves a chat of the console itself, with everything a client's call has. Absent: nobody serves. */
  readonly testChat?: (path: ConsolePath, request: Request, as: ConsoleAsk) => Promise<Response>
  /** The folder of whoever runs the server, where tools on this machine keep their settings. Absent: they are left alone. */
  readonly homeDir?: string
  /** Sets the counters of all accounts to zero, those that are not written yet included. */
  readonly resetCounters: () => Promise<void>
  /** Deletes every request record, and what was worked out from them. */
  readonly clearRequestLogs: () => Promise<void>
  /** The union of the accounts' model lists; empty when none is known. */
  readonly offered: () => Promise<readonly ModelInfo[]>
  /** The counters of keys and users. */
  readonly usage: UsageAccess
  /** Blocked addresses or limits of single ones changed in the store: they hold from the next request on. */
  readonly ipsChanged: () => Promise<void>
  /** Mappings of model names changed in the store: they hold from the next request on. */
  readonly mappingsChanged: () => Promise<void>
  /** A key was created or revoked: admission forgets what it remembers. */
  readonly keysChanged: () => void
  /** What the configuration file says of settings, by their stored names, where nothing was ever set. */
  readonly configured?: Readonly<Record<string, string>>
  /** Each value the server was started with, and where it came from; secrets are only said to be set. */
  readonly startedWith?: () => readonly ConfigRow[]
  readonly machine?: () => MachineState
  /** What is watched of memory, queues and caches, with the limit of each. */
  readonly sizes?: () => readonly HeldSize[]
  /** Settings that changed, by their stored names, sealed ones excepted; `null`: back to the default. Called after they are on disk. */
  readonly applySettings: (changed: Readonly<Record<string, string | null>>) => Promise<void> | void
  /** The keys whose prompts and replies are kept changed in the store. */
  readonly capturesChanged: () => Promise<void>
  readonly streams: EventStreams
  readonly serverLog: Pick<Logger, 'recent' | 'subscribe'>
  /** Requests as they end. */
  readonly finished: Pick<Feed<RequestRecord>, 'recent' | 'subscribe'>
  /** Who is here now. */
  readonly online: Pick<Online, 'count'>
  /** How long the provider takes to answer, ms; undefined: it does not. */
  readonly providerLatency: () => Promise<number | undefined>
  readonly version: string
  /** Absolute. */
  readonly dataDir: string
  /** The port in use. */
  readonly port: () => number
  /** Addresses of this machine in its network that are listened on: `http://192.168.1.5:62311`. */
  readonly lanUrls?: () => readonly string[]
  readonly demo?: { readonly password: string; readonly key: string }
  /** Printed at start; asked for while the first password is in force. */
  readonly setupCode: string
  readonly peerOf: (request: Request) => RequestPeer
  /** Pages the console is opened at besides the host that was asked for: `https://gateway.example.com`. */
  readonly consoleOrigins?: readonly string[]
  /** The request id the edge gave, for the answer to an unexpected failure. */
  readonly requestIdOf?: (request: Request) => string | undefined
  /** Test mode is on: dangerous routes need this password; without one nobody may use them. */
  readonly testMode?: { readonly password?: string }
  /** Guards `/api/control/*`: made at each start and written to a file only the operator can read. */
  readonly controlToken: string
  /** Absent: there is no server, whose work it is. */
  readonly backup?: BackupAccess
  /** Absent likewise. */
  readonly succession?: SuccessionAccess
  /** The newest report of an import into this data folder; undefined: there is none. */
  readonly importReport?: () => ImportReport | undefined
  /** What `doctor` asks a running server besides accounts and keys. */
  readonly doctor?: () => Promise<Readonly<Record<string, unknown>>>
}
