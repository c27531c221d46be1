import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { brotliDecompressSync } from 'node:zlib'
import type { Browser } from 'playwright-core'
import { contentSecurityPolicy } from '../../server/console/security-headers.ts'
import { accessibilityFaults, browserPath, openPage, scrollsSideways, startBrowser } from '../support/browser.ts'
import { gatewayCommand } from '../support/command.ts'
import { focusIs, signIn } from '../support/console.ts'
import { adminPassword, type Gateway, startGateway } from '../support/gateway.ts'
import { leftOut } from '../support/left-out.ts'
import { startProxyServer } from '../support/proxy-server.ts'

// Two shared cores may be slow, and a test that runs out of time takes the browser with it.
setDefaultTimeout(60_000)

let gateway: Gateway
beforeAll(async () => {
  gateway = await startGateway()
})
afterAll(() => gateway.stop())

const html = { accept: 'text/html,*/*;q=0.8' }

describe('the console over HTTP', () => {
  const fetchPlain = (route: string, headers: Record<string, string>): Promise<Response> =>
    fetch(gateway.url + route, { headers, decompress: false } as RequestInit)

  test('the page comes with the content security policy, for every path of its own', async () => {
    for (const route of ['/', '/login', '/accounts', '/users', '/hand-over']) {
      const response = await fetchPlain(route, { ...html, 'accept-encoding': 'identity' })
      expect(response.status).toBe(200)
      expect(response.headers.get('content-security-policy')).toBe(contentSecurityPolicy)
      expect(response.headers.get('cache-control')).toBe('no-cache')
      expect(await response.text()).toContain('<div id="root">')
    }
  })

  test('its scripts come compressed, may be kept for ever, and are a 304 when known', async () => {
    const page = await (await fetchPlain('/', { ...html, 'accept-encoding': 'identity' })).text()
    const script = /<script type="module"[^>]* src="(\/assets\/[^"]+)"/.exec(page)?.[1] ?? ''
    const response = await fetchPlain(script, { 'accept-encoding': 'br, gzip' })
    expect(response.headers.get('content-encoding')).toBe('br')
    expect(response.headers.get('cache-control')).toContain('immutable')
    expect(brotliDecompressSync(Buffer.from(await response.arrayBuffer())).length).toBeGreaterThan(1000)
    const etag = response.headers.get('etag') ?? ''
    expect((await fetchPlain(script, { 'accept-encoding': 'br', 'if-none-match': etag })).status).toBe(304)
  })

  test('the page never stands in for an API', async () => {
    for (const route of ['/v1/nothing', '/v2/nothing', '/api/nothing', '/assets/nothing.js']) {
      const response = await fetchPlain(route, html)
      expect(response.status).toBeGreaterThanOrEqual(400)
      expect(response.headers.get('content-type')).not.toContain('text/html')
    }
  })
})

if (browserPath === undefined) {
  leftOut('Chromium')
} else {
  driveThePages()
}

