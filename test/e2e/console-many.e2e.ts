import { expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { costs, longestTask } from '../support/browser.ts'
import { showAccounts, someAccount } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'

consoleTests(many)

const wide = { locale: 'en-US', viewport: { width: 1280, height: 740 } }

function many({ open }: ConsoleStand): void {
  const to = async (page: Page, name: string): Promise<void> => {
    await page.getByRole('link', { name, exact: true }).click()
    await page.getByRole('heading', { level: 1, name }).waitFor()
  }
  const jump = (page: Page, y: number): Promise<void> =>
    page.evaluate(async (at) => {
      scrollTo(0, at)
      await new Promise(requestAnimationFrame)
      await new Promise(requestAnimationFrame)
    }, y)

  test('2,000 accounts are there within a second, and looking through them never holds the page up (23, U1)', async () => {
    const { page, faults, close } = await open('/users', wide)
    const all = Array.from({ length: 2_000 }, (_, index) =>
      someAccount(`team-${String(index).padStart(4, '0')}`, index % 5 === 0 ? 'disabled' : 'ready', {
        usage_current: index,
        usage_limit: 2_000,
      }),
    )
    await showAccounts(page, () => all)
    const accounts = async (): Promise<void> => {
      await to(page, 'Accounts')
      await page.getByText('team-0000', { exact: true }).waitFor()
    }
    const first = await longestTask(page, accounts)
    await to(page, 'Models')
    const [shown = 0] = await costs(page, 1, accounts)
    expect(shown).toBeLessThan(1_000)
    const looked = await longestTask(page, async () => {
      for (let step = 1; step <= 20; step++) await jump(page, (step * 2_000) % 8_000)
    })
    expect(await page.locator('tbody tr').count()).toBeLessThan(60)
    const chosen = await longestTask(page, async () => {
      await page.getByRole('checkbox', { name: 'Select all rows' }).check()
      await page.getByText('200 selected').waitFor()
    })
    const turned = await longestTask(page, async () => {
      await page.getByRole('button', { name: 'Next page' }).click()
      await page
        .getByText('team-0399', { exact: true })
        .or(page.getByText('team-0200', { exact: true }))
        .first()
        .waitFor()
    })
    const over = Object.entries({ first, looked, chosen, turned }).filter(([, ms]) => ms >= 100)
    expect(over).toEqual([])
    expect(faults).toEqual([])
    await close()
  })
}
