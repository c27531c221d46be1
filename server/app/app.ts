import { type Caller, createAdmission, type KeyHeaders, sentKeys } from '../access/admit.ts'
import type { Barred } from '../access/limit-fault.ts'
import { makeSetupCode } from '../access/setup-code.ts'
import { createEventStreams } from '../admin/event-streams.ts'
import { openAdmin } from '../admin/index.ts'
import { ensureConsoleKey } from '../admin/keys-service.ts'
import { createLive, type Live } from '../admin/live.ts'
import { createOutcomes } from '../admin/outcomes.ts'
import { sessionLife } from '../admin/persons.ts'
import { build } from '../config/build.ts'
import type { Resolved } from '../config/resolve.ts'
import { configRows } from '../config/rows.ts'
import type { Config } from '../config/schema.ts'
import { createConsole } from '../console/assets.ts'
import { type ContractDeps, converse } from '../contract/converse.ts'
import { createFarJudges } from '../contract/far-judge.ts'
import { forecast } from '../contract/first-turn.ts'
import { createForcedSearches, createForms } from '../contract/forms.ts'
import { createHolds } from '../contract/hold.ts'
import { createSchemaJudges } from '../contract/schema-judges.ts'
import { searchLayer } from '../contract/search.ts'
import type { GatewayError } from '../conversation/error.ts'
import { anthropic } from '../dialect/anthropic/anthropic.ts'
import { consoleDialects } from '../dialect/console-chat.ts'
import { createKeptAnswers, type KeptAnswer, type KeptAnswers } from '../dialect/openai-responses/kept-answers.ts'
import { dialectRoutes } from '../dialect/registry.ts'
import { createBodyRoom } from '../http/body-room.ts'
import { createClientRoutes, smallClientRoutes } from '../http/client-routes.ts'
import { createCors } from '../http/cors.ts'
import { createPeerOf, type Peer, type PeerOf } from '../http/peer.ts'
import { findPortHolder, freePortAfter, isAnswered, portTakenText } from '../http/port-holder.ts'
import { readinessOf } from '../http/readiness.ts'
import { createServer, type Listening } from '../http/server.ts'
import { createPortShare, isPortShared } from '../http/share-port.ts'
import { upkeepJobs } from '../jobs/account-upkeep.ts'
import { garbageJob } from '../jobs/garbage.ts'
import { logUpkeepJobs } from '../jobs/log-upkeep.ts'
import { createRequestLog } from '../jobs/request-log.ts'
import { type Scheduler, startScheduler } from '../jobs/scheduler.ts'
import type { Effects } from '../lib/effects.ts'
import { createFeed } from '../lib/feed.ts'
import { homeFolder } from '../lib/home.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { latestReport } from '../moving/report.ts'
import type { Logger } from '../observe/log.ts'
import { createMetrics } from '../observe/metrics.ts'
import { createOnline } from '../observe/online.ts'
import { createSearch } from '../relay/search.ts'
import { newControlToken, removeControl, writeControl } from '../store/control.ts'
import { deletedKeptMs } from '../store/deleted.ts'
import type { RequestRecord } from '../store/request-record.ts'
import { unwrittenFileName, writeKept } from '../store/unwritten.ts'
import { classifyHttpError } from '../upstream/amazonq/errors.ts'
import { measureLatency } from '../upstream/amazonq/latency.ts'
import { createWebSearch } from '../upstream/amazonq/search.ts'
import { createAttachments } from './attachments.ts'
import { backupJob, createBackupAccess, newestCopy } from './backups.ts'
import { createCaptures } from './capture.ts'
import { createLongConversations } from './compression.ts'
import { type Core, openCore } from './core.ts'
import type { StartFault } from './data.ts'
import { createLazyEstimator } from './estimator.ts'
import { createGuests, isAlive, whenGone } from './guests.ts'
import { lanUrlsOf } from './lan-urls.ts'
import { createLimitAlerts } from './limit-alerts.ts'
import { readMachine } from './machine.ts'
import { createMetering } from './metering.ts'
import { createModelRules } from './model-rules.ts'
import { modelViews } from './model-views.ts'
import type { Moving } from './original.ts'
import { configuredSettings, logLevel, poolSettings, type StoredSettings, settingOf } from './pool-settings.ts'
import { approach } from './predecessor.ts'
import { observeRequest } from './request-end.ts'
import { createRoster, type Roster } from './roster.ts'
import { createSuccessor, type Successor } from './successor.ts'
import { createTraffic } from './traffic.ts'
import { watchUnwritten } from './unwritten-watch.ts'
import { watchLive, watchSizes } from './watched.ts'

