import { tmpdir } from 'node:os'
import path from 'node:path'
import { type App, startApp } from '../app/app.ts'
import type { Demo } from '../app/demo.ts'
import type { Moving } from '../app/original.ts'
import { build } from '../config/build.ts'
import type { Resolved } from '../config/resolve.ts'
import type { Config } from '../config/schema.ts'
import type { Shell } from '../desktop/shell.ts'
import { realEffects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { reportText } from '../moving/report.ts'
import { createLogger, type Logger, logFormat } from '../observe/log.ts'
import { isDesktop, openBrowser } from './browser.ts'
import { createNotifier, type Notifier, senderFor } from './notify.ts'

/** Serves until a signal asks to stop; resolves to the exit code. Once a backup was restored everything starts anew in this process. */
export async function serve(resolved: Resolved, shell?: Shell): Promise<number> {
  const terminal = process.stdout.isTTY === true
  const demo = resolved.config.demo ? await openDemo(demoConfig(resolved)) : undefined
  const config = demo?.config ?? resolved.config
  const log = createLogger({
    level: config.log.level,
    format: logFormat(config.log.format, terminal),
    write: shell?.write ?? ((line) => void process.stdout.write(line)),
    now: realEffects.now,
    ...(config.timezone === undefined ? {} : { timeZone: config.timezone }),
  })
  for (const warning of resolved.warnings) log.warn('config.warning', { message: warning })
  const notifier = openNotifier(log)
  const stopAsked = shell === undefined ? stopSignal() : Promise.race([stopSignal(), shell.quit])
  const mayTakeOver = resolved.command.options['take-over'] === true && demo === undefined
  // A port that was chosen by the system stays the same.
  let { port } = config.server
  for (let isFirst = true; ; isFirst = false) {
    const restart = Promise.withResolvers<void>()
    const started = await startApp({
      config: { ...config, server: { ...config.server, port } },
      effects: realEffects,
      log,
      version: build.version,
      origins: resolved.origins,
      ...(isFirst && mayTakeOver ? { takeOver: { onLeaving: notifier.claim } } : {}),
      ...(demo === undefined
        ? {
            moving: movingOf(config, log),
            restart: restart.resolve,
            // A window that is open is this process's.
            ...(shell === undefined ? { respawn: () => respawn(port) } : {}),
          }
        : { demo: demo.shown, prepare: demo.prepare }),
    })
    if (!started.ok) {
      process.stderr.write(`claude-server: ${started.error.message}\n`)
      await shell?.failed(started.error.message)
      await demo?.stop()
      return started.error.exitCode
    }
    const app = started.value
    port = app.port
    const url = urlOf(config, port)
    announce(app, config, url, log, demo, isFirst)
    if (isFirst) shell?.serving(url)
    notifier.ready(isFirst && mayTakeOver)
    const forgetRestarts = demo === undefined && shell === undefined ? onRestartSignal(app, log) : () => {}
    const end = await Promise.race([
      stopAsked.then((signal) => ({ signal })),
      restart.promise.then(() => ({ restart: true as const })),
      app.succeeded.then((successor) => ({ successor })),
    ])
    forgetRestarts()
    if ('restart' in end) notifier.reloading()
    else if ('signal' in end) notifier.stopping()
    else notifier.silence() // the successor speaks now
    const graceSeconds = config.server.shutdownGraceSeconds
    const isReplaced = 'successor' in end && end.successor === 'replaced'
    log.info('server.stopping', { ...end, graceSeconds: isReplaced ? replacedGraceMs / 1_000 : graceSeconds })
    if (isReplaced) {
      // Nobody waits for this process any more, until somebody does.
      void stopAsked.then(() => realEffects.sleep(graceSeconds * 1_000)).then(app.cut)
    }
    const whole = await app.stop(isReplaced ? replacedGraceMs : undefined)
    log.info('server.stopped', { whole })
    if (!('restart' in end)) break
  }
  await demo?.stop()
  return 0
}

/** As long may streams go on that a process has begun whose port is another's now. */
const replacedGraceMs = 3_600_000

/** The same command line in another process, which takes over from this one. */
function respawn(port: number): Result<{ readonly pid: number; readonly exited: Promise<number> }, string> {
  if (process.send !== undefined) {
    return err('Another program watches over this process (PM2?): have that one start it anew (pm2 reload).')
  }
  if (process.pid === 1)
    return err('This is the first process of a container, which ends with it: replace the container.')
  const given = Bun.isStandaloneExecutable ? process.argv.slice(2) : process.argv.slice(1)
  const added = [
    ...(given.includes('--take-over') ? [] : ['--take-over']),
    ...(given.includes('--no-browser') ? [] : ['--no-browser']),
  ]
  try {
    const child = Bun.spawn([process.execPath, ...given, ...added, '--port', String(port)], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    child.unref()
    return ok({ pid: child.pid, exited: child.exited })
  } catch (error) {
    return err(`${process.execPath} cannot be started: ${(error as Error).message}.`)
  }
}

/** SIGUSR2 starts this program anew, as `claude-server restart` does. */
function onRestartSignal(app: App, log: Logger): () => void {
  if (process.platform === 'win32') return () => {}
  const restart = async (): Promise<void> => {
    const done = await app.handOn()
    if (!done.ok) log.error('server.not-restarted', { message: done.error })
  }
  const heard = (): void => void restart()
  process.on('SIGUSR2', heard)
  return () => process.off('SIGUSR2', heard)
}

function openNotifier(log: Logger): Notifier {
  const { env, pid } = process
  const { send, fault } = senderFor(env)
  if (fault !== undefined) log.warn('service.unheard', { message: 'The C library cannot be called.', cause: fault })
  return createNotifier({
    ...{ env, pid, send, effects: realEffects },
    monotonic: () => process.hrtime.bigint() / 1_000n,
    onFault: (message) => log.warn('service.unheard', { message }),
    // There is such a function only where the parent has opened a channel.
    ...(process.send === undefined ? {} : { post: (message) => void process.send?.(message) }),
  })
}

/** The simulator is loaded for those who ask for it. */
async function openDemo(config: Config): Promise<Demo> {
  const { startDemo } = await import('../app/demo.ts')
  return startDemo(config, realEffects)
}

/** A demo is for the one who started it: unless told otherwise it listens on this machine only. */
function demoConfig({ config, origins }: Resolved): Config {
  const host = origins['server.host']?.from === 'default' ? '127.0.0.1' : config.server.host
  return { ...config, server: { ...config.server, host } }
}

function urlOf({ server }: Config, port: number): string {
  const host = server.host === '0.0.0.0' || server.host === '::' ? 'localhost' : server.host
  return `http://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${port}`
}

function announce(app: App, config: Config, url: string, log: Logger, demo: Demo | undefined, isFirst: boolean): void {
  log.info('server.started', {
    url,
    host: config.server.host,
    port: app.port,
    version: build.version,
    dataDir: config.dataDir,
    pid: process.pid,
  })
  if (app.keyCreated && demo === undefined) {
    log.warn('vault.key-created', {
      message:
        'A master key was made for this data folder. Back it up together with the database: without it every account must sign in again.',
      path: app.keyFile,
    })
  }
  // Plain lines, not log lines: they are for the person at the terminal, and what they show is redacted in the log.
  if (demo !== undefined) process.stdout.write(demoText(url, demo))
  else if (app.setupCode !== undefined) process.stdout.write(setupText(url, app.setupCode))
  const desktop = isDesktop(process.env, process.platform, process.stdout.isTTY === true)
  if (isFirst && !config.noBrowser && desktop && !openBrowser(url, process.platform))
    log.info('browser.not-opened', { url })
}

/** A terminal sees a bar and the report itself; elsewhere the log has lines and the name of the report's file. */
function movingOf({ databasePath }: Config, log: Logger): Moving {
  const terminal = process.stderr.isTTY === true
  return {
    view: {
      write: (text) => {
        if (terminal) process.stderr.write(text)
        else log.info('import.progress', { message: text.trim() })
      },
      isTerminal: terminal,
      columns: process.stderr.columns || 80,
      now: realEffects.now,
    },
    show: (report) => {
      if (process.stdout.isTTY === true) process.stdout.write(`\n${reportText(report)}\n`)
    },
    formerPlaces: formerPlaces(path.basename(databasePath)),
  }
}

/** Where the original looked for its database when its data folder was new: beside the program, then in the current folder. */
function formerPlaces(name: string): readonly string[] {
  const beside = Bun.isStandaloneExecutable ? path.dirname(process.execPath) : undefined
  return [
    ...(beside === undefined ? [] : [path.join(beside, name)]),
    ...(beside !== undefined && process.platform === 'darwin' ? [path.join(beside, '..', 'Resources', name)] : []),
    ...(process.platform === 'win32' ? [path.join(tmpdir(), 'claude-api-server', name)] : []),
    path.join(process.cwd(), name),
  ]
}

const setupText = (url: string, setupCode: string): string =>
  `\n  Open ${url} and choose a password for the console.\n  From another machine this set-up code is needed too: ${setupCode}\n\n`

const demoText = (url: string, { shown }: Demo): string =>
  [
    '',
    '  DEMO: every answer is simulated, nothing is kept.',
    `  Console   ${url}   password ${shown.password}`,
    `  API key   ${shown.key}`,
    '',
    `  curl -N ${url}/v1/messages -H "x-api-key: ${shown.key}" -H "content-type: application/json" \\`,
    `    -d '{"model":"claude-sonnet-4-5","max_tokens":200,"stream":true,"messages":[{"role":"user","content":"Hello"}]}'`,
    '',
    '',
  ].join('\n')

/** A terminal sends its interrupt to every process of a chain, and runners pass it on: such an echo is no second request. */
const echoMs = 1_000

/** Resolves with the first signal that asks to stop; a second one, given on purpose, ends the process at once. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let askedAt: number | undefined
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        const now = realEffects.now()
        if (askedAt === undefined) {
          askedAt = now
          resolve(signal)
        } else if (now - askedAt > echoMs) process.exit(1)
      })
    }
  })
}
