import { expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { accessibilityFaults, beyondCells, scrollsSideways } from '../support/browser.ts'
import { focusIs, hideTab, inTime, showAccounts, signIn, someAccount } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'

consoleTests(lists)

function lists({ gateway, openPage }: ConsoleStand): void {
  /** An account changes elsewhere: the stream tells it, and the page asks again for what it shows. */
  async function refetch(page: Page, answers: () => number): Promise<void> {
    const before = answers()
    const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { id: string }[] }
    await gateway.admin('PATCH', `/v2/accounts/${accounts[0]?.id}`, { notes: `change ${before}` })
    while (answers() === before) await Bun.sleep(20)
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)))
  }

  test('two answers later an open menu and the focus are where they were, and no row was made again (U1)', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US', viewport: { width: 1280, height: 740 } })
    let used = 100
    const answers = await showAccounts(page, () => {
      used += 1
      return Array.from({ length: 50 }, (_, index) =>
        someAccount(`team-${index}`, 'ready', index === 3 ? { usage_current: used, usage_limit: 500 } : {}),
      )
    })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByText('team-3', { exact: true }).waitFor({ timeout: 30_000 })
    await page.evaluate(() => {
      for (const row of document.querySelectorAll('tbody tr')) Object.assign(row, { known: true })
    })
    await page.getByRole('button', { name: /^More actions for team-3 / }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Copy ID' }).waitFor()
    const scrolled = await page.evaluate(() => scrollY)
    await refetch(page, answers)
    await refetch(page, answers)
    expect(await page.getByRole('menuitem', { name: 'Copy ID' }).isVisible()).toBe(true)
    await focusIs(page, 'Check now')
    expect(await page.evaluate(() => scrollY)).toBe(scrolled)
    await page.keyboard.press('Escape')
    await focusIs(page, 'More actions for team-3 ')
    await page.getByText(`${used} / 500`).waitFor()
    expect(
      await page.evaluate(() => [...document.querySelectorAll('tbody tr')].filter((row) => !('known' in row)).length),
    ).toBe(0)
    expect(faults).toEqual([])
    await close()
  })

  test('a long list keeps only the rows in view in the page, sorts, and its head stays (U1)', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US', viewport: { width: 1280, height: 740 } })
    await showAccounts(page, () =>
      Array.from({ length: 200 }, (_, index) => someAccount(`team-${String(index).padStart(4, '0')}`, 'ready')),
    )
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByText('team-0000', { exact: true }).waitFor()
    const rows = () => page.locator('tbody tr').count()
    expect(await rows()).toBeLessThan(60)
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight))
    await page.getByText('team-0199', { exact: true }).waitFor()
    expect(await rows()).toBeLessThan(60)
    // Below the bar at the top.
    expect((await page.getByRole('columnheader', { name: 'Quota' }).boundingBox())?.y).toBe(52)
    await page.getByRole('button', { name: 'Account', exact: true }).click()
    await page.evaluate(() => scrollTo(0, 0))
    await page.getByText('team-0199', { exact: true }).waitFor()
    expect(await page.getByRole('columnheader', { name: 'Account' }).getAttribute('aria-sort')).toBe('descending')
    expect(faults).toEqual([])
    await close()
  })

  test('the state is what holds now, the counts add up, trouble has one way out, and rows are low (U4, U5)', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US', viewport: { width: 1280, height: 740 } })
    const words =
      'Your account has been locked as a security precaution. To restore access, contact support at https://support.example/very/long/address/of/the/support?with=everything&needed=true'
    const shown = [
      someAccount('locked', 'suspended', { status_reason: words, status_kind: 'account-suspended' }),
      someAccount('google', 'expired', { auth_method: 'social', status_reason: 'Bad token.' }),
      someAccount('device', 'expired', { auth_method: 'builder-id' }),
      someAccount('broken', 'failing', { error_count: 7, status_kind: 'upstream-failed' }),
      someAccount('rests', 'cooling', { state_until: inTime(20 * 60_000), status_kind: 'rate-limited' }),
      someAccount('new', 'unchecked'),
      someAccount('fine', 'ready'),
      someAccount('off', 'disabled'),
    ]
    // From the first answer on, however long the way there takes; the page's own clock passes it.
    let soon: string | undefined
    await showAccounts(page, () => {
      soon ??= inTime(45_000)
      return [...shown, someAccount('soon', 'cooling', { state_until: soon, status_kind: 'rate-limited' })]
    })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    const row = (name: string) => page.getByRole('row').filter({ hasText: name })
    await page.getByText('1 of 9 accounts ready').waitFor()
    const chips = page.getByRole('group', { name: 'Filter by status' }).getByRole('button')
    const counts = (await chips.allTextContents()).map((text) => Number(/\d+$/.exec(text)?.[0]))
    expect(counts[0]).toBe(9)
    expect(counts.slice(1).reduce((sum, count) => sum + count, 0)).toBe(9)
    await row('soon')
      .getByText(/Cooling down, \d+ sec left/)
      .waitFor()
    await row('rests')
      .getByText(/Cooling down, \d\d min left/)
      .waitFor()
    await row('rests').getByText('Rate limited').waitFor()
    await page.clock.setFixedTime(Date.now() + 46_000)
    await row('soon').getByText('Ready').waitFor()
    for (const box of await page.locator('tbody tr').all()) {
      expect((await box.boundingBox())?.height ?? 99).toBeLessThanOrEqual(48)
    }
    await row('google').getByRole('button', { name: 'Replace token' }).click()
    await page.getByRole('dialog').getByLabel('Refresh token').waitFor()
    await page.keyboard.press('Escape')
    await row('device').getByRole('button', { name: 'Sign in again' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Get a code' }).waitFor()
    await page.keyboard.press('Escape')
    await row('broken').getByRole('button', { name: 'Check now:' }).waitFor()
    const why = row('locked').getByRole('button', { name: 'Read why' })
    await why.click()
    await page.getByRole('dialog').getByText(words, { exact: true }).waitFor()
    expect(new URL(page.url()).pathname).toStartWith('/accounts/acc_locked')
    expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await focusIs(page, 'Read why: locked')
    expect(faults).toEqual([])
    await close()
  })

  test('a switch shows at once, goes back with a word when the server refuses, and is undone (25)', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    const enabled = page.getByRole('switch').first()
    await enabled.waitFor()
    let answer: (() => void) | undefined
    await page.route('**/v2/accounts/acc_*', async (route) => {
      if (route.request().method() !== 'PATCH') return route.continue()
      await new Promise<void>((resolve) => (answer = resolve))
      await route.fulfill({ status: 503, json: { error: 'not now', code: 'UNAVAILABLE' } })
    })
    await enabled.focus()
    await page.keyboard.press('Space')
    await page.waitForFunction(() => !document.querySelector<HTMLInputElement>('[role=switch]')?.checked)
    answer?.()
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('[role=switch]')?.checked)
    await page
      .getByText(/could not be/)
      .first()
      .waitFor()
    await page.unroute('**/v2/accounts/acc_*')
    await enabled.focus()
    await page.keyboard.press('Space')
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('[role=switch]')?.checked)
    const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { enabled: boolean }[] }
    expect(accounts[0]?.enabled).toBe(true)
    expect(faults).toEqual([])
    await close()
  })

  test('a pool in which nobody is ready looks like an alarm (U4)', async () => {
    const { page, close } = await openPage({ locale: 'zh-CN' })
    await showAccounts(page, () => [someAccount('one', 'suspended'), someAccount('two', 'expired')])
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('alert').filter({ hasText: '没有可用的账号' }).waitFor()
    await close()
  })

  test('accounts without a label are told apart in rows and in what is asked before deleting (U3)', async () => {
    const { page, close } = await openPage({ locale: 'en-US' })
    await showAccounts(page, () =>
      [11, 12].map((number) => ({
        ...someAccount(`n${number}`, 'ready'),
        id: `acc_000000${number}`,
        label: null,
        email: `simulated-${number}@example.com`,
      })),
    )
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByText('si***-11@example.com').first().waitFor()
    await page.getByText('si***-12@example.com').first().waitFor()
    await page.getByRole('button', { name: 'More actions for si***-12@example.com #000012' }).click()
    await page.keyboard.press('Escape')
    // One is deleted at once, with a way back; of several it is asked.
    for (const number of [11, 12])
      await page.getByRole('checkbox', { name: `Select si***-${number}@example.com #0000${number}` }).check()
    await page.getByRole('region', { name: 'Selected accounts' }).getByRole('button', { name: 'Delete' }).click()
    const asked = (await page.getByRole('dialog').textContent()) ?? ''
    for (const number of [11, 12]) expect(asked).toContain(`si***-${number}@example.com #0000${number}`)
    await focusIs(page, 'Cancel')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await focusIs(page, 'Delete')
    await close()
  })

  test('at 768 px every action of a row is on the screen (51, U12)', async () => {
    const { page, close } = await openPage({ locale: 'en-US', viewport: { width: 768, height: 740 } })
    await showAccounts(page, () => [
      someAccount('a-very-long-account-label-that-somebody-typed-to-see-what-happens', 'expired', {
        auth_method: 'social',
      }),
      someAccount('rests', 'cooling', { state_until: inTime(3_600_000), status_kind: 'rate-limited' }),
    ])
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page
      .getByRole('button', { name: /^More actions / })
      .nth(1)
      .waitFor()
    for (const button of await page.getByRole('button', { name: /^(More actions|Check) / }).all()) {
      const box = await button.boundingBox()
      expect((box?.x ?? 999) + (box?.width ?? 999)).toBeLessThanOrEqual(768)
    }
    expect(
      await page
        .getByRole('row')
        .getByRole('button', { name: /^More actions / })
        .count(),
    ).toBe(2)
    expect(await scrollsSideways(page)).toBe(false)
    expect(await beyondCells(page)).toEqual([])
    await close()
  })

  test.each([
    ['en-US', 768],
    ['zh-CN', 768],
    ['en-US', 1024],
    ['zh-CN', 1280],
  ] as const)('users with long names, a level and limits fit: %s, %i px (51, U12)', async (locale, width) => {
    const made = (await gateway.admin('POST', '/v2/users', {
      name: `a-very-long-name-of-a-team-that-nobody-shortened-${width}-${locale}`,
      email: 'somebody.with.a.long.address@mail.example.com',
      priority: 7,
      request_quota: 1_000_000,
      monthly_quota: 5_000_000_000,
    })) as { id: string }
    const { page, close } = await openPage({ locale, viewport: { width, height: 740 } })
    await signIn(page, `${gateway.url}/login?next=/users`, adminPassword)
    await page.locator(`[data-row="${made.id}"]`).waitFor()
    expect(await scrollsSideways(page)).toBe(false)
    expect(await beyondCells(page)).toEqual([])
    for (const button of await page.locator('[data-row] [aria-haspopup]').all()) {
      const box = await button.boundingBox()
      expect((box?.x ?? 9_999) + (box?.width ?? 0)).toBeLessThanOrEqual(width)
    }
    await close()
  })

  test('more states than fit beside each other on a phone do not widen the page (51, U12)', async () => {
    const { page, close } = await openPage({ locale: 'en-US', viewport: { width: 360, height: 740 } })
    await showAccounts(page, () => [
      someAccount('gone', 'suspended'),
      someAccount('rests', 'cooling', { state_until: inTime(3_600_000) }),
      someAccount('off', 'disabled'),
    ])
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('button', { name: /^Suspended by provider/ }).waitFor()
    expect(await scrollsSideways(page)).toBe(false)
    await close()
  })

  test('a page of the list that is gone leads to one that is there (U12)', async () => {
    const { page, close } = await openPage({ locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=${encodeURIComponent('/accounts?page=99')}`, adminPassword)
    await page.getByRole('row').nth(1).waitFor()
    expect(new URL(page.url()).search).toBe('')
    await close()
  })

  test('a list is gone through, selected from and opened by key, from anywhere on the page', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US', viewport: { width: 1280, height: 740 } })
    const name = (index: number): string => `team-${String(index).padStart(3, '0')}`
    await showAccounts(page, () => Array.from({ length: 150 }, (_, index) => someAccount(name(index), 'ready')))
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByText(name(0), { exact: true }).waitFor({ timeout: 30_000 })
    const press = async (key: string, at: number): Promise<void> => {
      await page.keyboard.press(key)
      await focusIs(page, name(at))
    }
    await press('j', 0)
    await press('j', 1)
    await press('ArrowDown', 2)
    await press('k', 1)
    // All of the row is in view, and no bar lies over it.
    await press('End', 149)
    const box = await page.locator('[data-row]:focus-within').boundingBox()
    expect(box && box.y > 90 && box.y + box.height <= 740).toBe(true)
    await page.keyboard.press('PageUp')
    await focusIs(page, 'team-13')
    await press('Home', 0)
    await press('k', 0)
    const chosen = page.getByText(/^\d+ selected/)
    await page.keyboard.press('x')
    await chosen.getByText('1 selected').waitFor()
    await press('Shift+ArrowDown', 1)
    await chosen.getByText('2 selected').waitFor()
    // Left to the page they stand for.
    await page.keyboard.press('x')
    await chosen.getByText('1 selected').waitFor()
    await page.keyboard.press('Control+a')
    await chosen.getByText('150 selected').waitFor()
    await page.keyboard.press('Escape')
    await chosen.waitFor({ state: 'detached' })
    await focusIs(page, name(1))
    await page.keyboard.press('Enter')
    const drawer = page.getByRole('dialog')
    await drawer.getByRole('heading', { name: name(1) }).waitFor()
    await page.keyboard.press('j')
    await drawer.getByRole('heading', { name: name(2) }).waitFor()
    await page.keyboard.press('j')
    await drawer.getByRole('heading', { name: name(3) }).waitFor()
    await page.keyboard.press('k')
    await drawer.getByRole('heading', { name: name(2) }).waitFor()
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
    // To the row that was looked at last.
    await focusIs(page, name(2))
    // In the search field letters are letters.
    await page.keyboard.press('/')
    await page.keyboard.type('xjk')
    expect(await page.getByRole('searchbox').inputValue()).toBe('xjk')
    expect(await chosen.count()).toBe(0)
    expect(faults).toEqual([])
    await close()
  })

  test('words that come later make nothing anew: what is typed, and a dialog in a tab, stay', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US', viewport: { width: 1280, height: 740 } })
    await showAccounts(page, () => ['alpha', 'beta'].map((label) => someAccount(label, 'ready')))
    // In a tab that is not looked at nothing is loaded that may be wanted soon.
    await page.addInitScript(() =>
      Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' }),
    )
    const words: string[] = []
    page.on('response', (response) => response.url().includes('/assets/') && words.push(response.url()))
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('link', { name: 'alpha' }).click()
    const drawer = page.getByRole('dialog')
    await drawer.getByRole('tab', { name: 'Settings' }).click()
    await drawer.getByLabel('Notes').fill('half a sentence')
    const before = words.length
    await hideTab(page, false)
    while (words.length < before + 3) await page.waitForEvent('response')
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)))
    expect(await drawer.getByLabel('Notes').inputValue()).toBe('half a sentence')
    await focusIs(page, 'Notes')
    expect(faults).toEqual([])
    await close()
  })

  test('the order that is shown is the one that is stepped through, and a key that goes to a page selects nothing (37)', async () => {
    const { page, faults, close } = await openPage({ locale: 'zh-CN', viewport: { width: 1280, height: 740 } })
    await showAccounts(page, () => ['alpha', 'beta', 'gamma'].map((label) => someAccount(label, 'ready')))
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('button', { name: '账号', exact: true }).click()
    await page.keyboard.press('j')
    await focusIs(page, 'gamma')
    await page.keyboard.press('Enter')
    const drawer = page.getByRole('dialog')
    await drawer.getByRole('heading', { name: 'gamma' }).waitFor()
    await page.keyboard.press('j')
    await drawer.getByRole('heading', { name: 'beta' }).waitFor()
    await page.keyboard.press('Escape')
    await focusIs(page, 'beta')
    await page.keyboard.press('g')
    await page.keyboard.press('x')
    await page.waitForURL('**/proxies')
    await page.keyboard.press('g')
    await page.keyboard.press('a')
    await page.getByText('alpha', { exact: true }).waitFor()
    expect(await page.getByText(/^已选择/).count()).toBe(0)
    expect(faults).toEqual([])
    await close()
  })

  test('what other pages offer is found from anywhere, and an address leads to its requests', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US', viewport: { width: 1280, height: 740 } })
    await signIn(page, `${gateway.url}/login?next=/health`, adminPassword)
    await page.getByRole('heading', { level: 1, name: 'About and health' }).waitFor()
    const ask = async (text: string, name: string): Promise<void> => {
      await page.keyboard.press('Control+k')
      await page.getByRole('combobox', { name: 'Search and commands' }).fill(text)
      await page.getByRole('option', { name }).waitFor()
      await page.keyboard.press('Enter')
    }
    await ask('add acc', 'Add account')
    await page.getByRole('dialog', { name: 'Add account' }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/accounts')
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await ask('create user', 'Create user')
    await page.getByRole('dialog', { name: 'Create user' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await ask('back up now', 'Back up now')
    await page.getByRole('button', { name: /^Restore claude-server-/ }).waitFor()
    await ask('10.20.30.40', 'Requests from 10.20.30.40')
    await page.waitForURL('**/logs?ip=10.20.30.40')
    await ask('fe80::1', 'Requests from fe80::1')
    await page.waitForURL('**/logs?ip=fe80%3A%3A1')
    await page.keyboard.press('t')
    await page.getByRole('button', { name: 'Last 15 min' }).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    const asked = page.waitForRequest((request) => request.url().includes('/v2/logs/stats'))
    await page.keyboard.press('r')
    await asked
    await page.keyboard.press('Shift+?')
    const sheet = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    for (const text of ['Refresh', 'Time range', 'Next or previous row', 'Select all that are loaded'])
      await sheet.getByText(text, { exact: true }).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })
}
