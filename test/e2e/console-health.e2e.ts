import { expect, test } from 'bun:test'
import { accessibilityFaults, scrollsSideways } from '../support/browser.ts'
import { signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'
import { en } from '../support/words.ts'

consoleTests(health)

function health({ gateway, openPage, open }: ConsoleStand): void {
  test('the page says what is well, what is not, what is held and how far that may grow, and what was configured where', async () => {
    const { page, faults, close } = await open('/health')
    await page.getByText('1 thing to look at.').waitFor()
    await page.getByRole('listitem').filter({ hasText: 'Backup' }).getByText('No copy yet.').waitFor()
    await page
      .getByRole('listitem')
      .filter({ hasText: 'Provider' })
      .getByText(/Answers after/)
      .waitFor()
    expect(await page.getByRole('link', { name: 'Make a backup' }).getAttribute('href')).toBe('/backup')
    await page.getByText(/^All \d+ figures$/).click()
    const waiting = page.getByRole('row').filter({ hasText: en['health.size.waiting_requests'] })
    expect((await waiting.getByRole('cell').allTextContents()).slice(1)).toEqual(['0', '2,000', ''])
    await page.getByRole('row').filter({ hasText: 'server.port' }).getByText('PORT', { exact: true }).waitFor()
    await page.getByText(`claude-server password reset --data-dir ${gateway.dataDir}`).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })

  test('the support report is read before it goes anywhere, and names nobody (48)', async () => {
    await gateway.admin('POST', '/v2/users', { name: 'Ada Lovelace', email: 'ada@corp.example' })
    await fetch(`${gateway.url}/v1/models`, {
      headers: { 'x-api-key': 'sk-nobody', 'x-forwarded-for': '203.0.113.77' },
    })
    const { page, close } = await open('/health?tab=about')
    await page.getByRole('button', { name: 'Show the report' }).click()
    const text = (await page.getByRole('dialog').locator('pre').textContent()) ?? ''
    expect(text).toContain('# Support report')
    expect(text).toContain('SQLite')
    for (const word of ['Ada', 'corp.example', '203.0.113.77', gateway.key, adminPassword, gateway.dataDir])
      expect(text).not.toContain(word)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Show licences' }).click()
    await page.getByText('solid-js').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await close()
  })

  test('the log comes live, is searched by words and pattern, stands still when told so, and catches up (16, 44)', async () => {
    const { page, faults, close } = await open('/health?tab=log')
    const lines = page.getByRole('log')
    await lines.getByText('server.started').waitFor()
    await gateway.admin('POST', '/v2/keys', { name: 'seen-live' })
    await lines.getByText('name=seen-live').waitFor()
    // What somebody called something is text here too (16).
    await gateway.admin('POST', '/v2/keys', { name: '<img src=x onerror="window.hurt = 1">' })
    await lines.getByText('<img src=x').waitFor()
    expect(await lines.locator('img').count()).toBe(0)
    expect(await page.evaluate(() => Reflect.get(window, 'hurt'))).toBeUndefined()
    await page.getByRole('button', { name: 'Pause' }).click()
    await gateway.admin('POST', '/v2/keys', { name: 'seen-later' })
    await page.waitForTimeout(700)
    expect(await lines.getByText('name=seen-later').count()).toBe(0)
    await page.getByRole('button', { name: 'Resume' }).click()
    await lines.getByText('name=seen-later').waitFor()
    const search = page.getByLabel('Search, or /regular expression/')
    await search.fill('/name=seen-l(i|x)/')
    await lines.getByText('name=seen-later').waitFor({ state: 'detached' })
    expect(await lines.getByRole('button').count()).toBe(1)
    await search.fill('/(/')
    await page.getByText('This is not a valid regular expression.').waitFor()
    await search.fill('')
    await page.getByLabel('Level').selectOption('error')
    await page.getByText('No line matches.').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })

  test('a server that goes and comes back leaves a mark in the log, and the page is live again by itself (44)', async () => {
    const { page, close } = await open('/health?tab=log')
    const lines = page.getByRole('log')
    await lines.getByText('server.started').first().waitFor()
    await gateway.restart('SIGKILL')
    await lines.getByText('The server restarted here.').waitFor({ timeout: 40_000 })
    await page.locator('[data-stream=live]').waitFor()
    await close()
  })

  test('5,000 lines are searched without holding the page up, and only what is in view is in it (44)', async () => {
    const { page, close } = await openPage({ locale: 'en-US' })
    const body = Array.from({ length: 5_000 }, (_, index) => {
      const fields = { message: `line ${index} of very many`, requestId: `req_${index}`, status: index % 7 ? 200 : 503 }
      const line = { id: index + 1, at: 1_700_000_000_000 + index, level: 'info', event: 'relay.finished', fields }
      return `event:log\nid:x-${index + 1}\ndata:${JSON.stringify(line)}\n\n`
    }).join('')
    let asked = 0
    // The second time nobody answers, as on a quiet day.
    await page.route('**/v2/server-logs/stream*', (route) =>
      asked++ === 0 ? route.fulfill({ contentType: 'text/event-stream', body }) : undefined,
    )
    await signIn(page, `${gateway.url}/login?next=${encodeURIComponent('/health?tab=log')}`, adminPassword)
    await page.getByText('5,000 of 5,000 lines').waitFor()
    expect(await page.getByRole('log').getByRole('button').count()).toBeLessThan(80)
    await page.evaluate(() => {
      const tasks: number[] = []
      Object.assign(window, { tasks })
      new PerformanceObserver((list) => {
        for (const { duration } of list.getEntries()) tasks.push(duration)
      }).observe({ type: 'longtask' })
    })
    await page.getByLabel('Search, or /regular expression/').fill('/req_\\d*99\\b.*status=200/')
    await page.getByText(/^4\d of 5,000 lines$/).waitFor()
    const longest = Math.max(0, ...(await page.evaluate(() => (window as unknown as { tasks: number[] }).tasks)))
    // By itself none is longer than 50 ms; where others are at work it waits for its turn meanwhile.
    expect(longest).toBeLessThan(500)
    await close()
  })

  test('in Chinese and on a phone the page fits, and nothing is wrong with it for who listens (49, 51)', async () => {
    const { page, faults, close } = await open('/health', { locale: 'zh-CN', viewport: { width: 360, height: 740 } })
    for (const path of ['/health', '/health?tab=log', '/health?tab=about']) {
      await page.goto(gateway.url + path)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.waitForTimeout(500)
      expect([path, await scrollsSideways(page)]).toEqual([path, false])
      expect([path, await accessibilityFaults(page)]).toEqual([path, []])
    }
    expect(faults).toEqual([])
    await close()
  })
}