export type AppOptions = {
  readonly config: Config
  readonly effects: Effects
  readonly log: Logger
  readonly version: string
  /** Simulated answers: what the console shows so that it can be entered. */
  readonly demo?: { readonly password: string; readonly key: string }
  /** Called with the opened data before anything is served (demo mode fills it). */
  readonly prepare?: (core: Core) => Promise<void>
  readonly moving?: Moving
  /** Where the values of the configuration came from. */
  readonly origins?: Resolved['origins']
  /** Stops and starts anew, soon: a backup was restored. Absent: none can be. */
  readonly restart?: () => void
  /** Takes the place of the server that runs in this folder, if one does, while that one finishes what it has begun. */
  readonly takeOver?: {
    /** The other one ends before this one serves. */
    readonly onLeaving: () => void
  }
  /** Starts this program once more, to take over from this process. */
  readonly respawn?: () => Result<{ readonly pid: number; readonly exited: Promise<number> }, string>
}

export type App = {
  readonly port: number
  /** Set while the first password is in force: asked of sign-ins from other machines. */
  readonly setupCode?: string
  readonly keyCreated: boolean
  readonly keyFile?: string
  /** Resolves when another process is to serve in this one's place: `replaced`, it does; `asked-to-leave`, it will. */
  readonly succeeded: Promise<'replaced' | 'asked-to-leave'>
  /** Has this program started anew in another process; resolves once that one serves. */
  readonly handOn: () => Promise<Result<{ readonly pid: number }, string>>
  /** Lets open streams finish within the grace time, writes what is waiting, closes the data. True when nothing was cut. */
  readonly stop: (graceMs?: number) => Promise<boolean>
  /** Cuts the streams a stop waits for. */
  readonly cut: () => void
}

const dayMs = 86_400_000
const keepSettings = ['log_retention_days', 'log_max_size_mb']
/** Use by the day; months and totals stay. */
const usageKeptMs = 400 * dayMs

const checkpointMs = 5_000
const longestFlushMs = 5_000
const keptAnswersTtlMs = 3_600_000

