import type { KeyPatch } from '../admin/contract/keys.ts'
import type { Command } from '../config/command.ts'
import type { Resolved } from '../config/resolve.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { describeError } from '../observe/redact.ts'
import { prepareAdd } from './account-add.ts'
import { type Act, accountListText, accountText, answer, keyListText, mappingListText, type Said } from './answers.ts'
import { type CommandDeps, openBackend } from './backend.ts'
import { backUp, restore } from './backup.ts'
import { doctor } from './doctor.ts'
import { withFolder } from './folder.ts'
import { health } from './health.ts'
import { type ImportAsk, importOriginal } from './import-original.ts'
import { type CliIo, type Failure, failed, misused, shown } from './io.ts'
import { accountIdsOf, enabledOf, keyLimitsOf, keyWaysOf } from './key-limits.ts'
import { restart } from './restart.ts'
import { service } from './service.ts'
import { realServiceWorld } from './service-world.ts'
import { checkForUpdate } from './update.ts'
import { prepareUser } from './user-commands.ts'

/**
 * Runs one subcommand to its exit code: 0 done, 1 failed, 2 asked wrongly. Standard output holds the answer and nothing
 * else. `serve`, `desktop`, `selftest`, `version` and `help` are not its business.
 */
export async function runCommand(resolved: Resolved, deps: CommandDeps, io: CliIo): Promise<number> {
  const { command, config } = resolved
  try {
    if (config.demo) return fail(misused('--demo goes with serving alone: it keeps nothing to work on.'), io)
    const said =
      command.name === 'doctor'
        ? await untilInterrupted(
            doctor(resolved, deps, io).then((found): Result<Said, Failure> => ok(found)),
            io,
          )
        : command.name === 'import'
          ? await importOriginal(importAskOf(command), config, deps, io)
          : command.name === 'backup'
            ? await backUp(command, config, deps, io)
            : command.name === 'restore'
              ? await restore(command, config, deps, io)
              : command.name === 'health'
                ? await untilInterrupted(health(command, config, deps.effects), io)
                : command.name === 'restart'
                  ? await untilInterrupted(restart(config, deps.effects), io)
                  : command.name === 'update'
                    ? await untilInterrupted(checkForUpdate(command, config, deps.effects, deps.version), io)
                    : command.name.startsWith('service ')
                      ? await service(resolved, deps.serviceWorld ?? realServiceWorld(io.home.directory))
                      : await perform(resolved, deps, io)
    if (!said.ok) return fail(said.error, io)
    const { json, text, ok: good = true, exitCode = good ? 0 : 1 } = said.value
    io.out(command.options.json === true ? `${JSON.stringify(json)}\n` : withFolder(text, resolved))
    return exitCode
  } catch (thrown) {
    return fail(failed(describeError(thrown)), io)
  }
}

async function perform(resolved: Resolved, deps: CommandDeps, io: CliIo): Promise<Result<Said, Failure>> {
  const { command, config, warnings } = resolved
  // Input first: nobody is kept waiting for the data while a person types.
  const act = await untilInterrupted(prepare(command, deps.effects, io), io)
  if (!act.ok) return act
  for (const warning of warnings) io.err(`Warning: ${shown(warning)}\n`)
  const backend = await openBackend(config, deps, io.interrupted)
  if (!backend.ok) return err(failed(backend.error))
  try {
    const acting = act.value(backend.value)
    return await (command.name === 'account add' ? acting : untilInterrupted(acting, io))
  } finally {
    await backend.value.close()
  }
}

function fail({ message, exitCode }: Failure, io: CliIo): number {
  io.err(`claude-server: ${shown(message)}\n`)
  return exitCode
}

/** An interrupt ends the waiting; what must not be cut short (a token on its way to disk) ends in `close`. */
async function untilInterrupted<T>(
  work: Promise<Result<T, Failure>>,
  { interrupted }: CliIo,
): Promise<Result<T, Failure>> {
  const { promise, resolve } = Promise.withResolvers<Result<T, Failure>>()
  const leave = (): void => resolve(err(failed('Interrupted.')))
  interrupted.addEventListener('abort', leave, { once: true })
  if (interrupted.aborted) leave()
  work.catch(() => {}) // it may fail after it was left
  try {
    return await Promise.race([work, promise])
  } finally {
    interrupted.removeEventListener('abort', leave)
  }
}

