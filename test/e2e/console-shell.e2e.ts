import { expect, test } from 'bun:test'
import { accessibilityFaults, scrollsSideways } from '../support/browser.ts'
import { focusIs, hideTab, signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'

consoleTests(shell)

function shell({ gateway, openPage }: ConsoleStand): void {
  const accountId = async (): Promise<string> => {
    const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { id: string }[] }
    return accounts[0]?.id ?? ''
  }

  test('the palette finds pages, accounts, keys and actions by typing, and what was used last comes first', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await gateway.admin('PATCH', `/v2/accounts/${await accountId()}`, { label: 'night shift' })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByText('night shift', { exact: true }).waitFor()
    await page.keyboard.press('Control+k')
    const field = page.getByRole('combobox', { name: 'Search and commands' })
    await field.waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await field.fill('night')
    await page.getByRole('option', { name: /night shift/ }).waitFor()
    await page.keyboard.press('Enter')
    await page.waitForURL(`**/accounts/${await accountId()}`)
    const drawer = page.getByRole('dialog', { name: 'night shift' })
    await drawer.waitFor()
    await page.keyboard.press('Escape')
    await page.keyboard.press('Control+k')
    await drawer.waitFor({ state: 'detached' })
    await field.waitFor()
    // The row that was looked at gets the focus back only where nothing else has it by then.
    await page.waitForTimeout(200)
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true)
    await field.fill('prox')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/proxies')
    await page.keyboard.press('Control+k')
    expect(await page.getByRole('option').first().textContent()).toContain('Proxies')
    expect(await page.getByRole('option').nth(1).textContent()).toContain('night shift')
    await page.keyboard.press('ArrowDown')
    expect(await field.getAttribute('aria-activedescendant')).toBe('palette-1')
    await page.keyboard.press('Escape')
    await field.waitFor({ state: 'detached' })
    const kept = await page.evaluate(() => JSON.stringify({ ...localStorage }))
    expect(kept).not.toContain('night shift')
    expect(faults).toEqual([])
    await close()
  })

  test('the palette finds a proxy by its name and the way to a restore, from any page', async () => {
    const proxy = { url: 'http://127.0.0.1:9', name: 'harbour gate', enabled: false }
    await gateway.admin('POST', '/v2/proxies', proxy)
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/models`, adminPassword)
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor()
    const find = async (typed: string, option: RegExp): Promise<void> => {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Search and commands' }).fill(typed)
      await page.getByRole('option', { name: option }).waitFor()
      await page.keyboard.press('Enter')
    }
    await find('harbour', /harbour gate/)
    await page.waitForURL('**/proxies')
    await page.waitForFunction(() =>
      document.activeElement?.closest('[data-row]')?.textContent?.includes('harbour gate'),
    )
    await find('restore', /^Restore/)
    await page.waitForURL('**/backup')
    await page.waitForFunction(() => document.activeElement?.matches('input[type=file]'))
    expect(faults).toEqual([])
    await close()
  })

  test.each(['/nothing/%E0%A4%A', '/accounts/%', '/%zz?x=%E0'])(
    '%s cannot be read: a page, not an empty one',
    async (path) => {
      const { page, faults, close } = await openPage({ locale: 'en-US' })
      // Signed out as well: whoever signs in comes back to it.
      await page.goto(gateway.url + path)
      await page.locator('[autocomplete=current-password]').fill(adminPassword)
      await page.locator('button[type=submit]').click()
      const heading = page.getByRole('main').getByRole('heading', { level: 1 })
      for (const again of [false, true]) {
        if (again) await page.goto(gateway.url + path)
        await page.getByRole('navigation').first().waitFor()
        await heading.waitFor()
        if (!path.startsWith('/accounts')) expect(await heading.textContent()).toBe('Page not found')
      }
      expect(faults).toEqual([])
      await close()
    },
  )

  test('keys in a row lead to pages, not while somebody types, and the sheet names them', async () => {
    const { page, faults, close } = await openPage({ locale: 'zh-CN' })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.waitForURL('**/accounts')
    // The page's own: the one of the sign-in stands until then.
    await page.getByRole('heading', { level: 1, name: '账号' }).waitFor()
    await page.keyboard.press('g')
    await page.keyboard.press('m')
    await page.waitForURL('**/models')
    await page.getByRole('heading', { level: 1 }).waitFor()
    await page.keyboard.press('Shift+?')
    const sheet = page.getByRole('dialog', { name: '键盘快捷键' })
    await sheet.waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await sheet.getByLabel('启用单键快捷键').uncheck()
    await page.keyboard.press('Escape')
    await sheet.waitFor({ state: 'detached' })
    await page.keyboard.press('g')
    await page.keyboard.press('a')
    await page.keyboard.press('Control+k')
    await page.getByRole('combobox').fill('账号')
    expect(new URL(page.url()).pathname).toBe('/models')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/accounts')
    expect(faults).toEqual([])
    await close()
  })

  test('what happens elsewhere shows without a reload, and a tab that nobody sees holds no stream', async () => {
    const { page, faults, addresses, close } = await openPage({ locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByText('Live', { exact: false }).first().waitFor()
    const id = await accountId()
    const before = addresses.filter((address) => address.includes('/v2/accounts?')).length
    await gateway.admin('PATCH', `/v2/accounts/${id}`, { enabled: false })
    await page.getByText('Disabled', { exact: true }).first().waitFor({ timeout: 5_000 })
    await gateway.admin('PATCH', `/v2/accounts/${id}`, { enabled: true })
    await page.getByText('Ready', { exact: true }).first().waitFor({ timeout: 5_000 })
    expect(addresses.filter((address) => address.includes('/v2/accounts?')).length - before).toBeLessThan(6)
    expect(addresses.filter((address) => address.includes('/v2/events')).length).toBe(1)
    await page.clock.install()
    await hideTab(page, true)
    await page.clock.runFor(16_000)
    await page.getByText('Paused').waitFor()
    await hideTab(page, false)
    await page.getByText('Live', { exact: false }).first().waitFor()
    const [, again = ''] = addresses.filter((address) => address.includes('/v2/events'))
    expect(new URL(again).searchParams.get('lastEventId')).toMatch(/^\w+-\d+$/)
    expect(faults).toEqual([])
    await close()
  })

  test('without the stream the pages ask by themselves and say so quietly', async () => {
    const { page, close } = await openPage({ locale: 'en-US' })
    await page.route('**/v2/events*', (route) => route.fulfill({ status: 503, body: '{}' }))
    await page.clock.install()
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('heading', { level: 1, name: 'Accounts' }).waitFor()
    for (let tries = 0; tries < 3; tries++) {
      await Bun.sleep(300)
      await page.clock.runFor(10_000)
    }
    await page.getByText('No live updates at the moment').waitFor()
    const asked = page.waitForRequest('**/v2/status')
    await page.clock.runFor(31_000)
    await asked
    await close()
  })

  test('a job is found again from every page, with what failed (24)', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/models`, adminPassword)
    await page.waitForURL('**/models')
    await page.getByRole('button', { name: 'Jobs' }).click()
    const drawer = page.getByRole('dialog', { name: 'Jobs' })
    await drawer.getByText('Nothing has run in the last day.').waitFor()
    await page.evaluate(
      async (id) => {
        await fetch('/v2/accounts/batch', {
          method: 'POST',
          headers: { 'content-type': 'application/json', 'x-requested-with': 'console', prefer: 'respond-async' },
          body: JSON.stringify({ action: 'enable', ids: [id, 'acc_nobody'] }),
        })
      },
      await accountId(),
    )
    await drawer.getByText('2 of 2 done, 1 failed').waitFor()
    await drawer.getByRole('button', { name: 'Show what failed' }).click()
    await drawer.getByText(/acc_nobody/).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await focusIs(page, 'Jobs')
    expect(faults).toEqual([])
    await close()
  })

  test('the navigation folds and stays so; on a phone the rest is behind the menu (51)', async () => {
    const { page, close } = await openPage({ locale: 'en-US', viewport: { width: 1440, height: 800 } })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('heading', { level: 1, name: 'Accounts' }).waitFor()
    const width = async (): Promise<number> => (await page.locator('aside').boundingBox())?.width ?? 0
    expect(await width()).toBeGreaterThan(200)
    await page.keyboard.press('[')
    expect(await width()).toBeLessThan(60)
    await page.reload()
    await page.getByRole('heading', { level: 1, name: 'Accounts' }).waitFor()
    expect(await width()).toBeLessThan(60)
    await page.getByRole('link', { name: 'Proxies' }).click()
    await page.waitForURL('**/proxies')
    await close()

    const phone = await openPage({ locale: 'zh-CN', viewport: { width: 360, height: 740 } })
    await signIn(phone.page, `${gateway.url}/login`, adminPassword)
    await phone.page.getByRole('button', { name: '菜单' }).click()
    expect(await accessibilityFaults(phone.page)).toEqual([])
    expect(await scrollsSideways(phone.page)).toBe(false)
    await phone.page.getByRole('dialog').getByRole('link', { name: '代理' }).click()
    await phone.page.waitForURL('**/proxies')
    await phone.page.getByRole('dialog').waitFor({ state: 'detached' })
    await phone.close()
  })

  test('signed out everywhere, another browser is asked to sign in within five seconds (13)', async () => {
    const one = await openPage({ locale: 'en-US' })
    const other = await openPage({ locale: 'en-US' })
    for (const { page } of [one, other]) {
      await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
      await page.getByRole('heading', { level: 1, name: 'Accounts' }).waitFor()
    }
    await one.page.getByRole('button', { name: 'Account menu' }).click()
    await one.page.getByRole('menuitem', { name: 'Sign out everywhere' }).click()
    await one.page.waitForURL('**/login**')
    const started = Date.now()
    await other.page.getByText('You were signed out.').waitFor({ timeout: 10_000 })
    expect(Date.now() - started).toBeLessThan(6_000)
    await one.close()
    await other.close()
  })
}