/** Plugs everything into everything and serves. The list of what there is; no decisions of its own. */
export async function startApp(options: AppOptions): Promise<Result<App, StartFault>> {
  const { config, effects, log, version } = options
  const before =
    options.takeOver === undefined
      ? ok(undefined)
      : await approach(config, effects, log, isAlive, options.takeOver.onLeaving)
  if (!before.ok) return before
  const predecessor = before.value
  const { host } = config.server
  const port = config.server.port === 0 ? (predecessor?.port ?? 0) : config.server.port
  const portTaken = async (): Promise<Result<never, StartFault>> => {
    const holder = await findPortHolder(host, port, effects)
    const wanted = { hostname: host, port, demo: options.demo !== undefined }
    return err({ message: portTakenText(wanted, holder, freePortAfter(host, port)), exitCode: 1 })
  }
  // Before the data: a start that cannot be leaves no new folder behind.
  if (predecessor === undefined && (await isAnswered(host, port, effects))) return portTaken()
  let roster: Roster | undefined
  let live: Live | undefined
  let stored: StoredSettings = {}
  const metrics = createMetrics()
  const { memory } = metrics
  let successor: Successor | undefined
  const opened = await openCore(config, effects, log, version, {
    memory,
    ...(options.moving === undefined ? {} : { moving: options.moving }),
    accountsChanged: async (id) => {
      await roster?.takeOver(id)
      live?.accountChanged(id)
    },
    signInLost: (id, reason) => roster?.pool.signInLost(id, reason),
    renewElsewhere: () => successor?.renewElsewhere(),
    inFlight: (id) => roster?.pool.inFlight(id) ?? 0,
    troubles: (id) => roster?.pool.troubles(id) ?? [],
    poolStats: () => roster?.pool.stats(),
    standing: (id, modelId) => roster?.pool.consider({ modelId, only: new Set([id]), exclude: new Set() })[0]?.verdict,
    healthPolicy: () => poolSettings(config, stored).health,
  })
  if (!opened.ok) return opened
  const core = opened.value
  const { store, tokens } = core
  const { accounts } = store
  await options.prepare?.(core)

  stored = await store.settings.all()
  const configured = configuredSettings(config)
  const setLogLevel = (): void => log.setLevel(logLevel(config, stored))
  setLogLevel()
  if (config.test && config.testPassword === undefined) {
    const message =
      'TEST_PASSWORD is not set: in test mode routes that lose data or show secrets are refused to everybody.'
    log.warn('test-mode.no-password', { message })
  }
  const inService = await createRoster(core, poolSettings(config, stored), effects, log, (id) =>
    live?.accountChanged(id),
  )
  roster = inService
  const finished = createFeed<RequestRecord>(500)
  const running = createLive({
    ...{ ...core.accountDeps, store, effects, version },
    around: {
      outcomes: createOutcomes(finished, effects.now),
      diskFreeBytes: () => readMachine(config, effects.now()).diskFreeBytes,
      backups: async () => (options.demo === undefined ? newestCopy(config, stored) : undefined),
    },
  })
  live = running
  const { pool, shelf } = inService
  const rules = await createModelRules(store, stored)
  const estimator = createLazyEstimator(
    effects,
    (error) => log.error('tokenizer.failed', { cause: String(error) }),
    undefined,
    memory,
  )
  const admission = createAdmission({ ...store, now: effects.now, after: effects.after })
  await ensureConsoleKey(store.keys, effects)
  const written = await writeKept(config.dataDir, store, core.vault)
  if (written > 0) log.info('database.kept-written', { rows: written })
  const metering = await createMetering(
    store,
    stored,
    effects,
    log,
    createLimitAlerts(store, running.alerts.raise, log),
    core.storeFaults.failed,
    memory,
    predecessor === undefined,
  )
  const requestLog = createRequestLog(store.requests.append, effects, core.storeFaults.failed)
  const unwritten = watchUnwritten({
    keeper: core.unwritten,
    ...{ ledger: metering.ledger, requestLog, isUp: store.isUp, effects, log },
  })
  const captures = await createCaptures(store.captures, effects, core.storeFaults.failed, memory)
  const streams = createEventStreams(effects)
  const online = createOnline(effects.now)
  const readPeer = createPeerOf(config.server.trustedProxies, config.server.host)
  const peerOf: PeerOf = (request, address) => {
    const peer = readPeer(request, address)
    online.see(peer.address)
    return peer
  }
  let listening: Listening | undefined
  let scheduler: Scheduler | undefined
  let stopping = false

  const traffic = createTraffic(core, inService, { rules, estimator, rateOf: metering.rateOf }, effects)
  const holds = createHolds()
  const farJudges = createFarJudges()
  const judges = createSchemaJudges(farJudges.judge, effects.turn)
  const formsDeps = { judges, holds, repairs: () => settingOf(stored, 'repair_replies') === true }
  const search = createSearch({
    search: createWebSearch({ ...core, classify: classifyHttpError }),
    accounts: () => pool.list().flatMap(({ id, enabled }) => (enabled ? [id] : [])),
    now: effects.now,
  })
  const contract: ContractDeps = {
    relay: traffic,
    // Above what makes long conversations short: that holds for every turn, those after a search too.
    layers: [
      createForms(formsDeps),
      searchLayer({ search }),
      createForcedSearches(formsDeps),
      createLongConversations(traffic, () => stored, effects, metrics),
    ],
    usedOf: metering.usedOf,
    sizesOf: async ({ conversation, accounts, callerId }) => {
      const resolved = await traffic.resolve(conversation, accounts, callerId)
      if (!resolved.ok) return undefined
      const { tokens } = await traffic.estimateInput(conversation)
      return { input: tokens, maximum: resolved.value.model.maxInputTokens }
    },
    callWatch: { judges, seen: metrics.toolCallSeen },
  }
  const shelfOfAnswers = createKeptAnswers({ ...config.responses, ttlMs: keptAnswersTtlMs }, effects.now)
  let tellKept: ((callerId: string, answer: KeptAnswer) => void) | undefined
  const kept: KeptAnswers = {
    ...shelfOfAnswers,
    keep: (callerId, answer) => {
      shelfOfAnswers.keep(callerId, answer)
      tellKept?.(callerId, answer)
    },
  }
  const dialects = dialectRoutes({ kept, vault: core.vault })
  const ofConsole = consoleDialects(dialects)
  /** What the process before this one knows, which limits and kept answers need. */
  const guests = predecessor && createGuests({ ledger: metering.ledger, kept, effects })
  /** The limits of an address hold before anything is known of who calls. */
  const visited =
    (admit: (request: Request) => Promise<Result<Caller, GatewayError>>) =>
    async (request: Request, peer: Peer): Promise<Result<Caller, Barred>> => {
      if (guests?.isExpected() === true) await guests.arrived
      const passed = await metering.ips.visit(peer.address)
      return passed.ok ? admit(request) : passed
    }
  const clientRoutes = createClientRoutes({
    dialects,
    kept,
    effects,
    peerOf,
    cors: createCors(config.server.corsOrigins),
    captureOf: captures.of,
    admit: visited((request) => admission.admit(keyHeadersOf(request))),
    enter: (requestId, caller) => metering.ledger.enter(requestId, caller.subjects),
    standings: metering.standings,
    usedOf: metering.usedOf,
    usageOf: metering.usageOf,
    resolveDocuments: createAttachments({
      effects: core.effects,
      mayFetch: () => settingOf(stored, 'fetch_attachments') === true,
      version,
      memory,
    }).resolve,
    relay: (request, signal) => converse(request, contract, signal),
    dryRun: (ask) => forecast(ask, contract.layers, traffic),
    admitOperator: async (request) => {
      // It may see what the console's own chats may.
      const [bearer = ''] = sentKeys(keyHeadersOf(request))
      const fault = await faultOfBearer(request, bearer, { method: 'POST', path: '/v2/test/v1/messages' })
      return fault === undefined ? admission.admitConsole({}) : err(fault)
    },
    availableModels: shelf.available,
    modelRules: rules.of,
    estimateInput: estimator.conversation,
    stopping: () => stopping,
    maxBodyBytes: config.server.maxBodyBytes,
    bodyRoom: createBodyRoom(config.server.maxBodyBytes, effects, memory),
    holdHeadersMs: config.server.headersHoldMs,
    keepAliveMs: config.server.keepAliveSeconds * 1_000,
    onStream: (open) => (open ? metrics.streamOpened() : metrics.streamClosed()),
    onEnd: (end) => {
      const record = observeRequest(end, effects.now(), log, metrics)
      finished.publish(record)
      if (settingOf(stored, 'enable_request_log') === true) requestLog.add(record)
    },
  })

  const settle = async (): Promise<void> => {
    await metering.ledger.flush()
    await requestLog.flush()
    await inService.flush()
  }
  const backups = createBackupAccess({
    config,
    store,
    effects,
    log,
    version,
    settle,
    stored: () => stored,
    ...(options.restart === undefined ? {} : { restart: options.restart }),
  })
  const left = Promise.withResolvers<'asked-to-leave'>()
  const handOn: App['handOn'] = async () => {
    const child = options.respawn?.() ?? err('This start cannot be repeated by the program itself.')
    if (!child.ok) return child
    const { pid, exited } = child.value
    const failed = exited.then((code) =>
      err(`The new process ended with exit code ${code} before it served; the log says why. This one goes on.`),
    )
    return Promise.race([next.succeeded.then(() => ok({ pid })), left.promise.then(() => ok({ pid })), failed])
  }
  const setupCode = makeSetupCode()
  const controlToken = newControlToken()
  const { admin, faultOfBearer } = openAdmin({
    ...core.accountDeps,
    store,
    effects,
    live: running,
    passwords: core.passwords,
    signIns: core.signIns,
    availableModels: async () => modelViews(await shelf.available(), metering.pricingOf),
    offered: () => shelf.available(),
    testChat: (path, request, as) =>
      clientRoutes.serveOther(
        ofConsole.get(path) ?? anthropic,
        request,
        peerOf(request, server.addressOf(request)),
        visited(() => admission.admitConsole(as)),
      ),
    homeDir: homeFolder(),
    clientApi: [
      ...dialects.map(({ path, dialect }) => ({ method: 'POST', path, body: dialect.body })),
      ...smallClientRoutes,
    ],
    resetCounters: async () => {
      await inService.flush()
      for (const { account, profile } of await accounts.list()) {
        await accounts.count(account.id, { success: -profile.successCount, error: -profile.errorCount })
      }
    },
    clearRequestLogs: async () => {
      await requestLog.flush()
      await store.requests.clear()
      await store.rollups.clear()
    },
    mappingsChanged: () => rules.reload(stored),
    keysChanged: admission.invalidate,
    usage: { calendar: metering.calendar, flush: metering.ledger.flush },
    ipsChanged: metering.ipsChanged,
    configured,
    machine: () => readMachine(config, effects.now()),
    sizes: metrics.watched,
    startedWith: () => configRows({ config, origins: options.origins ?? {} }),
    applySettings: async (changed) => {
      stored = await store.settings.all()
      metering.settingsChanged(stored)
      pool.setSettings(poolSettings(config, stored))
      await rules.reload(stored)
      setLogLevel()
      scheduler?.replan()
      // What is to be kept no longer goes at once, not in an hour.
      if (keepSettings.some((name) => name in changed)) scheduler?.soon('prune-requests')
    },
    capturesChanged: captures.reload,
    streams,
    serverLog: log,
    finished,
    online,
    providerLatency: () => measureLatency(core.settings, core.effects),
    version,
    dataDir: config.dataDir,
    port: () => listening?.port ?? config.server.port,
    lanUrls: () => lanUrlsOf(config.server.host, listening?.port ?? config.server.port),
    setupCode,
    controlToken,
    backup: backups,
    succession: {
      begin: (pid) => next.begin(pid),
      openPort: () => next.openPort(),
      leave: () => left.resolve('asked-to-leave'),
      restart: handOn,
      hear: async (news) => guests?.hear(news),
      renew: async (id, token) => (token === undefined ? tokens.get(id) : tokens.replaceAside(id, token)),
    },
    importReport: () => latestReport(config.dataDir)?.report,
    ...(config.test ? { testMode: config.testPassword === undefined ? {} : { password: config.testPassword } } : {}),
    requestIdOf: (request) => server.requestIdOf(request),
    peerOf: (request) => peerOf(request, server.addressOf(request)),
    consoleOrigins: config.server.consoleOrigins,
    ...(options.demo === undefined ? {} : { demo: options.demo }),
  })
  const next = createSuccessor({
    ...{ effects, log, dataDir: config.dataDir, controlToken, lock: core.lock, isUp: store.isUp, isAlive },
    listening: () => listening,
    share: createPortShare,
    isPortShared,
    elders: () => predecessor?.pids.filter(isAlive) ?? [],
    stopJobs: async () => scheduler?.stop(),
    startJobs: () => {
      scheduler = startJobs()
    },
    settle: async () => {
      await tokens.atRest()
      await settle()
    },
    handOver: async (tell) => {
      streams.close() // they come again, to the successor
      tellKept = (callerId, answer) => tell({ type: 'answer', callerId, answer })
      for (const [callerId, answer] of shelfOfAnswers.all()) tellKept(callerId, answer)
      await settle()
      const state = metering.ledger.handOver({
        entered: (call) => tell({ type: 'entered', call }),
        settled: (id, used) => tell({ type: 'settled', id, ...(used === undefined ? {} : { used }) }),
      })
      tell({ type: 'state', state })
    },
  })
  successor = next
  const server = createServer({
    effects,
    isBlocked: (request, addressOf) =>
      metering.ips.blocksAny() && metering.ips.isBlocked(peerOf(request, addressOf()).address),
    clientRoutes,
    plugins: [
      admin,
      await createConsole({
        isHttps: (request) =>
          peerOf(request, server.addressOf(request)).https || new URL(request.url).protocol === 'https:',
      }),
    ],
    build: { ...build, version },
    isHandedOver: () => next.isHandedOver(),
    readiness: () =>
      readinessOf({ isUp: store.isUp(), isServed: pool.nobodyServes(undefined) === undefined, stopping }),
    isHttps: (request, address) => peerOf(request, address).https || new URL(request.url).protocol === 'https:',
    hstsSeconds: config.server.hstsSeconds,
    metrics: async (request, address) => {
      const peer = peerOf(request, address)
      if (!peer.loopback || peer.forwarded)
        return new Response('Metrics are shown to this machine only.', { status: 403 })
      return new Response(await metrics.text(), { headers: { 'content-type': metrics.contentType } })
    },
    newRequestId: () => effects.newId('req'),
    onAnswered: ({ requestId, request, status }) =>
      log.debug('http.answered', { requestId, method: request.method, path: new URL(request.url).pathname, status }),
    onBug: (error, request, requestId) =>
      log.error('http.failed', {
        requestId,
        path: new URL(request.url).pathname,
        cause: error instanceof Error ? (error.stack ?? error.message) : String(error),
      }),
  })
  watchLive(metrics, running)
  watchSizes(metrics, {
    ...{
      pool,
      pooled: poolSettings(config, stored),
      requestLog,
      ledger: metering.ledger,
      ips: metering.ips,
      admission,
    },
    ...{ traffic, holds, judges, farJudges, kept, responses: config.responses, streams, online, tokens },
    ...{ isUp: store.isUp, unwritten: core.unwritten, successor: next, now: effects.now },
  })

  const shared = predecessor?.port === port && (await predecessor.openPort())
  const heard = server.listen(host, port, shared)
  if (!heard.ok) {
    unwritten.stop()
    await core.close()
    return heard.error.code === 'port-taken' ? portTaken() : err({ message: heard.error.message, exitCode: 1 })
  }
  listening = heard.value
  writeControl(config.dataDir, {
    pid: process.pid,
    host: loopbackOf(config.server.host),
    port: listening.port,
    token: controlToken,
    startedAt: effects.now(),
  })
  const startJobs = (): Scheduler =>
    startScheduler(
      [
        ...upkeepJobs({
          effects,
          accounts,
          pool,
          tokens,
          check: inService.check,
          refreshWidth: 4,
          poll: () => ({
            everyMs: Number(settingOf(stored, 'quota_refresh_interval')) * 1_000,
            width: Number(settingOf(stored, 'quota_refresh_concurrency')),
          }),
        }),
        ...logUpkeepJobs({
          store,
          effects,
          keep: () => ({
            days: Number(settingOf(stored, 'log_retention_days')),
            bytes: Number(settingOf(stored, 'log_max_size_mb')) * 1_048_576,
          }),
        }),
        {
          name: 'prune',
          everyMs: 3_600_000,
          firstAfterMs: 60_000,
          run: async () => {
            const { idleMs, longestMs } = await sessionLife(store.settings)
            await store.sessions.prune({ lastSeen: effects.now() - idleMs, created: effects.now() - longestMs })
            await accounts.pruneQuotaReadings()
            await accounts.pruneEvents()
            await store.deleted.prune(effects.now() - deletedKeptMs)
            await store.usage.pruneDays(metering.calendar(effects.now() - usageKeptMs).day)
          },
        },
        // The database's file alone is a usable copy, a few seconds old: people copy it.
        { name: 'checkpoint', everyMs: checkpointMs, run: store.checkpoint },
        garbageJob({
          heapBytes: () => process.memoryUsage().heapUsed,
          collect: () => Bun.gc(true),
          isBusy: () => metering.ledger.stats().open > 0,
        }),
        backupJob(backups, () => stored, running.jobs, effects.now),
        { name: 'check-proxies', everyMs: 60_000, firstAfterMs: 3_000, run: core.outbound.checkAll },
      ],
      effects,
      (job, error) => core.storeFaults.isAway(error) || log.error('job.failed', { job, cause: String(error) }),
    )
  scheduler = startJobs()
  inService.checkUnchecked()
  running.watch.start()
  if (predecessor !== undefined) {
    whenGone(predecessor.pids, effects, () => {
      guests?.dismiss()
      if (shared) createPortShare(heard.value.port).close()
      metering.countLeft().catch(core.storeFaults.failed)
      log.info('succession.alone', { predecessors: predecessor.pids.join(' ') })
    })
  }

  return ok({
    port: heard.value.port,
    ...((await core.passwords.isFirst()) ? { setupCode } : {}),
    keyCreated: core.keyCreated,
    ...(core.keyFile === undefined ? {} : { keyFile: core.keyFile }),
    succeeded: Promise.race([next.replaced.then(() => 'replaced' as const), left.promise]),
    handOn,
    cut: heard.value.cut,
    stop: async (graceMs = config.server.shutdownGraceSeconds * 1_000) => {
      await next.decided()
      // A service manager stops the old process as soon as the new one is ready: who is on the way to its port still comes.
      if (next.isReplaced()) await next.replaced
      stopping = true
      removeControl(config.dataDir, controlToken)
      core.signIns.stop()
      streams.close()
      running.stop()
      const whole = await heard.value.stop(graceMs)
      await scheduler?.stop()
      await tokens.settled()
      await Promise.race([
        Promise.all([metering.ledger.flush(), requestLog.flush()]),
        effects.sleep(longestFlushMs), // of a database that says nothing
      ])
      unwritten.stop()
      if (core.unwritten.keepLast(unwritten.left())) log.warn('database.unwritten', { file: unwrittenFileName })
      await inService.flush()
      await next.told()
      await core.close()
      return whole
    },
  })
}

const keyHeadersOf = ({ headers }: Request): KeyHeaders => ({
  authorization: headers.get('authorization') ?? undefined,
  xApiKey: headers.get('x-api-key') ?? undefined,
})

/** Where this machine reaches a server that listens on `host`. */
function loopbackOf(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1'
  return host === '::' ? '::1' : host
}
