import type { AccountView } from '../admin/contract/accounts.ts'
import type { SignInStarted, SignInStatus } from '../admin/contract/sign-in.ts'
import type { Command } from '../config/command.ts'
import type { Effects } from '../lib/effects.ts'
import { err, ok, type Result } from '../lib/result.ts'
import { readLocalClient } from '../upstream/amazonq/local-clients.ts'
import type { Backend } from './backend.ts'
import type { CliIo } from './io.ts'

type Options = Command['options']
type Added = { readonly ids: readonly string[]; readonly text: string }

/** `account add`: by device sign-in, or by what a file or standard input holds. Secrets never come from the command line. */
export async function addAccount(
  backend: Backend,
  options: Options,
  io: CliIo,
  effects: Pick<Effects, 'sleep'>,
): Promise<Result<Added, string>> {
  const text = (name: string): string | undefined => {
    const value = options[name]
    return typeof value === 'string' && value !== '' ? value : undefined
  }
  const label = text('label')
  const common = {
    ...(label === undefined ? {} : { label }),
    ...(text('profile-arn') === undefined ? {} : { profileArn: text('profile-arn') }),
  }
  const file = text('import')
  if (file !== undefined) return importFile(backend, file)
  if (options['api-key-stdin'] === true) {
    const apiKey = (await io.stdin()).trim()
    return apiKey === ''
      ? err('Standard input is empty: give the API key there.')
      : create(backend, { ...common, method: 'api-key', apiKey })
  }
  const tokenFile = text('refresh-token-file')
  if (tokenFile !== undefined || options['refresh-token-stdin'] === true) {
    const refreshToken = (tokenFile === undefined ? await io.stdin() : await io.readFile(tokenFile)).trim()
    if (refreshToken === '') return err('There is no refresh token in it.')
    const clientId = text('client-id')
    const secretFile = text('client-secret-file')
    if ((clientId === undefined) !== (secretFile === undefined)) {
      return err('--client-id and --client-secret-file go together; without them the token is a social one.')
    }
    const client =
      clientId === undefined || secretFile === undefined
        ? { method: 'social' }
        : { clientId, clientSecret: (await io.readFile(secretFile)).trim() }
    const region = text('region')
    return create(backend, { ...common, ...client, refreshToken, ...(region === undefined ? {} : { region }) })
  }
  return signIn(backend, { ...common, startUrl: text('start-url'), region: text('region') }, io, effects)
}

async function create(backend: Backend, body: object): Promise<Result<Added, string>> {
  const created = await backend.ask<AccountView>('POST', '/accounts', { ...body, check: true })
  if (!created.ok) return created
  const { id, label, email, subscription_type: plan, state } = created.value
  return ok({ ids: [id], text: `Added ${label || email || id} (${[plan, state].filter(Boolean).join(', ')}).` })
}

async function importFile(backend: Backend, file: string): Promise<Result<Added, string>> {
  const read = await readLocalClient(file)
  if (!read.ok) return err(read.error.message)
  const ids: string[] = []
  const lines: string[] = []
  for (const item of read.value) {
    if (!item.ok) {
      lines.push(`Item ${item.error.index + 1}: ${item.error.error}`)
      continue
    }
    const { credentials, label, email } = item.value
    const {
      identityRegion,
      accessExpiresAt: _expiry,
      clientExpiresAt: _client,
      provider: _provider,
      ...secrets
    } = credentials
    const body = { ...secrets, region: identityRegion, label: label ?? email ?? '' }
    const added = await create(backend, body)
    lines.push(added.ok ? added.value.text : `Item ${item.value.index + 1}: ${added.error}`)
    if (added.ok) ids.push(...added.value.ids)
  }
  return ids.length === 0 ? err(lines.join('\n')) : ok({ ids, text: lines.join('\n') })
}

/** Prints address and code, then waits for the person; an interrupt cancels the sign-in. */
async function signIn(
  backend: Backend,
  body: object,
  io: CliIo,
  effects: Pick<Effects, 'sleep'>,
): Promise<Result<Added, string>> {
  const started = await backend.ask<SignInStarted>('POST', '/sign-in/start', JSON.parse(JSON.stringify(body)))
  if (!started.ok) return started
  const { authId, verificationUriComplete, userCode, interval } = started.value
  io.err(`Open   ${verificationUriComplete}\nCode   ${userCode}   (check that the page shows the same)\n`)
  for (;;) {
    await effects.sleep(Math.max(1, interval) * 1_000, io.interrupted)
    if (io.interrupted.aborted) {
      await backend.ask('POST', `/sign-in/cancel/${authId}`)
      return err('The sign-in was cancelled.')
    }
    const status = await backend.ask<SignInStatus>('GET', `/sign-in/status/${authId}`)
    if (!status.ok) return status
    if (status.value.status === 'error') return err(status.value.error ?? 'The sign-in failed.')
    if (status.value.status === 'completed') {
      const id = status.value.accountId ?? ''
      return ok({ ids: [id], text: `Signed in. The account is ${id}.` })
    }
    if (io.isTerminal) io.err(`\rWaiting for you to sign in… the code is good for ${status.value.remaining} s more   `)
  }
}