/** Checks the question and reads its input; what it gives asks the data. */
async function prepare(
  { name, operands, options }: Command,
  effects: Pick<Effects, 'sleep'>,
  io: CliIo,
): Promise<Result<Act, Failure>> {
  const [operand = '', second = ''] = operands
  if (operands.some((one) => one.trim() === '')) return err(misused(`${name}: an empty name or id was given.`))
  switch (name) {
    case 'account add': {
      const add = await prepareAdd(options, io, effects)
      if (!add.ok) return add
      return ok(async (control) => {
        const added = await add.value(control)
        if (!added.ok) return added
        const { text, ...json } = added.value
        return ok({ json, text })
      })
    }
    case 'account list':
      return ok(async (control) =>
        answer(await control.listAccounts(), (accounts) => ({ json: accounts, text: accountListText(accounts) })),
      )
    case 'account check':
      return ok(async (control) =>
        answer(await control.checkAccount(operand), (account) => ({ json: account, text: accountText(account) })),
      )
    case 'account remove':
      return ok(async (control) =>
        answer(await control.removeAccount(operand), () => ({
          json: { removed: operand },
          text: `Removed ${operand}.\n`,
        })),
      )
    case 'key create': {
      const accountIds = accountIdsOf(options)
      if (!accountIds.ok) return err(misused(accountIds.error))
      const limits = keyLimitsOf(options)
      if (!limits.ok) return err(misused(limits.error))
      const ways = keyWaysOf(options)
      if (!ways.ok) return err(misused(ways.error))
      const { user } = options
      return ok(async (control) => {
        const created = await control.createKey({
          ...limits.value,
          ...ways.value,
          name: operand,
          account_ids: accountIds.value ?? [],
          ...(typeof user === 'string' ? { user_id: user } : {}),
        })
        if (created.ok) io.err('The key is shown only now:\n')
        return answer(created, (key) => ({ json: key, text: `${key.key}\n` }))
      })
    }
    case 'key change': {
      const patch = keyPatchOf(options)
      if (!patch.ok) return patch
      return ok(async (control) =>
        answer(await control.changeKey(operand, patch.value), (key) => ({ json: key, text: keyListText([key]) })),
      )
    }
    case 'key list':
      return ok(async (control) =>
        answer(await control.listKeys(), (keys) => ({ json: keys, text: keyListText(keys) })),
      )
    case 'key revoke':
      return ok(async (control) =>
        answer(await control.revokeKey(operand), () => ({ json: { revoked: operand }, text: `Revoked ${operand}.\n` })),
      )
    case 'user add':
    case 'user list':
    case 'user show':
    case 'user change':
    case 'user new-key':
    case 'user remove':
      return prepareUser(name, operand, options, io)
    case 'model map': {
      const wanted = {
        name: operand,
        target: second,
        ...(typeof options.key === 'string' ? { key_id: options.key } : {}),
      }
      return ok(async (control) =>
        answer(await control.mapModel(wanted), (mapping) => ({ json: mapping, text: mappingListText([mapping]) })),
      )
    }
    case 'model mappings':
      return ok(async (control) =>
        answer(await control.listMappings(), (mappings) => ({ json: mappings, text: mappingListText(mappings) })),
      )
    case 'model unmap':
      return ok(async (control) =>
        answer(await control.unmapModel(operand), () => ({
          json: { removed: operand },
          text: `Removed ${operand}.\n`,
        })),
      )
    case 'password reset':
      return prepareReset(options, io)
    case 'audit verify':
      return ok(async (control) =>
        answer(await control.verifyAudit(), (verdict) => ({
          json: verdict,
          ok: verdict.ok,
          text: verdict.ok
            ? `The audit log is whole: ${verdict.entries} ${verdict.entries === 1 ? 'entry' : 'entries'}.\n`
            : `The audit log is broken: ${verdict.reason}. Up to there ${verdict.entries} are whole.\n`,
        })),
      )
    case 'backup':
    case 'restore':
    case 'doctor':
    case 'health':
    case 'restart':
    case 'update':
    case 'service install':
    case 'service uninstall':
    case 'service status':
    case 'import':
    case 'serve':
    case 'desktop':
    case 'selftest':
    case 'version':
    case 'help':
      return err(misused(`${name} is not a command of this kind.`))
  }
}

const importAskOf = ({ operands: [source], options }: Command): ImportAsk => ({
  ...(source === undefined ? {} : { source }),
  dryRun: options['dry-run'] === true,
  purge: options['purge-original'] === true,
  yes: options.yes === true,
})

function keyPatchOf(options: Command['options']): Result<KeyPatch, Failure> {
  const { name } = options
  const enabled = enabledOf(options)
  if (!enabled.ok) return err(misused(enabled.error))
  const accountIds = accountIdsOf(options)
  if (!accountIds.ok) return err(misused(accountIds.error))
  const limits = keyLimitsOf(options)
  if (!limits.ok) return err(misused(limits.error))
  const ways = keyWaysOf(options)
  if (!ways.ok) return err(misused(ways.error))
  const patch: KeyPatch = {
    ...limits.value,
    ...ways.value,
    ...(typeof name === 'string' ? { name } : {}),
    ...(accountIds.value === undefined ? {} : { account_ids: accountIds.value }),
    ...(enabled.value === undefined ? {} : { enabled: enabled.value }),
  }
  if (Object.keys(patch).length > 0) return ok(patch)
  return err(misused('key change needs --name, --accounts, --enabled, --repair, --compression or a limit.'))
}

async function prepareReset(options: Command['options'], io: CliIo): Promise<Result<Act, Failure>> {
  const { user } = options
  // Spaces may be part of a password, the line's end is not.
  const given = options['password-stdin'] === true ? (await io.stdin('New password')).replace(/\r?\n$/, '') : undefined
  const out = typeof user === 'string' ? `${user} is` : 'everybody is'
  return ok(async (control) => {
    const reset = await control.resetPassword({
      ...(given === undefined ? {} : { password: given }),
      ...(typeof user === 'string' ? { user } : {}),
    })
    if (!reset.ok) return err(failed(reset.error))
    if (given !== undefined) return ok({ json: { reset: true }, text: `The password is set; ${out} signed out.\n` })
    io.err(`The new console password is shown only now; ${out} signed out:\n`)
    return ok({ json: { reset: true, password: reset.value }, text: `${reset.value}\n` })
  })
}
