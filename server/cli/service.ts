import type { Resolved } from '../config/resolve.ts'
import { quoted } from '../lib/command-line.ts'
import { err, ok, type Result } from '../lib/result.ts'
import type { Said } from './answers.ts'
import { type Failure, failed, misused } from './io.ts'
import { planLaunchd } from './service-launchd.ts'
import { marker, type PlanService, type ServicePlan, type Words } from './service-plan.ts'
import { planSystemd } from './service-systemd.ts'
import { planWindows } from './service-windows.ts'
import type { ServiceWorld } from './service-world.ts'

const planners: Readonly<Record<string, PlanService>> = {
  linux: planSystemd,
  darwin: planLaunchd,
  win32: planWindows,
}
const notRunning = 3
const notInstalled = 4

/** `service install`, `uninstall` and `status`: what the program writes is marked, and nothing else is touched. */
export async function service(resolved: Resolved, world: ServiceWorld): Promise<Result<Said, Failure>> {
  const { command } = resolved
  const plan = planFor(resolved, world)
  if (!plan.ok) return plan
  const found = world.read(plan.value.file)
  if (!found.ok) return err(failed(`${plan.value.file} cannot be read: ${found.error}. ${plan.value.rights}`))
  const isDry = command.options['dry-run'] === true
  if (command.name === 'service status') return status(plan.value, found.value, world)
  if (found.value !== undefined && !found.value.includes(marker)) {
    return err(failed(`${plan.value.file} was not written by this command; it is left as it is. Give another --name.`))
  }
  return command.name === 'service install'
    ? install(plan.value, found.value !== undefined, world, isDry)
    : uninstall(plan.value, found.value !== undefined, world, isDry)
}

function planFor({ command, config, origins }: Resolved, world: ServiceWorld): Result<ServicePlan, Failure> {
  const { options } = command
  const planner = planners[world.platform]
  if (planner === undefined) return err(failed(`Services of ${world.platform} are not known here.`))
  if (world.platform === 'linux' && !world.hasSystemd) {
    return err(
      failed(
        'systemd does not run here. In a container run claude-server itself; docs/deploy.md has examples for others.',
      ),
    )
  }
  if (options.user !== undefined && typeof options.user !== 'boolean') {
    return err(misused('--user stands after the words of the command.'))
  }
  const name = typeof options.name === 'string' ? options.name : 'claude-server'
  if (!/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(name)) {
    return err(misused('--name must have 1 to 64 letters, digits, . _ or -, and begin with a letter or digit.'))
  }
  const program = world.program ?? (command.name === 'service install' ? undefined : 'claude-server')
  if (program === undefined) {
    return err(
      failed(
        'This runs from source; a service needs the executable. Make it with bun run build, and run its service install.',
      ),
    )
  }
  const given = (key: string): boolean => origins[key]?.from === 'flag'
  const plan = planner({
    name,
    program,
    ...(given('data_dir') || origins.data_dir?.from === 'env' ? { dataDir: config.dataDir } : {}),
    user: options.user === true,
    home: world.home,
    ...(world.uid === undefined ? {} : { uid: world.uid }),
    options: [
      ...(given('config') && config.configFile !== undefined ? ['--config', config.configFile] : []),
      ...(given('server.host') ? ['--host', config.server.host] : []),
      ...(given('server.port') ? ['--port', String(config.server.port)] : []),
    ],
  })
  return plan.ok ? plan : err(failed(plan.error))
}

const commandText = (all: readonly Words[]): string => all.map((words) => `${words.map(quoted).join(' ')}\n`).join('')

