import { expect } from 'bun:test'
import { mkdtempSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { startApp } from '../../server/app/app.ts'
import { openCore } from '../../server/app/core.ts'
import { runCommand } from '../../server/cli/run.ts'
import type { ServiceWorld } from '../../server/cli/service-world.ts'
import { type Resolved, resolveConfig } from '../../server/config/resolve.ts'
import { type Effects, realEffects } from '../../server/lib/effects.ts'
import { ok } from '../../server/lib/result.ts'
import { createLogger } from '../../server/observe/log.ts'
import { type Simulator, type SimulatorOptions, startSimulator } from '../../server/simulator/simulator.ts'

export const version = '9.9.9'
/** The real world with short waits. */
export const hasty: Effects = { ...realEffects, sleep: (ms, signal) => realEffects.sleep(Math.min(ms, 10), signal) }

export type Ran = {
  readonly code: number
  readonly out: string
  readonly err: string
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into member by member
  readonly json: any
}
export type RunOptions = {
  readonly stdin?: string
  /** Folder in which other clients' files are looked for. */
  readonly home?: string
  readonly env?: Readonly<Record<string, string>>
  readonly effects?: Partial<Effects>
  readonly interrupted?: AbortSignal
  readonly isTerminal?: boolean
  readonly serviceWorld?: ServiceWorld
  readonly heldWaitMs?: number
  readonly openUrl?: (url: string) => void
  /** Called with what is written to standard error, as it comes. */
  readonly onErr?: (text: string) => void
}

export const quietLog = (lines: string[] = []) =>
  createLogger({ level: 'debug', format: 'json', write: (line) => void lines.push(line), now: realEffects.now })

export function resolvedFor(args: readonly string[], env: Readonly<Record<string, string>>): Resolved {
  const resolved = resolveConfig(args, env, () => ok(undefined), '/')
  if (!resolved.ok) throw new Error(resolved.error.message)
  return resolved.value
}

/** Runs one command line in this process. */
export async function runCli(
  args: readonly string[],
  {
    env = {},
    stdin = '',
    home = '/nowhere',
    effects = {},
    interrupted,
    isTerminal = false,
    heldWaitMs,
    serviceWorld,
    openUrl,
    onErr,
  }: RunOptions = {},
): Promise<Ran> {
  let out = ''
  let err = ''
  const code = await runCommand(
    resolvedFor(args, env),
    {
      effects: { ...hasty, ...effects },
      log: quietLog(),
      version,
      ...(heldWaitMs === undefined ? {} : { heldWaitMs }),
      ...(serviceWorld === undefined ? {} : { serviceWorld }),
    },
    {
      out: (text) => {
        out += text
      },
      err: (text) => {
        err += text
        onErr?.(text)
      },
      stdin: async () => stdin,
      readFile: (file) => readFile(file, 'utf8'),
      home: { directory: home, platform: 'linux' },
      isTerminal,
      columns: 80,
      interrupted: interrupted ?? new AbortController().signal,
      ...(openUrl === undefined ? {} : { openUrl }),
    },
  )
  let json: unknown
  try {
    json = JSON.parse(out)
  } catch {
    json = undefined
  }
  return { code, out, err, json }
}

type Wanted = string | RegExp
/** What a command must have said: empty text means nothing at all. The matcher writes into what it is given, so it gets a copy. */
export function expectSaid(
  ran: Ran,
  code: number,
  { out, err, json }: { readonly out?: Wanted; readonly err?: Wanted; readonly json?: object },
): void {
  expect({ code: ran.code, ...(ran.code === code ? {} : { err: ran.err, out: ran.out }) }).toEqual({ code })
  for (const [text, wanted] of [
    [ran.out, out],
    [ran.err, err],
  ] as const) {
    if (wanted === '') expect(text).toBe('')
    else if (typeof wanted === 'string') expect(text).toContain(wanted)
    else if (wanted !== undefined) expect(text).toMatch(wanted)
  }
  if (json !== undefined) expect(structuredClone(ran.json)).toMatchObject(json)
}

export type Place = 'without a server' | 'beside a running server'
export const places: readonly Place[] = ['without a server', 'beside a running server']

export type World = {
  readonly simulator: Simulator
  readonly folder: string
  readonly env: Readonly<Record<string, string>>
  readonly run: (args: readonly string[], options?: RunOptions) => Promise<Ran>
  /** Of the running server. */
  readonly url?: string
  readonly stop: () => Promise<void>
}

/** Sets a data folder up as the first start does, and leaves it without a server. */
export async function setUpFolder(env: Readonly<Record<string, string>>): Promise<void> {
  const opened = await openCore(resolvedFor([], env).config, hasty, quietLog(), version)
  if (!opened.ok) throw new Error(opened.error.message)
  await opened.value.close()
}

/** A simulator and a data folder without accounts and keys, with a server on it or not. */
export async function openWorld(place: Place, simulate: SimulatorOptions = {}): Promise<World> {
  const simulator = await startSimulator(simulate)
  const folder = mkdtempSync(path.join(tmpdir(), 'gateway-cli-'))
  const env = {
    DATA_DIR: folder,
    HOST: '127.0.0.1',
    PORT: '0',
    UPSTREAM_Q_URL: `${simulator.url}/{region}`,
    UPSTREAM_OIDC_URL: simulator.url,
    UPSTREAM_KIRO_AUTH_URL: simulator.url,
  }
  if (place === 'without a server') await setUpFolder(env)
  const app =
    place === 'without a server'
      ? undefined
      : await startApp({ config: resolvedFor([], env).config, effects: hasty, log: quietLog(), version })
  if (app?.ok === false) throw new Error(app.error.message)
  return {
    simulator,
    folder,
    env,
    run: (args, options = {}) => runCli(args, { ...options, env: { ...env, ...options.env } }),
    ...(app === undefined ? {} : { url: `http://127.0.0.1:${app.value.port}` }),
    stop: async () => {
      await app?.value.stop()
      await simulator.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
