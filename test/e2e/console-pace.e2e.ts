import { beforeAll, expect, test } from 'bun:test'
import { costs } from '../support/browser.ts'
import { askFive, signIn, tile } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'

/** What is measured by the clock: `test/run.ts` gives it the machine to itself. */
consoleTests(pace)

function pace({ gateway, openPage }: ConsoleStand): void {
  beforeAll(() => askFive(gateway.url, gateway.key))
  const median = (values: readonly number[]): number =>
    values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN

  test('the first page shows its figures and lists within a second, by a line of 10 Mbit/s and nothing kept; charts follow (55)', async () => {
    const signedIn = await openPage({ locale: 'en-US' })
    await signIn(signedIn.page, `${gateway.url}/login`, adminPassword)
    await tile(signedIn.page, 'Requests').waitFor()
    const storageState = await signedIn.page.context().storageState()
    await signedIn.close()
    /** Since the visit began, ms. */
    type Times = { readonly usable?: number; readonly drawn?: number }
    const visits: Required<Times>[] = []
    for (let visit = 0; visit < 5; visit++) {
      const { page, faults, close } = await openPage({
        ...{ locale: 'en-US', viewport: { width: 1280, height: 740 } },
        storageState,
      })
      const session = await page.context().newCDPSession(page)
      const line = { offline: false, latency: 20, downloadThroughput: 1_250_000, uploadThroughput: 1_250_000 }
      await session.send('Network.emulateNetworkConditions', line)
      await page.addInitScript(() => {
        const times: { usable?: number; drawn?: number } = {}
        Object.assign(window, { times })
        const there = (selector: string): boolean => document.querySelector(selector) !== null
        const look = (): void => {
          if (there('main dl dd') && there('main tbody a') && there('main [role=meter]'))
            times.usable ??= performance.now()
          if (there('main canvas')) times.drawn ??= performance.now()
          requestAnimationFrame(look)
        }
        look()
      })
      await page.goto(gateway.url)
      await page.locator('main canvas').first().waitFor()
      const { usable = Number.NaN, drawn = Number.NaN } = await page.evaluate(
        () => (window as unknown as { readonly times: Times }).times,
      )
      visits.push({ usable, drawn })
      expect(faults).toEqual([])
      await close()
    }
    expect(median(visits.map(({ usable }) => usable))).toBeLessThan(1_000)
    expect(median(visits.map(({ drawn }) => drawn))).toBeLessThan(1_300)
  })

  test('from page to page in less than 100 ms (55), of the page’s own work and by the clock, and without waiting for the server', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US', viewport: { width: 1280, height: 740 } })
    await signIn(page, `${gateway.url}/login`, adminPassword)
    await tile(page, 'Requests').waitFor()
    const links = await page.getByRole('navigation').first().getByRole('link').all()
    const down = await Promise.all(links.map(async (link) => (await link.getAttribute('href')) ?? ''))
    expect(down.length).toBeGreaterThan(9)
    // Each is loaded once.
    const titles: Record<string, string> = {}
    for (const href of [...down.slice(1), '/']) {
      await page.locator(`nav a[href="${href}"]`).first().click()
      await page.waitForURL(({ pathname }) => pathname.startsWith(href))
      await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
      await page.waitForLoadState('networkidle')
      titles[href] = (await page.getByRole('main').getByRole('heading', { level: 1 }).textContent()) ?? ''
    }
    expect(new Set(Object.values(titles)).size).toBe(down.length)
    // And then waits for nobody: what is known is shown at once, whatever the server does.
    await page.route('**/v2/**', () => undefined)
    /** From the press until the page stands there, drawn: ms by the clock. */
    const goTo = (href: string): Promise<number> =>
      page.evaluate(
        async ([to, title]) => {
          const pressed = performance.now()
          document.querySelector<HTMLElement>(`nav a[href="${to}"]`)?.click()
          while (document.querySelector('main h1')?.textContent !== title)
            await new Promise((resolve) => requestAnimationFrame(resolve))
          await new Promise((resolve) => setTimeout(resolve))
          return performance.now() - pressed
        },
        [href, titles[href] ?? ''],
      )
    // From neighbour to neighbour down the menu and up again.
    const ways = [...down.slice(1), ...down.slice(0, -1).reverse()]
    const rounds = 5
    const passed: number[] = []
    const work = await costs(page, ways.length * rounds, async (step) => {
      passed[step] = await goTo(ways[step % ways.length] ?? '')
    })
    // Each at its best of five: a busy machine makes the same work dearer, and lets others go first.
    const best = (times: readonly number[], way: number): number =>
      Math.min(...times.filter((_, step) => step % ways.length === way))
    const slow = ways.map((href, way) => ({ href, ms: best(work, way) })).filter(({ ms }) => ms >= 100)
    expect(slow).toEqual([])
    expect(median(ways.map((_, way) => best(passed, way)))).toBeLessThan(100)
    expect(faults).toEqual([])
    await close()
  })
}
