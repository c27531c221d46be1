import { expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { focused, focusIs, signedIn, signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'

const phone = { viewport: { width: 390, height: 780 }, isMobile: true, hasTouch: true }

consoleTests(keyboard)

/** What a page is for, without a mouse (50). */
function keyboard({ gateway, openPage }: ConsoleStand): void {
  const open = async (path: string) => {
    const opened = await openPage({ locale: 'en-US' })
    const { page } = opened
    await page.goto(`${gateway.url}/login?next=${encodeURIComponent(path)}`)
    await page.locator('[autocomplete=current-password]:focus').waitFor()
    await page.keyboard.type(adminPassword)
    await page.keyboard.press('Enter')
    await signedIn(page)
    await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
    return opened
  }
  /** Tab by Tab, as a hand on the keyboard goes. */
  const tabTo = async (page: Page, name: string): Promise<void> => {
    for (let tries = 0; tries < 80; tries++) {
      if ((await focused(page)).startsWith(name)) return
      await page.keyboard.press('Tab')
    }
    await focusIs(page, name)
  }

  /** Where somebody begins on each page, and its key after `g`. */
  const walk = [
    ['Playground', 'p', 'Message'],
    ['Integrations', 'i', ''],
    ['Overview', 'o', ''],
    ['Models', 'm', ''],
    ['Settings', 's', ''],
    ['Backup', 'b', ''],
    ['About and health', 'h', ''],
  ] as const
  /** Until the focus is where somebody begins, and still is once the page is quiet. */
  const beginsAt = async (page: Page, title: string, field: string): Promise<void> => {
    const heading = page.getByRole('main').getByRole('heading', { level: 1, name: title })
    const first = field === '' ? heading : page.getByRole('main').getByLabel(field, { exact: true })
    const has = (): Promise<boolean> => first.evaluate((element) => element === document.activeElement)
    await heading.waitFor()
    const until = Date.now() + 10_000
    while (!(await has()) && Date.now() < until) await Bun.sleep(20)
    await page.waitForLoadState('networkidle')
    expect([title, await has(), await focused(page)]).toEqual([title, true, field || title])
  }

  test.each(['by click', 'by key'])(
    'each page begins at its heading, the playground at its message, %s (U2)',
    async (way) => {
      const { page, faults, close } = await open('/accounts')
      // The second time its code is there and what it shows is known.
      for (const [title, key, field] of [...walk, ...walk]) {
        if (way === 'by key') {
          // Out of the message, where letters are letters.
          if (await page.evaluate(() => document.activeElement?.tagName === 'TEXTAREA'))
            await page.keyboard.press('Tab')
          await page.keyboard.press('g')
          await page.keyboard.press(key)
        } else await page.getByRole('navigation').first().getByRole('link', { name: title }).click()
        await beginsAt(page, title, field)
      }
      expect(faults).toEqual([])
      await close()
    },
  )

  test('on a phone the playground begins at its heading: no keyboard comes up (U2)', async () => {
    const { page, close } = await openPage({ ...phone, locale: 'en-US' })
    await signIn(page, `${gateway.url}/login?next=/playground`, adminPassword)
    await page.getByLabel('Message', { exact: true }).waitFor()
    await beginsAt(page, 'Playground', '')
    await close()
  })

  test('what is asked for again takes the focus from nobody, on a page that was there before too (U2)', async () => {
    const { page, faults, close } = await open('/accounts')
    for (const name of ['Users & keys', 'Accounts']) {
      await page.getByRole('link', { name }).first().click()
      await page.getByRole('main').getByRole('heading', { level: 1, name }).waitFor()
    }
    await page.locator('[data-page-search]').focus()
    await page.evaluate(() =>
      document.addEventListener('focusout', () => document.documentElement.setAttribute('data-lost', '')),
    )
    const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { id: string; label: string }[] }
    const [account] = accounts
    for (const label of ['renamed elsewhere', account?.label]) {
      await gateway.admin('PATCH', `/v2/accounts/${account?.id}`, { label })
      await page
        .getByText(label ?? '', { exact: true })
        .first()
        .waitFor()
    }
    expect(await page.locator('[data-lost]').count()).toBe(0)
    expect(await page.locator('[data-page-search]:focus').count()).toBe(1)
    expect(faults).toEqual([])
    await close()
  })

  test('an account is added (50)', async () => {
    const { page, faults, close } = await open('/accounts')
    await page.getByText('sim-1', { exact: true }).waitFor()
    await page.keyboard.press('n')
    await page.getByRole('dialog').waitFor()
    await tabTo(page, 'Get a code')
    await page.keyboard.press('Enter')
    await page.getByText('Waiting for you to sign in…').waitFor()
    await focusIs(page, 'Open the sign-in page')
    gateway.simulator.signIns.approve((await page.getByRole('dialog').locator('code').first().textContent()) ?? '')
    await page.getByText(/is ready\./).waitFor({ timeout: 30_000 })
    await tabTo(page, 'Done')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    expect(((await gateway.admin('GET', '/v2/accounts')) as { accounts: object[] }).accounts).toHaveLength(2)
    expect(faults).toEqual([])
    await close()
  })

  test('a user is created (50)', async () => {
    const { page, faults, close } = await open('/users')
    await tabTo(page, 'Create user')
    await page.keyboard.press('Enter')
    await focusIs(page, 'Name')
    await page.keyboard.type('By hand')
    await page.keyboard.press('Enter')
    await page.getByLabel('New key').waitFor()
    await tabTo(page, 'I have saved it')
    await page.keyboard.press('Enter')
    await tabTo(page, 'Close without the key')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    await page.getByRole('link', { name: 'By hand' }).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('the log is filtered (50)', async () => {
    const { page, faults, close } = await open('/logs')
    await tabTo(page, 'Outcome')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.waitForURL('**/logs?status=failed')
    await page.keyboard.press('Escape')
    await tabTo(page, 'Clear filters')
    await page.keyboard.press('Enter')
    await page.waitForURL('**/logs')
    expect(faults).toEqual([])
    await close()
  })

  test('a setting is changed (50)', async () => {
    const { page, faults, close } = await open('/settings/routing')
    await page.getByLabel('Take an account out after', { exact: true }).waitFor()
    await tabTo(page, 'Take an account out after')
    await page.keyboard.press('Control+A')
    await page.keyboard.type('17')
    await tabTo(page, 'Save changes')
    await page.keyboard.press('Enter')
    await page.getByText('Saved.').waitFor()
    expect((await gateway.admin('GET', '/v2/settings')).maxErrorCount).toBe(17)
    expect(faults).toEqual([])
    await close()
  })

  test('a backup is made and restored (50)', async () => {
    const { page, faults, close } = await open('/backup')
    await tabTo(page, 'Back up now')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: /^Restore claude-server-/ }).waitFor()
    await gateway.admin('POST', '/v2/users', { name: 'Made later' })
    await tabTo(page, 'Restore claude-server-')
    await page.keyboard.press('Enter')
    const plan = page.getByRole('dialog', { name: 'What a restore would do' })
    await plan.getByRole('button', { name: 'Merge now' }).waitFor()
    await focusIs(page, 'Merge')
    await page.keyboard.press('ArrowRight')
    await plan.getByLabel('Type RESTORE to confirm').waitFor()
    await plan.getByText('Removed').waitFor()
    await tabTo(page, 'Type RESTORE to confirm')
    await page.keyboard.type('restore')
    await tabTo(page, 'Replace now')
    await page.keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Confirm it is you' }).waitFor()
    await focusIs(page, 'Password')
    await page.keyboard.type(adminPassword)
    await page.keyboard.press('Enter')
    await page.getByText('You were signed out.').waitFor({ timeout: 60_000 })
    await focusIs(page, 'Password')
    await page.keyboard.type(adminPassword)
    await page.keyboard.press('Enter')
    await page.getByText('You were signed out.').waitFor({ state: 'detached' })
    const users = (await gateway.admin('GET', '/v2/users')) as unknown as readonly { name: string }[]
    expect(users.map(({ name }) => name)).not.toContain('Made later')
    expect(faults).toEqual([])
    await close()
  })
}