function driveThePages(): void {
  let browser: Browser
  beforeAll(async () => {
    browser = await startBrowser()
  })
  afterAll(() => browser.close())

  test('a wrong password says so, the right one leads to where the visitor was going', async () => {
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    await page.goto(`${gateway.url}/users`)
    await page.waitForURL('**/login?next=**')
    await page.locator('[autocomplete=current-password]').fill('not this one')
    await page.locator('button[type=submit]').click()
    await page.getByText('That password is not right.').waitFor()
    await page.locator('[autocomplete=current-password]').fill(adminPassword)
    await page.locator('button[type=submit]').click()
    await page.waitForURL('**/users')
    await page.getByRole('heading', { level: 1, name: 'Users & keys' }).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('an address of another site is not followed after sign-in', async () => {
    const { page, close } = await openPage(browser, { locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=//evil.example/x`, adminPassword)
    await page.waitForURL(`${gateway.url}/`)
    await close()
  })

  test('a key is shown once and answers in the playground; nothing secret is kept by the browser', async () => {
    const { page, faults, addresses, close } = await openPage(browser, { locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/users/owner`, adminPassword)
    await page.getByRole('button', { name: 'New key' }).click()
    const dialog = page.getByRole('dialog', { name: 'New key for Owner' })
    await dialog.getByLabel('Name', { exact: true }).fill('made in the console')
    await dialog.getByRole('button', { name: 'Create key' }).click()
    const key = await dialog.getByLabel('New key').inputValue()
    expect(key.length).toBeGreaterThan(20)
    await page.keyboard.press('Escape')
    await dialog.getByText('The key has not been copied yet.').waitFor()
    await dialog.getByRole('button', { name: 'Close without the key' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(await page.content()).not.toContain(key)
    await page.getByText('made in the console', { exact: true }).waitFor()

    await page.goto(`${gateway.url}/playground`)
    await page.getByLabel('Message').fill('Say <b>hello</b>. [[marker:console]]')
    await page.keyboard.press('Enter')
    // Waited for, then compared: a failure shows what the page said instead.
    await page
      .getByText(/tokens in/)
      .waitFor()
      .catch(() => undefined)
    expect(await page.locator('main').textContent()).toMatch(/to the first token.*tokens in.*The answer is complete\./s)
    const stored = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))
    expect(stored).not.toContain(key)
    expect(stored).not.toContain(adminPassword)
    expect(addresses.filter((address) => address.includes(key) || new URL(address).origin !== gateway.url)).toEqual([])
    const cookies = await page.context().cookies()
    expect(cookies.map(({ httpOnly, sameSite }) => ({ httpOnly, sameSite }))).toEqual([
      { httpOnly: true, sameSite: 'Strict' },
    ])
    expect(faults).toEqual([])
    await close()
  })

  test('a device sign-in adds an account as soon as the provider’s page allows it', async () => {
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('button', { name: 'Add account' }).first().click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/Display name/).fill('by device')
    await dialog.getByRole('button', { name: 'Get a code' }).click()
    const link = dialog.getByRole('link', { name: 'Open the sign-in page' })
    await dialog.getByText('Waiting for you to sign in…').waitFor()
    const userCode = (await dialog.locator('code').textContent()) ?? ''
    expect(await link.getAttribute('href')).toContain(userCode)
    expect(gateway.simulator.signIns.approve(userCode)).toBe(true)
    await dialog
      .getByRole('button', { name: 'Done' })
      .waitFor({ timeout: 20_000 })
      .catch(() => undefined)
    await dialog
      .getByText(/is ready\./)
      .waitFor({ timeout: 5_000 })
      .catch(() => undefined)
    expect(await dialog.textContent()).toContain(' is ready.')
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByText('by device', { exact: true }).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('an import says what a file is, what each line of it is worth, and afterwards what came of it', async () => {
    const password = 'Correct-Horse-Battery-Staple'
    const [here] = gateway.accounts
    const fresh = gateway.simulator.accounts.add({ method: 'builder-id', email: 'imported@example.com' })
    const dead = gateway.simulator.accounts.add({ method: 'builder-id', email: 'dead@example.com' })
    dead.killRefresh()
    const managed = [fresh, dead].map((account) => {
      const { refreshToken, clientId, clientSecret } = account.secrets()
      return { email: account.email, idp: 'BuilderId', credentials: { refreshToken, clientId, clientSecret } }
    })
    const text = JSON.stringify({
      version: '1',
      accounts: [...managed, { email: 'nobody@example.com', credentials: {} }],
    })
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    const dialog = page.getByRole('dialog')
    const row = (name: string) => dialog.getByRole('row').filter({ hasText: name })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('button', { name: 'Add account' }).first().click()
    await dialog.getByRole('tab', { name: 'Import' }).click()

    await dialog.getByLabel(/^JSON, or one sign-in/).fill(`somebody@example.com----${password}`)
    await dialog.getByText('passwords are dropped), 1 account, 1 cannot be used').waitFor()
    await row('Line 1').getByText('Cannot be used').waitFor()
    expect(await dialog.getByRole('table').textContent()).not.toContain(password)
    await dialog.getByLabel(/^JSON, or one sign-in/).fill('')

    await dialog.locator('input[type=file]').setInputFiles({
      name: 'manager.json',
      mimeType: 'application/json',
      buffer: Buffer.from(text),
    })
    await dialog.getByText('manager.json: Kiro Account Manager, 3 accounts, 1 cannot be used').waitFor()
    await row('im***ed@example.com').getByText('New').waitFor()
    await row('no***dy@example.com').getByText('The refresh token is missing.').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Import 2' }).click()
    await dialog.getByText('1 added, 0 renewed, 0 already here, 2 refused').waitFor({ timeout: 20_000 })
    await row('im***ed@example.com').getByText('Added').waitFor()
    await row('d***d@example.com').getByText('The provider does not accept this sign-in any more.').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])

    await dialog.getByRole('button', { name: 'Add another' }).click()
    await dialog.getByLabel(/^JSON, or one sign-in/).fill(JSON.stringify([here?.secrets(), managed[0]]))
    await dialog.getByText(/2 accounts, \d already here/).waitFor()
    await dialog.getByRole('button', { name: /^Import/ }).click()
    await dialog.getByText(/^0 added/).waitFor({ timeout: 20_000 })
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByText('im***ed@example.com', { exact: true }).first().waitFor()
    expect(await page.content()).not.toContain(password)
    expect(faults).toEqual([])
    await close()
  })

  test('a proxy is added, given to an account and removed; its password is shown nowhere', async () => {
    const password = 'S3CRET-of-the-proxy'
    const proxy = await startProxyServer({ user: 'office', password })
    const shown = `http://office:••••@127.0.0.1:${proxy.port}`
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    const dialog = page.getByRole('dialog')
    const row = page.getByRole('row').filter({ hasText: shown })
    const pick = async (name: string, item: string): Promise<void> => {
      await page.getByRole('button', { name: `More actions for ${name}` }).click()
      await page.getByRole('menuitem', { name: item }).click()
    }
    await signIn(page, `${gateway.url}/login?next=/proxies`, adminPassword)
    await page.getByText('No proxies yet.').waitFor()
    await page.getByRole('button', { name: 'Add proxy' }).click()
    await dialog.getByLabel('Address').fill(`127.0.0.1:${proxy.port}`)
    await dialog.getByRole('button', { name: 'Add proxy' }).click()
    await dialog.getByText('Begin with http://').waitFor()
    expect(await dialog.getByLabel('Address').evaluate((field) => field === document.activeElement)).toBe(true)
    await dialog.getByLabel('Address').fill(proxy.url)
    await dialog.getByLabel('Name').fill('Office')
    expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await row.getByText('Up', { exact: true }).waitFor()
    expect(await page.content()).not.toContain(password)

    await pick('Office', 'Edit')
    expect(await dialog.getByLabel('Address').inputValue()).toBe(shown)
    await dialog.getByLabel('Name').fill('Head office')
    await dialog.getByLabel('Weight').fill('101')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('A whole number from 1 to 100.').waitFor()
    await dialog.getByLabel('Weight').fill('7')
    await page.keyboard.press('Enter')
    await row.getByText('Head office', { exact: true }).waitFor()
    await row.getByRole('button', { name: 'Test Head office' }).click()
    await page.getByText(/Head office answers in/).waitFor()
    const { proxies } = (await gateway.admin('GET', '/v2/proxies')) as { proxies: { state: string; weight: number }[] }
    expect(proxies).toMatchObject([{ state: 'up', weight: 7 }])

    const name = gateway.accounts[0]?.id ?? ''
    await page.getByRole('link', { name: 'Accounts' }).click()
    await pick(name, 'Set proxy…')
    await dialog.getByLabel('Dedicated proxy').selectOption('Head office')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Proxy: Head office').waitFor()
    await page.getByRole('button', { name: 'Add account' }).first().click()
    await dialog.getByLabel('Dedicated proxy').waitFor()
    expect(await dialog.getByLabel('Dedicated proxy').locator('option').allTextContents()).toEqual([
      'None',
      'Head office',
    ])
    await page.keyboard.press('Escape')

    await page.getByRole('link', { name: 'Proxies' }).click()
    await row.getByRole('switch').focus()
    await page.keyboard.press('Space')
    await dialog.getByText('The account dedicated to it sends nothing until it is on again.').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(await row.getByRole('switch').isChecked()).toBe(true)
    await row.getByRole('switch').focus()
    await page.keyboard.press('Space')
    await dialog.getByRole('button', { name: 'Switch off' }).click()
    await row.getByText('The account dedicated to it sends nothing.').waitFor()
    await pick('Head office', 'Remove')
    await dialog.getByText('One account loses its dedicated proxy').waitFor()
    await dialog.getByRole('button', { name: 'Remove proxy' }).click()
    await page.getByText('No proxies yet.').waitFor()
    const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { proxy_id: string | null }[] }
    expect(accounts.map((account) => account.proxy_id)).toEqual(accounts.map(() => null))
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(password)
    expect(faults).toEqual([])
    await close()
    proxy.stop()
  })

  test('the pool and the global proxy are set and unset', async () => {
    const settings = () => gateway.admin('GET', '/v2/settings')
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    const dialog = page.getByRole('dialog')
    await signIn(page, `${gateway.url}/login?next=/proxies`, adminPassword)
    await page.getByRole('switch', { name: 'Proxy pool' }).focus()
    await page.keyboard.press('Space')
    await page.getByText('The pool is on.').waitFor()
    await page.getByText('the pool has none to give').waitFor()
    expect(await settings()).toMatchObject({ proxyPoolEnabled: true })
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('The pool is off.').waitFor()
    expect(await settings()).toMatchObject({ proxyPoolEnabled: false })

    const change = async (to: string): Promise<void> => {
      await page.getByRole('button', { name: 'Edit global proxy' }).click()
      await dialog.getByLabel('Address').fill(to)
      await dialog.getByRole('button', { name: 'Save' }).click()
    }
    await change('ftp://office:S3CRET@127.0.0.1:9')
    await dialog.getByText('Begin with http://').waitFor()
    await page.keyboard.press('Escape')
    await change('socks5://office:S3CRET@127.0.0.1:9')
    await page.getByText('socks5://office:••••@127.0.0.1:9').waitFor()
    await dialog.waitFor({ state: 'detached' })
    expect(await page.content()).not.toContain('S3CRET')
    await change('')
    await page.getByText('None: the server’s HTTP_PROXY').waitFor()
    expect(await settings()).toMatchObject({ httpProxy: '' })
    expect(faults).toEqual([])
    await close()
  })

  test('a model name is mapped for one key, changed, removed, and one model answers everything', async () => {
    const { id } = await gateway.admin('POST', '/v2/keys', { name: 'editor' })
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    const dialog = page.getByRole('dialog')
    const row = page.getByRole('row').filter({ hasText: 'gpt-4o' })
    await signIn(page, `${gateway.url}/login?next=/models`, adminPassword)
    await page.getByText('No names are mapped.').waitFor()
    await page.getByText('claude-opus-5.5', { exact: true }).first().waitFor()
    await page.getByRole('button', { name: 'Map a name' }).click()
    await dialog.getByLabel('Name that clients send').fill('gpt-*-mini')
    await dialog.getByRole('button', { name: 'Map a name' }).click()
    await dialog.getByText('Only the last character may be a *.').waitFor()
    await dialog.getByLabel('Name that clients send').fill('gpt-4o')
    await dialog.getByLabel('Leads to').fill('glm-99')
    await dialog.getByLabel('Holds for').selectOption('editor')
    await page.keyboard.press('Enter')
    await dialog.getByText('No account offers glm-99').waitFor()
    expect(await dialog.getByLabel('Leads to').evaluate((field) => field === document.activeElement)).toBe(true)
    expect(await accessibilityFaults(page)).toEqual([])
    await dialog.getByLabel('Leads to').fill('claude-sonnet-4-5')
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await row.getByText('Served by claude-sonnet-4.5').waitFor()
    await row.getByText('editor').waitFor()
    const { mappings } = (await gateway.admin('GET', '/v2/model-mappings')) as { mappings: object[] }
    expect(mappings).toMatchObject([{ name: 'gpt-4o', target: 'claude-sonnet-4-5', key_id: id }])

    await row.getByRole('button', { name: 'Edit gpt-4o' }).click()
    await dialog.getByLabel('Holds for').selectOption('All keys')
    await page.keyboard.press('Escape')
    await row.getByRole('button', { name: 'Edit gpt-4o' }).click()
    expect(await dialog.getByLabel('Holds for').inputValue()).toBe(String(id))
    await dialog.getByLabel('Holds for').selectOption('All keys')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await row.getByText('All keys').waitFor()
    await row.getByRole('button', { name: 'Remove gpt-4o' }).click()
    await dialog.getByRole('button', { name: 'Remove mapping' }).click()
    await page.getByText('No names are mapped.').waitFor()

    await page.getByRole('switch', { name: 'One model for everything' }).focus()
    await page.keyboard.press('Space')
    await dialog.getByLabel('Model').fill('claude-sonnet-4.5')
    await page.keyboard.press('Enter')
    await page.getByText('claude-sonnet-4.5 answers everything now.').waitFor()
    expect(await page.getByRole('switch', { name: 'One model for everything' }).isChecked()).toBe(true)
    expect(await gateway.admin('GET', '/v2/settings')).toMatchObject({ forceModelEnabled: true })
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('switch', { name: 'One model for everything' }).focus()
    await page.keyboard.press('Space')
    await page.getByText('Clients get the models they ask for.').waitFor()
    await gateway.admin('PUT', '/v2/settings', { forceModel: '', forceModelEnabled: false })
    await gateway.admin('DELETE', `/v2/keys/${id}`)
    expect(faults).toEqual([])
    await close()
  })

  test('a key is kept to some accounts, switched off and on, and says when nobody is left to serve it', async () => {
    const { id } = await gateway.admin('POST', '/v2/accounts', {
      label: 'only for ci',
      method: 'social',
      refreshToken: 'made-up-token-of-an-account-that-is-removed',
    })
    const keyOf = async (name: string) =>
      ((await gateway.admin('GET', '/v2/keys')) as { keys: { name: string }[] }).keys.find((key) => key.name === name)
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    const dialog = page.getByRole('dialog', { name: 'New key for Owner' })
    const card = page.getByRole('listitem').filter({ hasText: 'kept key' })
    await signIn(page, `${gateway.url}/login?next=/users/owner`, adminPassword)
    await page.getByRole('button', { name: 'New key' }).click()
    await dialog.getByLabel('Name', { exact: true }).fill('kept key')
    await dialog.getByRole('group', { name: 'Accounts it may use' }).getByLabel('Only these').check()
    await dialog.getByRole('button', { name: 'Create key' }).click()
    await dialog.getByText('Choose at least one account, or all of them.').waitFor()
    await dialog.getByRole('searchbox').fill('ci ONLY')
    await dialog.getByRole('checkbox').first().check()
    expect(await accessibilityFaults(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Create key' }).click()
    await dialog.getByRole('button', { name: 'I have saved it' }).click()
    await dialog.getByRole('button', { name: 'Close without the key' }).click()
    await card.getByText('only for ci', { exact: true }).waitFor()
    expect(await keyOf('kept key')).toMatchObject({ account_ids: [id], enabled: true })

    await card.getByRole('switch').focus()
    await page.keyboard.press('Space')
    await card.getByText('Disabled', { exact: true }).waitFor()
    await page.getByText('kept key is off.').waitFor()
    expect(await keyOf('kept key')).toMatchObject({ enabled: false })
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('kept key is on.').waitFor()

    await gateway.admin('DELETE', `/v2/accounts/${id}`)
    await page.reload()
    await card.getByText('No account: all of its accounts were removed.').waitFor()
    await card.getByText(/removed account #/).waitFor()
    await card.getByRole('button', { name: 'Edit: kept key' }).click()
    const edit = page.getByRole('dialog', { name: 'Edit kept key' })
    await edit.getByText('no account can serve these requests').waitFor()
    await edit.getByLabel('All accounts').check()
    await edit.getByRole('button', { name: 'Save' }).click()
    await card.getByText('No account: all of its accounts were removed.').waitFor({ state: 'detached' })
    expect(await keyOf('kept key')).toMatchObject({ account_ids: [] })
    expect(faults).toEqual([])
    await close()
  })

  test('an ended session asks for the password over the page, which stays', async () => {
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/playground`, adminPassword)
    await page.getByLabel('Message').fill('half a thought')
    await page.context().clearCookies()
    await page.getByRole('link', { name: 'Users & keys' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByText('You were signed out.').waitFor()
    await dialog.locator('[autocomplete=current-password]').fill(adminPassword)
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await page.getByRole('heading', { level: 1, name: 'Users & keys' }).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test.each([
    ['en-US', 'light', 1280],
    ['zh-CN', 'dark', 1280],
    ['zh-CN', 'light', 360],
    ['en-US', 'dark', 360],
  ] as const)(
    'every page in %s, %s, %p px wide: axe finds nothing, nothing scrolls sideways',
    async (locale, colorScheme, width) => {
      const { page, faults, close } = await openPage(browser, {
        locale,
        colorScheme,
        viewport: { width, height: 740 },
        hasTouch: width < 700,
      })
      await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
      expect(await page.getAttribute('html', 'lang')).toBe(locale === 'zh-CN' ? 'zh-CN' : 'en')
      expect(await page.getAttribute('html', 'data-theme')).toBe(colorScheme)
      for (const route of [
        '/',
        '/accounts',
        '/users',
        '/users/owner',
        '/models',
        '/proxies',
        '/playground',
        '/health',
        '/nothing/here',
        '/password',
      ]) {
        await page.goto(gateway.url + route)
        await page.waitForLoadState('networkidle')
        await page.locator('h1').waitFor()
        expect({ route, faults: await accessibilityFaults(page) }).toEqual({ route, faults: [] })
        expect({ route, sideways: await scrollsSideways(page) }).toEqual({ route, sideways: false })
      }
      expect(faults).toEqual([])
      await close()
    },
  )

  test('the language changes without a reload', async () => {
    const { page, addresses, close } = await openPage(browser, { locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('heading', { level: 1, name: 'Accounts' }).waitFor()
    const before = addresses.filter((address) => address.endsWith('/accounts')).length
    await page.getByRole('button', { name: 'Account menu' }).click()
    await page.getByRole('menuitemradio', { name: '简体中文' }).click()
    await page.getByRole('heading', { level: 1, name: '账号' }).waitFor()
    expect(await page.getAttribute('html', 'lang')).toBe('zh-CN')
    expect(await page.title()).toStartWith('账号')
    expect(addresses.filter((address) => address.endsWith('/accounts')).length).toBe(before)
    await close()
  })

  test('on the machine itself the first visit chooses a password, and a common one is refused at its field', async () => {
    const fresh = await startFresh()
    const { page, faults, close } = await openPage(browser, { locale: 'en-US' })
    try {
      await page.goto(`${fresh.url}/users`)
      await page.getByRole('heading', { level: 1, name: 'Choose a password' }).waitFor()
      await focusIs(page, 'New password')
      const choose = async (password: string): Promise<void> => {
        await page.getByLabel('New password', { exact: true }).fill(password)
        await page.getByLabel('Repeat the new password', { exact: true }).fill(password)
        await page.getByRole('button', { name: 'Save password' }).click()
      }
      await choose('admin')
      await page.getByText('Choose something other than "admin".').waitFor()
      await choose('12345678')
      await page.getByText('Strength: weak').waitFor()
      await page.getByText('This password is too common').waitFor()
      await focusIs(page, 'New password')
      expect(await accessibilityFaults(page)).toEqual([])
      await choose('correct horse battery')
      // The guide from the first account to the first answer.
      await page.waitForURL('**/setup*')
      await page.getByRole('heading', { level: 1 }).waitFor()
      expect(faults).toEqual([])
    } finally {
      await close()
      await fresh.stop()
    }
  })
}

/** A gateway nobody has set up: no password given, no account, no key. */
async function startFresh(): Promise<{ readonly url: string; readonly stop: () => Promise<void> }> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'gateway-fresh-'))
  const probe = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() })
  const { port } = probe
  probe.stop(true)
  const child = Bun.spawn(gatewayCommand(), {
    cwd: dataDir,
    env: {
      PATH: process.env.PATH ?? '',
      HOME: process.env.HOME ?? '',
      HOST: '127.0.0.1',
      PORT: String(port),
      DATA_DIR: dataDir,
      NO_BROWSER: '1',
    },
    stdin: 'ignore',
    stdout: 'ignore',
    stderr: 'ignore',
  })
  const url = `http://127.0.0.1:${port}`
  const until = Date.now() + 20_000
  while (!(await fetch(`${url}/healthz`).catch(() => undefined))?.ok) {
    if (Date.now() > until || child.exitCode !== null)
      throw new Error(`the fresh gateway did not start (${child.exitCode})`)
    await Bun.sleep(25)
  }
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM')
      await child.exited
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}
