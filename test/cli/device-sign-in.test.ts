import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { expectSaid, openWorld, places, type Ran, type RunOptions, type World } from './cli.ts'

describe.each(places)('a device sign-in %s', (place) => {
  let world: World
  beforeAll(async () => {
    world = await openWorld(place)
  })
  afterAll(() => world.stop())

  /** Starts one and hands over its code as soon as it is printed, or on a terminal as soon as it is waited for. */
  const signIn = async (
    act: (code: string) => void,
    args: readonly string[] = [],
    options: RunOptions = {},
  ): Promise<Ran & { readonly userCode: string }> => {
    let userCode = ''
    const last = options.isTerminal === true ? / left, / : /^Code {3}/m
    let isDone = false
    const ran = await world.run(['account', 'add', ...args], {
      ...options,
      onErr: (text) => {
        userCode = /^Code {3}(\S+)/m.exec(text)?.[1] ?? userCode
        if (isDone || !last.test(text)) return
        isDone = true
        act(userCode)
      },
    })
    return { ...ran, userCode }
  }

  test('prints the whole address and the code, opens the browser, and ends with the account', async () => {
    const account = world.simulator.accounts.add({ method: 'builder-id', plan: 'power' })
    const opened: string[] = []
    const ran = await signIn((code) => void world.simulator.signIns.approve(code, account.id), ['--label', '一号'], {
      openUrl: (url) => void opened.push(url),
    })
    expectSaid(ran, 0, { out: /^Added 一号 \(acc_\w+\): KIRO POWER, ready\n$/ })
    expect(opened).toHaveLength(1)
    expect(ran.err).toEndWith(`Open   ${opened[0]}\nCode   ${ran.userCode}   (the page must show the same)\n`)
    expect(opened[0]).toContain(ran.userCode)
    const { refreshToken = '-', accessToken = '-', clientSecret = '-' } = account.secrets()
    for (const secret of [refreshToken, accessToken, clientSecret]) expect(ran.out + ran.err).not.toContain(secret)
  })

  test('of the same person renews the account that is there', async () => {
    const [before] = (await world.run(['account', 'list', '--json'])).json
    const ran = await signIn((code) => void world.simulator.signIns.approve(code, 'sim-1'), ['--json'])
    expectSaid(ran, 0, { json: { ids: [before.id], failed: [] } })
    expect((await world.run(['account', 'list', '--json'])).json).toHaveLength(1)
  })

  test('of a company asks its identity centre', async () => {
    const where = ['--start-url', 'https://simulated.awsapps.com/start', '--region', 'eu-central-1']
    let asked: readonly { readonly startUrl: string }[] = []
    const ran = await signIn((code) => {
      asked = world.simulator.signIns.pending()
      world.simulator.signIns.deny(code)
    }, where)
    expect(asked.map(({ startUrl }) => startUrl)).toEqual(['https://simulated.awsapps.com/start'])
    expect(ran.code).toBe(1)
  })

  test('that is denied says so and adds nothing', async () => {
    const ran = await signIn((code) => void world.simulator.signIns.deny(code))
    expectSaid(ran, 1, { out: '', err: 'claude-server: The request was denied in the browser.' })
    expect((await world.run(['account', 'list', '--json'])).json).toHaveLength(1)
  })

  test('is cancelled by an interrupt, at the provider’s end too', async () => {
    const controller = new AbortController()
    const polls = (): number => world.simulator.requests().length
    const ran = await signIn(() => controller.abort(), [], {
      interrupted: controller.signal,
      isTerminal: true,
    })
    expectSaid(ran, 1, { out: '', err: /left, Ctrl\+C cancels[\s\S]*claude-server: The sign-in was cancelled\.\n$/ })
    const after = polls()
    await Bun.sleep(50)
    expect(polls()).toBe(after)
  })

  test('draws one live line on a terminal and takes it away', async () => {
    const account = world.simulator.accounts.add({ method: 'builder-id' })
    const ran = await signIn((code) => void world.simulator.signIns.approve(code, account.id), ['--json'], {
      isTerminal: true,
    })
    expect(ran.code).toBe(0)
    expect(ran.err).toContain('\r\x1b[KWaiting for you to confirm it in the browser… ')
    expect(ran.err).toMatch(/(10:00|9:\d\d) left/)
    expect(ran.err).toEndWith('\r\x1b[K')
    expect(ran.json.ids).toHaveLength(1)
  })
})

test('a code that nobody confirms expires with its own text', async () => {
  const world = await openWorld('without a server', { signIn: { expiresInSeconds: 0 } })
  const ran = await world.run(['account', 'add'])
  await world.stop()
  expectSaid(ran, 1, { out: '', err: 'The code expired before it was confirmed.' })
})

test('a sign-in service that cannot be reached is named as such', async () => {
  const world = await openWorld('without a server')
  const ran = await world.run(['account', 'add'], { env: { UPSTREAM_OIDC_URL: 'http://127.0.0.1:1' } })
  await world.stop()
  expectSaid(ran, 1, { out: '', err: 'claude-server: The sign-in service could not be reached.' })
})
