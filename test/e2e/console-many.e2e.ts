import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import type { Browser } from 'playwright-core'
import { browserPath, costs, openPage, startBrowser } from '../support/browser.ts'
import { showAccounts, signIn, someAccount } from '../support/console.ts'
import { adminPassword, type Gateway, startGateway } from '../support/gateway.ts'
import { leftOut } from '../support/left-out.ts'

// What it costs is CPU time, which a busy machine stretches: with the pages of the console, which are run by name, and not in each test run.
setDefaultTimeout(60_000)

if (browserPath === undefined) leftOut('Chromium')
else many()

function many(): void {
  let gateway: Gateway
  let browser: Browser
  beforeAll(async () => {
    gateway = await startGateway()
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await gateway.stop()
  })

  test('2,000 accounts are there within a second, and looking through them never holds the page up (23)', async () => {
    const { page, faults, close } = await openPage(browser, { locale: 'en-US', viewport: { width: 1280, height: 740 } })
    const all = Array.from({ length: 2_000 }, (_, index) =>
      someAccount(`team-${String(index).padStart(4, '0')}`, index % 5 === 0 ? 'disabled' : 'ready', {
        usage_current: index,
        usage_limit: 2_000,
      }),
    )
    await showAccounts(page, () => all)
    await signIn(page, `${gateway.url}/login?next=/users`, adminPassword)
    await page.getByRole('heading', { level: 1, name: 'Users & keys' }).waitFor()
    await page.getByRole('link', { name: 'Accounts', exact: true }).click()
    await page.getByText('team-0000', { exact: true }).waitFor()
    // From the answer to the rows, in the page's own work: how busy the machine is does not matter.
    const [shown = 0] = await costs(page, 1, async () => {
      await page.getByRole('link', { name: 'Models', exact: true }).click()
      await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor()
      await page.getByRole('link', { name: 'Accounts', exact: true }).click()
      await page.getByText('team-0000', { exact: true }).waitFor()
    })
    expect(shown).toBeLessThan(1_000)
    const scrolled = await costs(page, 40, (index) =>
      page.evaluate(async (at) => {
        scrollTo(0, at * 2_000)
        await new Promise(requestAnimationFrame)
        await new Promise(requestAnimationFrame)
      }, index),
    )
    expect(scrolled.filter((ms) => ms > 100)).toEqual([])
    expect(await page.locator('tbody tr').count()).toBeLessThan(60)
    expect(faults).toEqual([])
    await close()
  })
}
