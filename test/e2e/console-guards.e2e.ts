import { beforeAll, expect, test } from 'bun:test'
import type { Locator, Page } from 'playwright-core'
import { focused, focusIs, signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'
import { sayIn } from '../support/words.ts'

const people = ['Anna', 'Bert', 'Cemil', 'Dilan', 'Zoltan']

consoleTests(guards)

/** Nothing is lost unnoticed: neither the focus, nor what was typed, nor what is shown once. */
function guards({ gateway, open, openPage }: ConsoleStand): void {
  beforeAll(async () => {
    for (const name of people) await gateway.admin('POST', '/v2/users', { name })
    for (const name of ['one', 'two']) {
      await gateway.admin('POST', '/v2/model-mappings', { name: `map-${name}`, target: 'claude-sonnet-4.5' })
      await gateway.admin('POST', '/v2/admin-tokens', { name: `token-${name}`, scopes: ['read'] })
      await gateway.admin('POST', '/v2/operators', { name: `op-${name}`, password: 'a long one, op', role: 'viewer' })
      await gateway.admin('POST', '/v2/proxies', { name: `hk-${name}`, url: `http://${name}:secret@127.0.0.1:9` })
    }
    for (const ip of ['198.51.100.1', '198.51.100.2'])
      await gateway.admin('POST', '/v2/ips/block', { ip, reason: 'seen' })
  })

  const pressed = async (control: Locator): Promise<void> => {
    await control.focus()
    await control.press('Enter')
  }
  const chosen = async (page: Page, row: Locator, item: string): Promise<void> => {
    await pressed(row.locator('button[aria-haspopup]'))
    const entry = page.getByRole('menuitem', { name: item, exact: true })
    await entry.focus()
    await entry.press('Enter')
  }
  const confirmed = (page: Page, name: string): Promise<void> =>
    pressed(page.getByRole('dialog').getByRole('button', { name, exact: true }))
  /** What has the focus once nothing moves any more, and what it is in. */
  const lands = async (page: Page, target: Locator): Promise<void> => {
    const has = (): Promise<boolean> =>
      target
        .first()
        .evaluate((element) => element.contains(document.activeElement), undefined, { timeout: 5_000 })
        .catch(() => false)
    const until = Date.now() + 10_000
    while (!(await has()) && Date.now() < until) await Bun.sleep(50)
    await page.waitForLoadState('networkidle')
    const tag = await page.evaluate(() => document.activeElement?.tagName)
    expect([await has(), tag === 'BODY', await focused(page)]).toEqual([true, false, expect.any(String)])
  }
  const personRow = (page: Page, name: string): Locator =>
    page.locator('[data-row]').filter({ has: page.getByRole('button', { name: `More actions for ${name}` }) })
  const rowOf = (page: Page, text: string): Locator => page.locator('[data-row]').filter({ hasText: text })

  test('what goes by keyboard leaves the focus with its neighbour, or with what it was among (U2)', async () => {
    const { page, faults, close } = await open('/users')
    const to = async (path: string, shown: string): Promise<void> => {
      await page.goto(gateway.url + path)
      await page.getByText(shown).first().waitFor()
    }
    await rowOf(page, 'Zoltan').waitFor()
    // A row, and the way back to it from a toast.
    const id = await rowOf(page, 'Bert').locator('xpath=following-sibling::*[1]').getAttribute('data-row')
    await chosen(page, rowOf(page, 'Bert'), 'Delete')
    await rowOf(page, 'Bert').waitFor({ state: 'detached' })
    await lands(page, page.locator(`[data-row="${id}"]`))
    await pressed(page.getByRole('button', { name: 'Undo' }))
    await rowOf(page, 'Bert').waitFor()
    await lands(page, page.getByRole('table'))
    // The bar of what is chosen.
    for (const name of ['Anna', 'Cemil']) await rowOf(page, name).locator('input:not([role])').press('Space')
    await pressed(page.getByRole('region', { name: 'Selected users' }).getByRole('button', { name: 'Disable' }))
    await page.getByRole('region', { name: 'Selected users' }).waitFor({ state: 'detached' })
    await lands(page, page.getByRole('table'))
    await rowOf(page, 'Anna').locator('input:not([role])').press('Space')
    await pressed(page.getByRole('button', { name: 'Clear selection' }))
    await lands(page, page.getByRole('table'))
    // Rows that a dialog asks about, or that go at once.
    await to('/models', 'map-one')
    await pressed(page.getByRole('button', { name: 'Remove map-one' }))
    await confirmed(page, 'Remove mapping')
    await page.getByRole('button', { name: 'Remove map-one' }).waitFor({ state: 'detached' })
    await lands(page, page.getByRole('button', { name: 'Remove map-two' }))
    await to('/settings/blocked', '198.51.100.1')
    await pressed(
      page
        .locator('main')
        .getByRole('button', { name: /^Unblock/ })
        .first(),
    )
    await page
      .getByRole('button', { name: /^Unblock/ })
      .nth(1)
      .waitFor({ state: 'detached' })
    await lands(page, page.getByRole('button', { name: /^Unblock/ }))
    await to('/settings/security', 'token-one')
    await pressed(page.getByRole('button', { name: 'Revoke token-one' }))
    await confirmed(page, 'Revoke token')
    await lands(page, page.getByRole('button', { name: 'Revoke token-two' }))
    await chosen(page, personRow(page, 'op-one'), 'Delete')
    await confirmed(page, 'Delete user')
    await personRow(page, 'op-one').waitFor({ state: 'detached' })
    await lands(page, personRow(page, 'op-two'))
    // The last of a list: what it was among.
    await chosen(page, personRow(page, 'op-two'), 'Delete')
    await confirmed(page, 'Delete user')
    await personRow(page, 'op-two').waitFor({ state: 'detached' })
    await lands(page, page.locator('section').filter({ has: page.getByRole('button', { name: 'Add user' }) }))
    expect(faults).toEqual([])
    await close()
  })

  test('work on many accounts, filters and the announcement leave the focus in the page (U2)', async () => {
    await gateway.admin('PUT', '/v2/settings', { announcementText: 'Tea at four', announcementEnabled: true })
    const { page, faults, close } = await open('/accounts?q=sim')
    const bar = page.getByRole('region', { name: 'Selected accounts' })
    await page.locator('[data-row] input[type=checkbox]').first().press('Space')
    await pressed(bar.getByRole('button', { name: 'Check', exact: true }))
    await bar.getByRole('button', { name: 'Close' }).waitFor()
    await lands(page, bar)
    await pressed(bar.getByRole('button', { name: 'Close' }))
    await lands(page, bar.or(page.getByRole('table')))
    await pressed(page.getByRole('button', { name: 'Clear filters' }))
    await lands(page, page.getByRole('main'))
    expect(await page.evaluate(() => document.activeElement?.id)).not.toBe('content')
    await pressed(page.getByRole('main').getByRole('button', { name: 'Close', exact: true }).first())
    await page.getByText('Tea at four').waitFor({ state: 'detached' })
    await focusIs(page, 'Accounts')
    // Who has let go of everything is left alone.
    await page.goto(`${gateway.url}/users`)
    await rowOf(page, 'Zoltan').locator('input:not([role])').focus()
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
    const id = await rowOf(page, 'Zoltan').getAttribute('data-row')
    await gateway.admin('DELETE', `/v2/users/${id}`)
    await page.keyboard.press('r')
    await rowOf(page, 'Zoltan').waitFor({ state: 'detached' })
    await Bun.sleep(300)
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('BODY')
    await gateway.admin('PUT', '/v2/settings', { reset: ['announcementText', 'announcementEnabled'] })
    expect(faults).toEqual([])
    await close()
  })

  const typing = [
    { path: '/users', by: 'Create user', tab: '', field: 'Name' },
    { path: '/accounts', by: 'Add account', tab: 'Paste token', field: 'Refresh token' },
    { path: '/accounts', by: 'Add account', tab: 'Import', field: 'JSON, or one sign-in per line' },
    { path: '/proxies', by: 'Add proxy', tab: '', field: 'Name' },
    { path: '/models', by: 'Map a name', tab: '', field: 'Name that clients send' },
    { path: '/settings/security', by: 'Add user', tab: '', field: 'Name' },
    { path: '/settings/security', by: 'Create token', tab: '', field: 'Name' },
    { path: '/logs?view=addresses', by: 'Block an address', tab: '', field: 'Reason' },
  ]
  test('what was typed in a window goes by none of the ways out without a question (U4)', async () => {
    const { page, faults, close } = await open('/')
    const dialog = page.getByRole('dialog')
    const asked = dialog.getByText('Discard what you typed?')
    for (const { path, by, tab, field } of typing) {
      await page.goto(gateway.url + path)
      await page.getByRole('main').getByRole('button', { name: by, exact: true }).first().click()
      if (tab !== '') await dialog.getByRole('tab', { name: tab }).click()
      const text = dialog.getByRole('textbox', { name: field }).first()
      // Looked at alone, it closes at once.
      await text.focus()
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
      await page.getByRole('main').getByRole('button', { name: by, exact: true }).first().click()
      if (tab !== '') await dialog.getByRole('tab', { name: tab }).click()
      await text.pressSequentially('half')
      await page.keyboard.press('Escape')
      await asked.waitFor()
      await dialog.getByRole('button', { name: 'Keep editing' }).click()
      expect([path, await text.inputValue()]).toEqual([path, 'half'])
      await dialog.getByRole('button', { name: 'Close', exact: true }).click()
      await asked.waitFor()
      await dialog.getByRole('button', { name: 'Discard' }).click()
      await dialog.waitFor({ state: 'detached' })
    }
    expect(faults).toEqual([])
    await close()
  })

  test('neither the palette nor Back nor a reload takes what was typed, or a key that is shown once (U4, U12, 31)', async () => {
    const { page, faults, close } = await open('/models')
    await page.getByRole('link', { name: 'Users & keys' }).first().click()
    await page.getByRole('button', { name: 'Create user' }).first().click()
    const dialog = page.getByRole('dialog', { name: 'Create user' })
    const name = dialog.getByLabel('Name', { exact: true })
    await name.fill('Half a name')
    const toLogs = async (): Promise<void> => {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Search and commands' }).fill('request logs')
      await page.getByRole('option').first().waitFor()
      await page.keyboard.press('Enter')
    }
    const isHere = (): string => new URL(page.url()).pathname
    const asked = dialog.getByText('Discard what you typed?')
    for (const way of [toLogs, () => page.goBack().then(() => undefined)]) {
      await way()
      await asked.waitFor()
      await focusIs(page, 'Keep editing')
      await page.keyboard.press('Enter')
      expect([isHere(), await name.inputValue()]).toEqual(['/users', 'Half a name'])
    }
    const reload = Promise.all([page.waitForEvent('dialog'), page.evaluate(() => setTimeout(() => location.reload()))])
    const [warning] = await reload
    expect(warning.type()).toBe('beforeunload')
    await warning.dismiss()
    // What looks and changes nothing is not asked about.
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox', { name: 'Search and commands' }).fill('Switch to dark')
    await page.keyboard.press('Enter')
    await page.locator('html[data-theme=dark]').waitFor({ state: 'attached' })
    expect(await asked.count()).toBe(0)
    await dialog.getByRole('button', { name: 'Create user' }).click()
    const key = dialog.getByLabel('New key', { exact: true })
    const secret = await key.inputValue()
    for (const way of [toLogs, () => page.goBack().then(() => undefined)]) {
      await way()
      await dialog.getByText('The key has not been copied yet. Close anyway?').waitFor()
      expect([isHere(), await key.inputValue()]).toEqual(['/users', secret])
    }
    await dialog.getByRole('button', { name: 'Close without the key' }).click()
    await page.waitForURL('**/models')
    // Asked once: who says so goes.
    await page.getByRole('button', { name: 'Map a name' }).first().click()
    await page.getByRole('dialog').getByLabel('Name that clients send').fill('x')
    await toLogs()
    await page.getByRole('dialog').getByRole('button', { name: 'Discard' }).click()
    await page.waitForURL('**/logs')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(faults).toEqual([])
    await close()
  })

  test.each(['en-US', 'zh-CN'])('a token and recovery codes are not let go of unnoticed (U12): %s', async (locale) => {
    const t = sayIn(locale)
    const { page, faults, close } = await open('/settings/security', { locale })
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: t('settings.tokens.create') }).click()
    await dialog.getByLabel(t('settings.tokens.name')).fill(`script ${locale}`)
    await page.keyboard.press('Enter')
    await dialog.getByLabel(t('settings.tokens.value')).waitFor()
    await page.keyboard.press('Escape')
    await dialog.getByText(t('settings.tokens.closeAsk')).waitFor()
    await dialog.getByRole('button', { name: t('settings.tokens.closeAnyway') }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText(`script ${locale}`).first().waitFor()
    await page.route('**/v2/second-factor', (route) =>
      route.request().method() === 'POST'
        ? route.fulfill({ json: { secret: 'JBSWY3DPEHPK3PXP', uri: 'otpauth://totp/x?secret=JBSWY3DPEHPK3PXP' } })
        : route.continue(),
    )
    await page.route('**/v2/second-factor/confirm', (route) =>
      route.fulfill({ json: { recoveryCodes: ['aaaa-bbbb', 'cccc-dddd'] } }),
    )
    await page.getByRole('button', { name: t('settings.factor.turnOn') }).click()
    await dialog.locator('[autocomplete=current-password]').fill(adminPassword)
    await page.keyboard.press('Enter')
    await dialog.getByLabel(t('settings.factor.code')).fill('123456')
    await page.keyboard.press('Enter')
    await dialog.getByText('aaaa-bbbb').waitFor()
    await page.keyboard.press('Escape')
    await dialog.getByText(t('settings.factor.closeAsk')).waitFor()
    expect(await dialog.getByText('aaaa-bbbb').count()).toBe(1)
    await dialog.getByRole('button', { name: t('settings.factor.closeAnyway') }).click()
    await dialog.waitFor({ state: 'detached' })
    // Saved, they are let go of at once.
    await page.getByRole('button', { name: t('settings.factor.turnOn') }).click()
    await dialog.locator('[autocomplete=current-password]').fill(adminPassword)
    await page.keyboard.press('Enter')
    await dialog.getByLabel(t('settings.factor.code')).fill('123456')
    await page.keyboard.press('Enter')
    await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: t('settings.factor.download') }).click(),
    ])
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'detached' })
    expect(faults).toEqual([])
    await close()
  })

  test('letters typed before the palette is there are for it, and run no shortcut (U2)', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    const arrived = Promise.withResolvers<void>()
    // From the beginning: a quiet page loads it by itself.
    await page.route('**/assets/palette*', async (route) => {
      await arrived.promise
      await route.continue()
    })
    await signIn(page, `${gateway.url}/login`, adminPassword)
    await page.getByRole('navigation').first().waitFor()
    await page.keyboard.press('Control+k')
    await page.keyboard.type('gm')
    await page.keyboard.press('Backspace')
    await page.keyboard.press('Backspace')
    await page.keyboard.type('request lo')
    expect(await page.getByRole('combobox', { name: 'Search and commands' }).count()).toBe(0)
    arrived.resolve()
    const field = page.getByRole('combobox', { name: 'Search and commands' })
    await field.waitFor()
    await page.keyboard.type('gs')
    expect([await field.inputValue(), new URL(page.url()).pathname]).toEqual(['request logs', '/'])
    await page.keyboard.press('Enter')
    await page.waitForURL('**/logs')
    expect(faults).toEqual([])
    await close()
  })

  test('a window whose fields come later begins at the first of them (U2)', async () => {
    const { page, faults, close } = await open('/accounts')
    await page.getByRole('button', { name: 'Add account' }).first().click()
    await page.getByRole('dialog').waitFor()
    await lands(page, page.getByRole('dialog').locator('input:checked'))
    expect(faults).toEqual([])
    await close()
  })

  test('turning off somebody else’s second factor asks first', async () => {
    await gateway.admin('POST', '/v2/operators', { name: 'op-three', password: 'a long one, op', role: 'viewer' })
    const { page, faults, close } = await open('/')
    const patched: unknown[] = []
    await page.route('**/v2/operators**', async (route) => {
      if (route.request().method() !== 'GET') {
        patched.push(route.request().postDataJSON())
        await route.continue()
        return
      }
      const response = await route.fetch()
      const list = (await response.json()) as { operators: object[] }
      await route.fulfill({
        response,
        json: { operators: list.operators.map((one) => ({ ...one, secondFactor: true })) },
      })
    })
    await page.goto(`${gateway.url}/settings/security`)
    await chosen(page, personRow(page, 'op-three'), 'Turn off second factor')
    const dialog = page.getByRole('dialog', { name: 'Turn off the second factor of op-three?' })
    await focusIs(page, 'Cancel')
    expect(patched).toEqual([])
    await dialog.getByRole('button', { name: 'Turn off second factor' }).click()
    await dialog.waitFor({ state: 'detached' })
    expect(patched).toEqual([{ secondFactor: false }])
    await page.unrouteAll({ behavior: 'wait' })
    expect(faults).toEqual([])
    await close()
  })

  test('a link that could not be made is told of beside the key', async () => {
    const { page, close } = await open('/users')
    await page.route('**/v2/keys/*/hand-over', (route) => route.fulfill({ status: 503, json: { error: 'no' } }))
    await page.getByRole('button', { name: 'Create user' }).first().click()
    const dialog = page.getByRole('dialog', { name: 'Create user' })
    await dialog.getByLabel('Name', { exact: true }).fill('by link')
    await dialog.getByText('By a one-time link').click()
    await dialog.getByRole('button', { name: 'Create user' }).click()
    await dialog.getByLabel('New key', { exact: true }).waitFor()
    await dialog.getByText(/^The user is there, but the link was not made\./).waitFor()
    await close()
  })
}
