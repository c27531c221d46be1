import { afterEach, expect, test } from 'bun:test'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { ask } from '../support/open-streams.ts'

let gateway: Gateway
afterEach(async () => void (await gateway?.stop()))

type Listed = {
  readonly id: string
  readonly label: string
  readonly state: string
  readonly state_since: string
  readonly state_until: string | null
  readonly status_reason: string | null
}
const minute = 60_000
const plenty = { plan: 'power' } as const
const resetsAt = Math.ceil(Date.now() / 1_000) * 1_000 + 9 * 24 * 60 * minute

/** In the order the accounts were added. */
async function listed(): Promise<readonly Listed[]> {
  const { accounts } = (await gateway.admin('GET', '/v2/accounts?orderBy=created_at&orderDesc=false')) as {
    accounts: Listed[]
  }
  return accounts.map(({ id, label, state, state_since, state_until, status_reason }) => {
    return { id, label, state, state_since, state_until, status_reason }
  })
}

const states = (accounts: readonly Listed[]): readonly string[] => accounts.map(({ state }) => state)

/** The accounts once they are listed as `wanted`: a state is written beside the call that found it, which waits for no database. */
async function listedAs(wanted: readonly string[]): Promise<readonly Listed[]> {
  for (let tries = 0; tries < 1_200; tries++) {
    const found = await listed()
    if (Bun.deepEquals(states(found), wanted)) return found
    await Bun.sleep(25)
  }
  return listed()
}

async function chat(): Promise<{ readonly status: number; readonly text: string }> {
  const answer = await fetch(`${gateway.url}/v1/messages`, {
    method: 'POST',
    headers: { 'x-api-key': gateway.key, 'content-type': 'application/json' },
    body: JSON.stringify(ask('hello')()),
  })
  return { status: answer.status, text: await answer.text() }
}

/** Everything the provider has seen of the accounts that may not be asked. */
const asked = (): object => ({
  calls: gateway.simulator.requests().filter(({ accountId }) => accountId !== gateway.accounts[5]?.id).length,
  counts: gateway.accounts.slice(0, 5).map((account) => account.counts()),
})

test.each(['SIGTERM', 'SIGKILL'] as const)(
  'every state outlasts %s with its end and its reason, nobody at rest is asked, and who is well serves',
  async (signal) => {
    gateway = await startGateway({
      simulator: { keepRequests: 10_000 },
      accounts: [plenty, { ...plenty, quota: { limit: 100, used: 5, resetsAt } }, plenty, plenty, plenty, plenty],
      config: 'pool:\n  strategy: sequential\n',
    })
    await listedAs(gateway.accounts.map(() => 'ready'))
    const [cooling, exhausted, suspended, expired] = gateway.accounts
    cooling?.set({ fault: { name: 'rate', retryAfterMs: 7 * minute } })
    exhausted?.set({ fault: 'monthly-limit' })
    suspended?.set({ fault: 'suspended' })
    expired?.expireAccess()
    expired?.killRefresh()
    await gateway.admin('PATCH', `/v2/accounts/${(await listed())[4]?.id}`, { enabled: false })
    expect((await chat()).text).toContain('message_stop')

    const wanted = ['cooling', 'exhausted', 'suspended', 'expired', 'disabled', 'ready']
    const before = await listedAs(wanted)
    expect(states(before)).toEqual(wanted)
    const coolingMs = Date.parse(before[0]?.state_until ?? '') - Date.now()
    expect(coolingMs).toBeWithin(6 * minute, 7 * minute + 1)
    expect(Date.parse(before[1]?.state_until ?? '')).toBe(resetsAt)
    for (const account of before.slice(0, 4)) expect(account.status_reason).toBeString()
    const seen = asked()

    // The provider would serve them all: only what the gateway remembers keeps it away.
    for (const account of gateway.accounts) account.set({ fault: undefined })
    await gateway.restart(signal)
    expect(await listed()).toEqual([...before])
    for (let turn = 0; turn < 5; turn++) {
      const answer = await chat()
      expect(answer.status).toBe(200)
      expect(answer.text).toContain('message_stop')
    }
    await Bun.sleep(1_500) // the rounds of upkeep that follow a start
    expect(asked()).toEqual(seen)
    expect(gateway.accounts[5]?.counts().replies).toBe(6)
    expect((await listed()).slice(0, 5)).toEqual(before.slice(0, 5))
  },
  180_000,
)
