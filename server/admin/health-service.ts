import { productName } from '../config/build.ts'
import { stateOf } from './account-view.ts'
import { servesNow } from './attention.ts'
import type { HealthView } from './contract/health.ts'
import type { AdminDeps, MachineState } from './deps.ts'
import { mostStreams } from './event-streams.ts'
import { healthChecks } from './health-check.ts'
import { hidesVisitors, isHttpsPage } from './origin.ts'
import { resetCommandOf } from './persons.ts'
import type { SettingsService } from './settings-service.ts'
import { supportReport } from './support-report.ts'

type Deps = AdminDeps & { readonly settings: SettingsService }

export type HealthService = {
  readonly view: (request: Request) => Promise<HealthView>
  /** Markdown, for whoever helps. */
  readonly report: (request: Request) => Promise<string>
}

/** Of a program that is no server there is nothing to tell. */
const unknownMachine: MachineState = {
  ...{
    commit: null,
    builtFrom: null,
    runtime: '',
    system: '',
    cpus: 0,
    pid: 0,
    startedAt: 0,
    memoryBytes: 0,
    heapBytes: 0,
  },
  ...{ diskFreeBytes: null, diskTotalBytes: null, databaseBytes: null },
}

/** How the process itself is, and what is told of it to others. */
export function createHealthService(deps: Deps): HealthService {
  const { store, effects, settings } = deps

  const view = async (request: Request): Promise<HealthView> => {
    const now = effects.now()
    const machine = deps.machine?.() ?? unknownMachine
    const [accounts, keys, database] = await Promise.all([store.accounts.list(), store.keys.list(), store.describe()])
    const peer = deps.peerOf(request)
    const facts = {
      database: {
        engine: database.engine,
        version: database.version,
        place: database.path,
        writable: database.writable,
        bytes: machine.databaseBytes,
      },
      disk: { free_bytes: machine.diskFreeBytes, total_bytes: machine.diskTotalBytes },
      pool: {
        accounts: accounts.length,
        in_service: accounts.filter((record) => record.account.enabled && servesNow(record, now)).length,
        in_flight: accounts.reduce((sum, { account }) => sum + deps.inFlight(account.id), 0),
        waiting: deps.poolStats?.()?.waiting ?? 0,
      },
    }
    const isFile = database.engine === 'SQLite'
    const newest = isFile ? (await deps.backup?.files())?.files.find(({ kind }) => kind === 'copy') : undefined
    return {
      ...facts,
      version: deps.version,
      commit: machine.commit,
      commit_date: machine.builtFrom,
      runtime: machine.runtime,
      system: machine.system,
      cpus: machine.cpus,
      pid: machine.pid,
      started_at: new Date(machine.startedAt).toISOString(),
      now: new Date(now).toISOString(),
      memory_bytes: machine.memoryBytes,
      heap_bytes: machine.heapBytes,
      data_dir: deps.dataDir,
      streams: { open: deps.streams.size(), limit: mostStreams },
      sizes: [...(deps.sizes?.() ?? [])],
      checks: [
        ...healthChecks({
          ...facts,
          now,
          keys: keys.length,
          encrypted: peer.https || isHttpsPage(request) || (peer.loopback && !peer.forwarded),
          visitorsHidden: hidesVisitors(request, peer),
          ...(isFile && deps.backup !== undefined && deps.demo === undefined
            ? { backups: { newestAt: newest === undefined ? undefined : Date.parse(newest.created_at) } }
            : {}),
        }),
      ],
      configuration: (deps.startedWith?.() ?? []).map(({ where, ...row }) => ({ ...row, where: where ?? null })),
      reset_command: deps.demo === undefined ? resetCommandOf(deps, request) : null,
    }
  }

  return {
    view,
    report: async (request) => {
      const [health, { fields }, values, accounts] = await Promise.all([
        view(request),
        settings.fields(),
        settings.get(),
        store.accounts.list(),
      ])
      const now = effects.now()
      const states: Record<string, number> = {}
      for (const { account } of accounts) {
        const state = stateOf(account, now)
        states[state] = (states[state] ?? 0) + 1
      }
      const told = new Set(['boolean', 'integer', 'choice'])
      return supportReport({
        health,
        name: productName,
        providerLatencyMs: await deps.providerLatency(),
        states,
        settings: fields
          .filter(({ changed }) => changed)
          .map(({ name, type }) => ({
            name,
            // What somebody typed may name people and places.
            value: told.has(type) ? String(values[name as keyof typeof values]) : undefined,
          })),
        lines: deps.serverLog.recent(),
      })
    },
  }
}