async function install(
  plan: ServicePlan,
  isThere: boolean,
  world: ServiceWorld,
  isDry: boolean,
): Promise<Result<Said, Failure>> {
  const { file, text, dataDir, makesFolder, hint } = plan
  const commands = isThere ? (plan.again ?? plan.install) : plan.install
  const json = { file, text, data_dir: dataDir, commands, dry_run: isDry }
  if (isDry) {
    const folder = makesFolder ? `# The folder ${dataDir} is made where it is missing.\n` : ''
    return ok({ json, text: `# ${file}\n${text}\n${folder}${commandText(commands)}` })
  }
  const made = makesFolder ? world.makeFolder(dataDir) : ok(undefined)
  if (!made.ok) return err(failed(`${dataDir} cannot be made: ${made.error}. ${plan.rights}`))
  const written = world.write(file, text)
  if (!written.ok) return err(failed(`${file} cannot be written: ${written.error}. ${plan.rights}`))
  // It may have been stopped or removed by hand: whether it stands is seen by what follows.
  if (isThere && plan.removesFirst) for (const words of plan.remove) await world.run(words)
  const ran = await runAll(commands, plan, world)
  if (!ran.ok) return err(failed(`${ran.error} ${file} stays; service uninstall removes it.`))
  return ok({ json, text: `Installed and started: ${file}\nData: ${dataDir}\n${hint}\n` })
}

async function uninstall(
  plan: ServicePlan,
  isThere: boolean,
  world: ServiceWorld,
  isDry: boolean,
): Promise<Result<Said, Failure>> {
  const { file, remove, afterRemove } = plan
  const json = { file, commands: [...remove, ...afterRemove], dry_run: isDry, removed: isThere && !isDry }
  if (!isThere) return ok({ json, text: `Not installed: there is no ${file}.\n`, exitCode: notInstalled })
  if (isDry) return ok({ json, text: `${commandText(remove)}# ${file} is removed\n${commandText(afterRemove)}` })
  // One that does not run cannot be stopped; only the last word, whether it is gone, counts.
  for (const words of remove) {
    const { code, err: said } = await world.run(words)
    if (code !== 0 && isRefusal(said)) return err(failed(`${words.join(' ')}: ${lastLine(said)} ${plan.rights}`))
  }
  const state = plan.stateOf(await answersOf(plan, world))
  if (state.running) return err(failed(`It still runs; ${file} stays. ${plan.rights}`))
  const gone = world.remove(file)
  if (!gone.ok) return err(failed(`${file} cannot be removed: ${gone.error}. ${plan.rights}`))
  const ran = await runAll(afterRemove, plan, world)
  if (!ran.ok) return err(failed(ran.error))
  return ok({ json, text: `Stopped and removed: ${file}\nThe data folder stays.\n` })
}

async function status(
  plan: ServicePlan,
  found: string | undefined,
  world: ServiceWorld,
): Promise<Result<Said, Failure>> {
  const { file } = plan
  if (found === undefined) {
    return ok({
      json: { installed: false, running: false, enabled: false },
      text: 'not installed\n',
      exitCode: notInstalled,
    })
  }
  const { running, enabled } = plan.stateOf(await answersOf(plan, world))
  const own = found.includes(marker)
  return ok({
    json: { installed: true, running, enabled, file, own },
    text: `installed (${file}${own ? '' : ', not by this command'}), ${running ? 'running' : 'not running'}, ${enabled ? 'enabled' : 'not enabled'}\n`,
    exitCode: running ? 0 : notRunning,
  })
}

async function answersOf(plan: ServicePlan, world: ServiceWorld): Promise<readonly { code: number; out: string }[]> {
  const answers: { code: number; out: string }[] = []
  for (const words of plan.status) answers.push(await world.run(words))
  return answers
}

async function runAll(all: readonly Words[], plan: ServicePlan, world: ServiceWorld): Promise<Result<void, string>> {
  for (const words of all) {
    const { code, err: said } = await world.run(words)
    if (code === 0) continue
    const why = lastLine(said)
    return err(
      `${words.join(' ')} ended with ${code}${why === '' ? '.' : `: ${why}`}${isRefusal(said) ? ` ${plan.rights}` : ''}`,
    )
  }
  return ok(undefined)
}

const isRefusal = (said: string): boolean => /denied|not permitted|authentication|privilege|access is/i.test(said)
const lastLine = (text: string): string => text.trim().split('\n').at(-1)?.trim() ?? ''
