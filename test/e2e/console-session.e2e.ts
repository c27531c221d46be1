import { expect, test } from 'bun:test'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import path from 'node:path'
import type { Page } from 'playwright-core'
import { gatewayCommand, runGateway } from '../support/command.ts'
import { bothLooks, consolePaths, focused, focusIs, hideTab, look, signedIn, signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword, loggedRows } from '../support/gateway.ts'
import { leftOut } from '../support/left-out.ts'
import { sayIn } from '../support/words.ts'

const lan = Object.values(networkInterfaces())
  .flat()
  .find((one) => one?.family === 'IPv4' && !one.internal)?.address

if (lan === undefined) leftOut('a network')
else consoleTests((stand) => sessions(stand, lan), { env: { HOST: '0.0.0.0' } })

/** What a signed-in page goes through: sessions that end, servers that go and come, other addresses, many tabs. */
function sessions({ gateway, openPage, open }: ConsoleStand, host: string): void {
  const userNames = async (): Promise<readonly string[]> =>
    ((await gateway.admin('GET', '/v2/users')) as unknown as readonly { name: string }[]).map(({ name }) => name)

  test('wrong passwords start a countdown, and meanwhile the right one is refused too (8)', async () => {
    const headers = { 'x-forwarded-for': '203.0.113.50' }
    const { page, close } = await openPage({ locale: 'en-US', extraHTTPHeaders: headers })
    await page.goto(`${gateway.url}/login`)
    const waits = page.getByText(/^Too many attempts\. Try again in \d+:\d\d\.$/)
    for (let tries = 0; tries < 5; tries++) {
      await page.locator('[autocomplete=current-password]').fill(`wrong ${tries}`)
      const answer = page.waitForResponse('**/api/login')
      await page.locator('button[type=submit]').click()
      await answer
    }
    const right = () =>
      fetch(`${gateway.url}/api/login`, { method: 'POST', headers, body: JSON.stringify({ password: adminPassword }) })
    expect((await right()).status).toBe(429)
    if (!(await waits.isVisible())) {
      await page.locator('[autocomplete=current-password]').fill(adminPassword)
      await page.locator('button[type=submit]').click()
    }
    await waits.waitFor()
    expect(await page.locator('button[type=submit]').isDisabled()).toBe(true)
    expect(new URL(page.url()).pathname).toBe('/login')
    await close()
  })

  test.each(['https://evil.example', '//evil.example', '/\\evil.example', '/..//evil.example', '/.//evil.example/x'])(
    'after sign-in nobody is sent to %s (9)',
    async (next) => {
      const { page, addresses, close } = await openPage({ locale: 'en-US' })
      await signIn(page, `${gateway.url}/login?next=${encodeURIComponent(next)}`, adminPassword)
      await page.waitForURL(`${gateway.url}/`)
      expect(addresses.filter((address) => new URL(address).origin !== gateway.url)).toEqual([])
      await close()
    },
  )

  test.each(bothLooks)(
    'a form half filled outlives its session and is saved once (12): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const name = `Half done ${width}`
      const { page, faults, close } = await open('/users', look(locale, width))
      await page
        .getByRole('button', { name: t('users.create') })
        .first()
        .click()
      const form = page.getByRole('dialog', { name: t('users.create') })
      await form.getByLabel(t('users.name'), { exact: true }).fill(name)
      await form.getByLabel(t('users.limit.daily_quota')).fill('2M')
      await page.context().clearCookies()
      await form.getByRole('button', { name: t('users.create') }).click()
      const again = page.getByRole('dialog').filter({ hasText: t('session.expired') })
      await again.locator('[autocomplete=current-password]').fill(adminPassword)
      await page.keyboard.press('Enter')
      await again.waitFor({ state: 'detached' })
      expect(await form.getByLabel(t('users.name'), { exact: true }).inputValue()).toBe(name)
      expect(await form.getByLabel(t('users.limit.daily_quota')).inputValue()).toBe('2M')
      expect(await userNames()).not.toContain(name)
      await form.getByRole('button', { name: t('users.create') }).click()
      await form.getByLabel(t('keys.value')).waitFor()
      expect((await userNames()).filter((one) => one === name)).toHaveLength(1)
      expect(faults).toEqual([])
      await close()
    },
  )

  test('what only the owner sees stays under the sign-in, with what was typed there (12)', async () => {
    const { page, faults, close } = await open('/backup')
    const passphrase = page.getByLabel('Passphrase', { exact: true })
    await passphrase.fill('a long enough passphrase')
    await page.context().clearCookies()
    await page.getByRole('button', { name: 'Back up now' }).click()
    const again = page.getByRole('dialog').filter({ hasText: 'You were signed out.' })
    await again.locator('[autocomplete=current-password]').fill(adminPassword)
    expect(await passphrase.inputValue()).toBe('a long enough passphrase')
    await page.keyboard.press('Enter')
    await again.waitFor({ state: 'detached' })
    expect(await passphrase.inputValue()).toBe('a long enough passphrase')
    expect(faults).toEqual([])
    await close()
  })

  test.each([
    ['/users', 'Create user', 'Name'],
    ['/accounts', 'Jobs', ''],
    ['/models', '', 'Search and commands'],
  ])(
    'whoever is signed out with a window open on %s (%s) types the password where it belongs (U2)',
    async (path, button, field) => {
      const { page, faults, close } = await open(path)
      if (button === '') await page.keyboard.press('Control+k')
      else await page.getByRole('button', { name: button }).first().click()
      const below = page.getByRole('dialog')
      await below.waitFor()
      if (field !== '') {
        await focusIs(page, field)
        await page.keyboard.type('half')
      }
      const before = await focused(page)
      await gateway.admin('POST', '/v2/sessions/end-others')
      const again = page.getByRole('dialog').filter({ hasText: 'You were signed out.' })
      await again.waitFor()
      await focusIs(page, 'Password')
      expect(await page.locator('[inert] [role=dialog]').count()).toBe(1)
      for (let steps = 0; steps < 6; steps++) {
        await page.keyboard.press('Tab')
        expect(await again.evaluate((dialog) => dialog.contains(document.activeElement))).toBe(true)
      }
      await again.locator('[autocomplete=current-password]').focus()
      await page.keyboard.type(adminPassword)
      await page.keyboard.press('Enter')
      await again.waitFor({ state: 'detached' })
      await focusIs(page, before)
      expect(await page.locator('[inert]').count()).toBe(0)
      if (field !== '')
        expect(
          await below
            .getByRole(button === '' ? 'combobox' : 'textbox')
            .first()
            .inputValue(),
        ).toBe('half')
      expect(await userNames()).not.toContain('half')
      expect(faults).toEqual([])
      await close()
    },
  )

  test('by plain HTTP from another machine every page loads, and nothing claims to be copied that is not (17)', async () => {
    const url = gateway.url.replace('127.0.0.1', host)
    const { page, faults, addresses, close } = await openPage({ locale: 'en-US' })
    await signIn(page, `${url}/login?next=/accounts`, adminPassword)
    await signedIn(page)
    expect(await page.evaluate(() => window.isSecureContext)).toBe(false)
    for (const path of consolePaths) {
      await page.goto(url + path)
      expect(new URL(page.url()).pathname).toBe(new URL(url + path).pathname)
      await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
    }
    await page.goto(`${url}/integrations/claude-code`)
    // The model in it is one the gateway has, once it has said which.
    await page.waitForLoadState('networkidle')
    const figure = page.locator('figure').filter({ hasText: 'ANTHROPIC_BASE_URL' }).first()
    const text = ((await figure.locator('pre').textContent()) ?? '').trim()
    await figure.getByRole('button', { name: /^Copy/ }).click()
    await figure.getByRole('button', { name: /^Copied/ }).waitFor()
    await page.goto(`${url}/playground`)
    await page.getByLabel('Message', { exact: true }).focus()
    await page.keyboard.press('Control+V')
    expect((await page.getByLabel('Message', { exact: true }).inputValue()).trim()).toBe(text)

    await page.goto(`${url}/integrations/claude-code`)
    await page.waitForLoadState('networkidle')
    await page.evaluate(() => Object.assign(document, { execCommand: () => false }))
    await figure.getByRole('button', { name: /^Copy/ }).click()
    await figure.getByRole('button', { name: /^Press Ctrl\+C/ }).waitFor()
    expect((await page.evaluate(() => getSelection()?.toString() ?? '')).trim()).toBe(text)

    // So does every other button that copies: refused, it selects and says which keys to press.
    const answer = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': gateway.key },
      body: JSON.stringify({ model: 'claude-sonnet-4.5', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] }),
    })
    await answer.text()
    const [row] = await loggedRows<{ readonly id: string }>(gateway, 1)
    const press = async (name: string): Promise<void> => {
      if (name !== '') await page.getByRole('button', { name, exact: true }).click()
    }
    for (const [path, opener] of [
      ['/models', ''],
      ['/health', ''],
      ['/health?tab=about', 'Show the report'],
      [`/logs/${row?.id}`, ''],
      ['/settings/security', 'Turn on'],
    ] as const) {
      await page.goto(url + path)
      await page.waitForLoadState('networkidle')
      await press(opener)
      if (opener === 'Turn on') {
        await page.getByRole('dialog').locator('[autocomplete=current-password]').fill(adminPassword)
        await page.keyboard.press('Enter')
      }
      await page.evaluate(() => Object.assign(document, { execCommand: () => false }))
      const buttons = page.getByRole('button', { name: /^(Copy|Copied|Press Ctrl\+C)\b/ })
      await buttons.first().waitFor()
      for (const button of await buttons.all()) {
        await button.click()
        await page
          .getByRole('button', { name: /^Press Ctrl\+C/ })
          .first()
          .waitFor()
        const selected = await page.evaluate(() => {
          const field = document.activeElement
          return field instanceof HTMLTextAreaElement
            ? field.value.slice(field.selectionStart, field.selectionEnd)
            : (getSelection()?.toString() ?? '')
        })
        expect([path, selected.trim().length > 3]).toEqual([path, true])
        expect([path, await page.getByRole('button', { name: /^Copied/ }).count()]).toEqual([path, 0])
      }
    }
    expect(addresses.filter((address) => new URL(address).host !== new URL(url).host)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })

  test('eight tabs in the background leave the ninth its connections (54)', async () => {
    const { page, close } = await open('/accounts')
    const context = page.context()
    const hidden: Page[] = [page]
    while (hidden.length < 8) {
      const tab = await context.newPage()
      await tab.goto(`${gateway.url}/accounts`)
      await tab.getByText('Live', { exact: false }).first().waitFor()
      hidden.push(tab)
      await tab.clock.install()
      await hideTab(tab, true)
      await tab.clock.runFor(16_000)
      await tab.getByText('Paused').waitFor()
    }
    const ninth = await context.newPage()
    const times: number[] = []
    for (let turn = 0; turn < 3; turn++) {
      const began = Date.now()
      await ninth.goto(`${gateway.url}/users`)
      await ninth.getByRole('main').getByRole('heading', { level: 1, name: 'Users & keys' }).waitFor()
      times.push(Date.now() - began)
    }
    await ninth.getByText('Live', { exact: false }).first().waitFor()
    // The fastest: a shared machine may stop for a moment; without free connections none of them would ever end.
    expect(Math.min(...times)).toBeLessThan(2_000)
    await close()
  })

  test('a server that stops is told of, what is shown stays, and the page is live again by itself (56)', async () => {
    const { page, close } = await open('/accounts')
    const label = gateway.accounts[0]?.id ?? ''
    await page.getByText(label, { exact: true }).waitFor()
    await page.evaluate(() => Object.assign(window, { untouched: true }))
    process.kill(gateway.pid(), 'SIGKILL')
    await page.getByText('The server cannot be reached. Trying again…').waitFor({ timeout: 20_000 })
    expect(await page.getByText(label, { exact: true }).isVisible()).toBe(true)
    await gateway.restart('SIGKILL')
    await page.getByText('The server cannot be reached.').waitFor({ state: 'detached', timeout: 40_000 })
    const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { id: string }[] }
    await gateway.admin('PATCH', `/v2/accounts/${accounts[0]?.id}`, { label: 'after the restart' })
    await page.getByText('after the restart', { exact: true }).waitFor({ timeout: 40_000 })
    expect(await page.evaluate(() => Reflect.get(window, 'untouched'))).toBe(true)
    await close()
  })

  test('with the first answer of a server that is back the page is live, and meanwhile no figure is shown as of now (56)', async () => {
    const { page, close } = await open('/accounts')
    const bar = page.getByRole('complementary')
    await bar.getByText(/^Provider/).waitFor({ timeout: 30_000 })
    await bar.getByText(/\d active/).waitFor()
    process.kill(gateway.pid(), 'SIGKILL')
    await page.getByText('The server cannot be reached. Trying again…').waitFor({ timeout: 20_000 })
    expect(await bar.getByText(/Provider|active/).count()).toBe(0)
    // So long away that the next try by itself would be in a minute.
    await bar.getByText('Polling', { exact: true }).waitFor({ timeout: 30_000 })
    await gateway.restart('SIGKILL')
    await bar.getByText(/^Live/).waitFor({ timeout: 15_000 })
    expect(await page.getByText('No live updates at the moment').count()).toBe(0)
    await bar.getByText(/\d active/).waitFor()
    await close()
  })

  test('while the server is away nothing can be written and that is said; what was typed is there, and sent once, when it is back', async () => {
    const { page, faults, close } = await open('/users/owner')
    const why = /^The server cannot be reached\. This can be used again/
    // Behind the window, where no role reaches.
    const toggle = page.locator('[role=switch]').first()
    const change = page.locator('button[aria-label^="Edit: "]').first()
    await change.waitFor()
    await page.getByRole('button', { name: 'New key' }).click()
    const form = page.getByRole('dialog', { name: 'New key for Owner' })
    const create = form.getByRole('button', { name: 'Create key' })
    await form.getByLabel('Name', { exact: true }).fill('Typed before')
    process.kill(gateway.pid(), 'SIGKILL')
    await page.getByText('The server cannot be reached. Trying again…').first().waitFor({ timeout: 20_000 })
    expect(await create.getAttribute('aria-disabled')).toBe('true')
    expect(await create.getAttribute('title')).toMatch(why)
    const calls: string[] = []
    page.on('request', (request) => request.method() !== 'GET' && calls.push(request.url()))
    await form.getByLabel('Name', { exact: true }).fill('Typed meanwhile')
    await page.keyboard.press('Enter')
    await create.click({ force: true })
    await toggle.evaluate((element) => (element as HTMLElement).click())
    await change.evaluate((element) => (element as HTMLElement).click())
    expect(await toggle.getAttribute('title')).toMatch(why)
    expect(await change.getAttribute('title')).toMatch(why)
    expect(await page.locator('[role=dialog]').count()).toBe(2)
    expect(calls).toEqual([])
    await gateway.restart('SIGKILL')
    await page.getByText('The server cannot be reached.').first().waitFor({ state: 'detached', timeout: 40_000 })
    expect(await form.getByLabel('Name', { exact: true }).inputValue()).toBe('Typed meanwhile')
    expect(await create.getAttribute('aria-disabled')).toBeNull()
    expect(await toggle.getAttribute('title')).toBeNull()
    await form.getByLabel('Name', { exact: true }).focus()
    await page.keyboard.press('Enter')
    await form.getByLabel('New key').waitFor()
    expect(calls.filter((url) => url.endsWith('/v2/keys'))).toHaveLength(1)
    expect(faults.filter((fault) => !/ERR_|fetch/.test(fault))).toEqual([])
    await close()
  })

  const parts = ['toast-view', 'palette', 'menu-list', 'jobs-list']

  test('a part that was never loaded leaves the page as it is while the server is away, and comes with it (U10)', async () => {
    const { page, close } = await openPage({ locale: 'en-US' })
    await page.route(new RegExp(`/assets/(${parts.join('|')})-`), (route) => route.abort())
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    const toggle = page.getByRole('row').getByRole('switch').first()
    // The last that is tried, before it is known that there is nobody to hear it.
    await page.route('**/v2/accounts/*', (route) =>
      route.request().method() === 'PATCH' ? route.abort() : route.continue(),
    )
    const tried = page.waitForRequest((request) => request.method() === 'PATCH')
    await toggle.click()
    await tried
    process.kill(gateway.pid(), 'SIGKILL')
    const away = page.getByText('The server cannot be reached. Trying again…')
    await page.getByRole('button', { name: /^Jobs/ }).click()
    await away.waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Account menu' }).click()
    await page.keyboard.press('Control+k')
    await page.waitForTimeout(1_000)
    expect(await page.getByRole('link', { name: /^Accounts/ }).count()).toBe(1)
    expect(await away.count()).toBe(1)
    expect(await toggle.isVisible()).toBe(true)
    await page.unrouteAll()
    await gateway.restart('SIGKILL')
    // Whichever of the two comes last stays.
    await page
      .getByRole('combobox', { name: 'Search and commands' })
      .or(page.getByRole('menuitem', { name: 'Sign out', exact: true }))
      .waitFor()
    await page
      .getByRole('region', { name: /Notifications/ })
      .getByText('The server cannot be reached')
      .first()
      .waitFor()
    await away.waitFor({ state: 'detached', timeout: 40_000 })
    await close()
  })

  test('a part of the guide that cannot be loaded leaves the guide as it is, and comes with the server', async () => {
    const { page, close } = await open('/setup?step=account')
    const heading = page.getByRole('heading', { level: 1, name: 'Add your first account' })
    await heading.waitFor()
    await page.waitForLoadState('networkidle')
    await page.evaluate(() => Object.assign(window, { untouched: true }))
    for (const [tab, field] of [
      ['Paste token', 'Refresh token'],
      ['Import', 'JSON, or one sign-in per line'],
    ] as const) {
      await page.context().setOffline(true)
      await page.getByRole('tab', { name: tab }).click()
      await page.getByText('The server cannot be reached. Trying again…').waitFor()
      expect(await heading.isVisible()).toBe(true)
      await page.context().setOffline(false)
      await page.getByLabel(field).first().waitFor()
      await page.getByText('The server cannot be reached.').waitFor({ state: 'detached' })
    }
    expect(await page.evaluate(() => Reflect.get(window, 'untouched'))).toBe(true)
    await close()
  })

  test('what a page may show soon is loaded when it is quiet, so that it is there without the server', async () => {
    const { page, faults, close } = await open('/accounts')
    await page.waitForFunction((names) => {
      const there = performance.getEntriesByType('resource').map(({ name }) => name)
      return names.every((part) => there.some((name) => name.includes(`/assets/${part}-`)))
    }, parts)
    // The words of each come beside it.
    await page.waitForTimeout(1_500)
    process.kill(gateway.pid(), 'SIGKILL')
    await page.getByRole('button', { name: 'Account menu' }).click()
    await page.getByRole('menuitem', { name: 'Sign out everywhere' }).click()
    await page
      .getByRole('region', { name: /Notifications/ })
      .getByText('The server cannot be reached')
      .first()
      .waitFor()
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search and commands' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Account menu' }).click()
    await page.getByRole('menu').waitFor()
    expect(faults.filter((fault) => !/ERR_|fetch/.test(fault))).toEqual([])
    await gateway.restart('SIGKILL')
    await close()
  })

  test('a page whose code is gone after an upgrade offers to reload, and never by itself again and again (56)', async () => {
    const { page, close } = await open('/accounts')
    let loads = 0
    page.on('framenavigated', (frame) => {
      if (frame === page.mainFrame()) loads++
    })
    await page.route('**/assets/health-*.js', (route) => route.fulfill({ status: 404, body: '' }))
    await page.getByRole('link', { name: 'About and health' }).click()
    await page.getByText('A new version is ready').waitFor()
    const before = loads
    await page.getByRole('button', { name: 'Reload' }).click()
    await page.waitForEvent('load')
    await page.getByText('A new version is ready').waitFor()
    await page.waitForTimeout(1_500)
    expect(loads - before).toBe(1)
    await page.unroute('**/assets/health-*.js')
    await page.getByRole('button', { name: 'Reload' }).click()
    await page.getByRole('heading', { level: 1, name: 'About and health' }).waitFor()
    await close()
  })

  test('the command that the sign-in page names opens the console again, pasted in whatever folder (U16)', async () => {
    const elsewhere = mkdtempSync(path.join(tmpdir(), 'elsewhere-'))
    const program = path.join(elsewhere, 'claude-server')
    const quoted = gatewayCommand().map((word) => `'${word}'`)
    writeFileSync(program, `#!/bin/sh\nexec ${quoted.join(' ')} "$@"\n`, { mode: 0o755 })
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await page.goto(`${gateway.url}/login`)
    const command = (await page.getByText('Forgot it? On the server, run:').locator('code').textContent()) ?? ''
    const env = { PATH: `${elsewhere}:${process.env.PATH}`, HOME: process.env.HOME ?? '' }
    const ran = Bun.spawnSync(['sh', '-c', command], { cwd: elsewhere, env })
    expect([ran.exitCode, ran.stderr.toString()]).toEqual([0, expect.any(String)])
    expect(readdirSync(elsewhere)).toEqual(['claude-server'])
    await signIn(page, `${gateway.url}/login`, ran.stdout.toString().trim())
    await signedIn(page)
    await page.getByRole('heading', { level: 1 }).first().waitFor()
    const back = await runGateway(
      ['password', 'reset', '--password-stdin'],
      { DATA_DIR: gateway.dataDir },
      adminPassword,
    )
    expect(back.code).toBe(0)
    rmSync(elsewhere, { recursive: true })
    expect(faults).toEqual([])
    await close()
  })
}
