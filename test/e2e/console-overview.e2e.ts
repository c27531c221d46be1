import { Database } from 'bun:sqlite'
import { beforeAll, expect, test } from 'bun:test'
import path from 'node:path'
import type { StatusView } from '../../server/admin/contract/events.ts'
import { accessibilityFaults, scrollsSideways } from '../support/browser.ts'
import { askFive, bothLooks, look, signIn, tile } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword, loggedRows, startGateway } from '../support/gateway.ts'
import { en, sayIn, zhCn } from '../support/words.ts'

consoleTests(overview)

function overview({ gateway, openPage }: ConsoleStand): void {
  beforeAll(() => askFive(gateway.url, gateway.key))

  test('figures, charts and their tables say the same, and only streams count for the first token (20, 21)', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await signIn(page, `${gateway.url}/login`, adminPassword)
    await page.getByRole('heading', { level: 1, name: 'Overview' }).waitFor()
    await tile(page, 'Requests').getByText('5', { exact: true }).waitFor()
    await tile(page, 'Succeeded').getByText('80%').waitFor()
    await tile(page, 'Succeeded').getByText('1 failed').waitFor()
    await page.getByText('3 streamed requests').waitFor()
    const chart = page.getByRole('figure').filter({ hasText: '5 requests, 80% succeeded' })
    await chart.locator('canvas').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])

    const cursor = chart.getByRole('slider')
    await cursor.focus()
    await page.keyboard.press('End')
    expect(await cursor.getAttribute('aria-valuetext')).toContain('Succeeded: 4, Failed: 1')
    await page.keyboard.press('ArrowLeft')
    expect(await cursor.getAttribute('aria-valuetext')).toContain('Succeeded: 0, Failed: 0')

    await chart.getByRole('button', { name: 'View as table' }).click()
    const cells = await chart.getByRole('row').last().getByRole('cell').allTextContents()
    expect(cells.slice(1)).toEqual(['4', '1'])
    expect(await chart.getByRole('row').count()).toBe(26)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })

  test.each(bothLooks)(
    'the range is in the address: charts and figures follow it, Back and a reload keep it (19): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const { page, faults, close } = await openPage({ ...look(locale, width), timezoneId: 'Asia/Shanghai' })
      const requests = tile(page, t('kpi.requests'))
      await signIn(page, `${gateway.url}/login`, adminPassword)
      await requests.getByText('5', { exact: true }).waitFor()
      await page.getByRole('button', { name: t('range.label', { range: t('range.24h') }) }).click()
      await page.getByText(t('range.zone', { zone: 'Asia/Shanghai' })).waitFor()
      await page.getByLabel(t('range.from')).waitFor()
      expect(await accessibilityFaults(page)).toEqual([])
      await page.getByRole('button', { name: t('range.yesterday') }).click()
      await page.waitForURL('**/?range=yesterday')
      await requests.getByText('0', { exact: true }).waitFor()
      await page.getByText(t('charts.noRequests')).first().waitFor()
      // So do the lists.
      await page.getByText(t('spend.empty')).waitFor()
      expect(await scrollsSideways(page)).toBe(false)
      await page.reload()
      await requests.getByText('0', { exact: true }).waitFor()
      await page.goBack()
      await requests.getByText('5', { exact: true }).waitFor()
      await page.getByRole('button', { name: t('range.earlier') }).click()
      await page.waitForURL('**/?from=**')
      await requests.getByText('0', { exact: true }).waitFor()
      expect(faults).toEqual([])
      await close()
    },
  )

  test.each([2, -2])('a range ends by the clock of the server: the browser is %d h ahead', async (hours) => {
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await page.clock.setSystemTime(Date.now() + hours * 3_600_000)
    await signIn(page, `${gateway.url}/login?next=${encodeURIComponent('/?range=1h')}`, adminPassword)
    await tile(page, 'Requests').getByText('5', { exact: true }).waitFor()
    await page.goto(`${gateway.url}/logs?range=1h`)
    await page.getByText('5 of 5 shown').waitFor()
    await page.locator('tbody tr').nth(4).waitFor()
    await page.goto(`${gateway.url}/?range=1h`)
    await tile(page, 'Requests').getByText('5', { exact: true }).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('what needs a person comes first, leads there, and stays away once dismissed (16, 18)', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    const words = '<b>Locked</b> as a security precaution'
    const state: { shown: StatusView | undefined } = { shown: undefined }
    await page.route('**/v2/events*', async (route) => {
      const status = (await gateway.admin('GET', '/v2/status')) as StatusView
      state.shown = {
        ...status,
        badges: { accounts: 1, proxies: 0 },
        counters: { ...status.counters, in_service: 0 },
        attention: [
          { id: 'pool.empty', kind: 'pool.empty', severity: 'critical', since: null, detail: null },
          {
            id: 'account.suspended:acc_1:1',
            kind: 'account.suspended',
            severity: 'critical',
            account_id: 'acc_1',
            name: 'team-07',
            since: new Date(Date.now() - 7_200_000).toISOString(),
            detail: words,
          },
        ],
      }
      await route.fulfill({
        contentType: 'text/event-stream',
        body: `retry:60000\n\nevent:status\ndata:${JSON.stringify(state.shown)}\n\n`,
      })
    })
    await signIn(page, `${gateway.url}/login`, adminPassword)
    await page.getByText('No account is ready, so requests fail.').waitFor()
    const list = page.getByRole('region', { name: 'Needs attention' })
    await list.getByText('No account can serve requests').waitFor()
    await list.getByText('team-07 was suspended by the provider').waitFor()
    await list.getByText(words).waitFor()
    await page.getByRole('link', { name: /^Accounts 1/ }).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await list.getByRole('button', { name: 'Dismiss: team-07' }).click()
    await list.getByText('team-07').waitFor({ state: 'detached' })
    await page.reload()
    await list.getByText('No account can serve requests').waitFor()
    expect(await list.getByText('team-07').count()).toBe(0)
    // What is put aside is still there to be looked at.
    await list.getByRole('button', { name: /^Dismiss/ }).click()
    await page.getByText('2 notes are dismissed.').waitFor()
    await page.getByRole('button', { name: 'Show again' }).click()
    await list.getByText('team-07 was suspended by the provider').waitFor()
    await list.getByRole('link', { name: 'View' }).first().click()
    await page.waitForURL('**/accounts')
    expect(faults).toEqual([])
    await close()
  })

  test('the page says that something waits as long as a note is shown, and not once all were put aside (18)', async () => {
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await page.route('**/v2/events*', async (route) => {
      const status = (await gateway.admin('GET', '/v2/status')) as StatusView
      const note = { severity: 'warning', since: null, detail: null } as const
      const attention = [{ id: 'backup.none', kind: 'backup.none', ...note }]
      await route.fulfill({
        contentType: 'text/event-stream',
        body: `retry:60000\n\nevent:status\ndata:${JSON.stringify({ ...status, attention })}\n\n`,
      })
    })
    await signIn(page, `${gateway.url}/login`, adminPassword)
    const waits = page.getByText(/Something needs you/)
    await waits.waitFor()
    await page.getByRole('button', { name: /^Dismiss/ }).click()
    await page.getByText('1 note is dismissed.').waitFor()
    expect(await waits.count()).toBe(0)
    await page.getByText(/1 account ready, .* of requests succeeded\.$/).waitFor()
    expect(await page.getByText(/^All good/).count()).toBe(0)
    await page.getByRole('button', { name: 'Show again' }).click()
    await waits.waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test.each([
    ['en-US', 'light', 1280],
    ['zh-CN', 'dark', 360],
  ] as const)('a new gateway has first steps until a client got an answer (U7): %s, %s, %d px', async (...look) => {
    const [locale, colorScheme, width] = look
    const words = locale === 'zh-CN' ? zhCn : en
    const fresh = await startGateway({ accounts: [] })
    const { page, faults, close } = await openPage({ locale, colorScheme, viewport: { width, height: 740 } })
    try {
      await signIn(page, `${fresh.url}/login`, adminPassword)
      const title = page.getByRole('heading', { level: 2, name: words['first.title'] })
      await title.waitFor()
      const step = (name: 'account' | 'key' | 'client') =>
        page.getByRole('listitem').filter({ hasText: words[`first.${name}`] })
      const isDone = { hasText: words['first.done'] }
      await step('key').filter(isDone).waitFor()
      expect(await step('key').getByRole('link').count()).toBe(0)
      for (const name of ['account', 'client'] as const) {
        expect(await step(name).filter(isDone).count()).toBe(0)
        expect((await step(name).getByRole('link').boundingBox())?.height).toBeGreaterThanOrEqual(width < 768 ? 44 : 20)
      }
      expect(await accessibilityFaults(page)).toEqual([])
      expect(await scrollsSideways(page)).toBe(false)
      await step('account').getByRole('link').click()
      await page.waitForURL('**/accounts')
      await page.goBack()
      await page.getByRole('link', { name: words['first.guide'] }).click()
      await page.waitForURL('**/setup?step=account')
      await page.goBack()
      await title.waitFor()

      const { clientId, clientSecret, refreshToken } = fresh.simulator.accounts.add({ plan: 'power' }).secrets()
      const added = { method: 'builder-id', label: 'first', clientId, clientSecret, refreshToken }
      await fresh.admin('POST', '/v2/accounts', added)
      await step('account').filter(isDone).waitFor()
      await step('client').getByRole('link').click()
      await page.waitForURL('**/integrations**')
      const answer = await fetch(`${fresh.url}/v1/messages`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-api-key': fresh.key },
        body: JSON.stringify({
          model: 'claude-sonnet-4.5',
          max_tokens: 9,
          messages: [{ role: 'user', content: 'Hi' }],
        }),
      })
      expect(answer.status).toBe(200)
      await answer.text()
      await loggedRows(fresh, 1)
      await page.goto(fresh.url)
      const requests = page.locator('dl > div').filter({ has: page.getByText(words['kpi.requests'], { exact: true }) })
      await requests.getByText('1', { exact: true }).waitFor()
      expect(await title.count()).toBe(0)
      expect(faults).toEqual([])
    } finally {
      await close()
      await fresh.stop()
    }
  })

  test.each(bothLooks)(
    'an account that the provider suspends is told of first, and the way to it works (18): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const down = await startGateway({ accounts: [{ fault: 'suspended' }] })
      const { page, faults, close } = await openPage(look(locale, width))
      try {
        await signIn(page, `${down.url}/login`, adminPassword)
        await page.getByText(t('overview.down')).waitFor()
        const first = page
          .getByRole('region', { name: t('attention.title') })
          .getByRole('listitem')
          .first()
        await first.getByLabel(t('attention.critical')).waitFor()
        await page
          .getByRole('region', { name: t('attention.title') })
          .getByRole('listitem')
          .filter({ hasText: t('attention.account.suspended', { name: 'sim-1' }) })
          .getByRole('link', { name: t('attention.view') })
          .click()
        await page.waitForURL('**/accounts/acc_*')
        await page.getByRole('dialog').getByText(t('status.suspended')).first().waitFor()
        expect(faults).toEqual([])
      } finally {
        await close()
        await down.stop()
      }
    },
  )

  test('days are those of the zone that the picker names (22)', async () => {
    // An hour before midnight in one zone is the next day in the other.
    const at = new Date()
    at.setUTCDate(at.getUTCDate() - 2)
    at.setUTCHours(20, 0, 0, 0)
    const db = new Database(path.join(gateway.dataDir, 'data.sqlite3'))
    db.exec('PRAGMA busy_timeout = 5000')
    const columns = 'id, at, dialect, key_id, user_id, account_id, model, upstream_model, stream, status, duration_ms'
    const more = 'input_tokens, input_source, output_tokens, output_source, peer, user_agent, attempts, route'
    db.query(
      `INSERT INTO requests (${columns}, ${more}) VALUES (${Array.from({ length: 19 }, () => '?').join(', ')})`,
    ).run(
      ...['req_zone', at.getTime(), 'anthropic', 'key_1', '', 'acc_1', 'zoned', 'zoned', 1, 200, 900],
      ...[10, 'derived', 5, 'measured', '10.0.0.9', 'probe', 1, '{}'],
    )
    db.close()
    const dayOf = async (timezoneId: string): Promise<string> => {
      const { page, close } = await openPage({ locale: 'en-US', timezoneId })
      await signIn(page, `${gateway.url}/login?next=${encodeURIComponent('/?range=7d&model=zoned')}`, adminPassword)
      await tile(page, 'Requests').getByText('1', { exact: true }).waitFor()
      const chart = page.getByRole('figure').filter({ hasText: '1 request, 100% succeeded' })
      await chart.getByRole('button', { name: 'View as table' }).click()
      const row = chart.getByRole('row').filter({ has: page.getByRole('cell', { name: '1', exact: true }) })
      const day =
        (await row.first().getByRole('cell').or(row.first().getByRole('rowheader')).first().textContent()) ?? ''
      await page.getByRole('button', { name: /^Time range/ }).click()
      await page.getByText(`Times in ${timezoneId}`).waitFor()
      await close()
      return day
    }
    const label = (shiftHours: number): string =>
      new Intl.DateTimeFormat('en-US', { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(
        at.getTime() + shiftHours * 3_600_000,
      )
    expect(await dayOf('UTC')).toContain(label(0))
    expect(await dayOf('Asia/Shanghai')).toContain(label(8))
  })

  test('filters by user, key and model are in the address, choose what all figures are of, and lead to the log (19)', async () => {
    const { keys } = (await gateway.admin('GET', '/v2/keys')) as { keys: { id: string; name: string }[] }
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    await signIn(page, `${gateway.url}/login`, adminPassword)
    await page.getByRole('button', { name: 'Filters' }).click()
    const box = page.getByRole('combobox', { name: 'Key' })
    await box.click()
    await box.fill('test')
    await page.locator('[role=listbox] [role=option]').filter({ hasText: /^test/ }).click()
    await page.waitForURL(`**/?key=${keys.find(({ name }) => name === 'test')?.id}`)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.reload()
    await page.getByRole('button', { name: 'Remove filter: Key: test' }).waitFor()
    await tile(page, 'Requests').getByText('5', { exact: true }).waitFor()
    await page.getByText('The figures cover only what the filters match.').waitFor()
    await tile(page, 'Succeeded').getByRole('link', { name: '1 failed' }).click()
    await page.waitForURL(/\/logs\?key=key_\w+&status=failed$/)
    await page.getByText('1 of 1 shown').waitFor()
    await page.goBack()
    await page.getByRole('button', { name: 'Remove filter: Key: test' }).click()
    await page.waitForURL(`${gateway.url}/`)
    expect(faults).toEqual([])
    await close()
  })

  test('the footer says how long the provider takes, and measures again when pressed', async () => {
    const { page, addresses, close } = await openPage({
      locale: 'en-US',
      viewport: { width: 1280, height: 740 },
    })
    await signIn(page, `${gateway.url}/login`, adminPassword)
    const measured = (): number => addresses.filter((address) => address.endsWith('/aws-latency')).length
    const figure = page.getByRole('button', { name: /^Provider \d/ })
    await figure.waitFor()
    expect(measured()).toBe(1)
    await Promise.all([page.waitForResponse('**/aws-latency'), figure.click()])
    expect(measured()).toBe(2)
    await close()
  })

  test.each([
    ['zh-CN', 'dark', 360],
    ['en-US', 'light', 768],
  ] as const)(
    '%s, %s, %d px wide: nothing scrolls sideways, and keys and the table are as good as the chart (20, 21)',
    async (locale, colorScheme, width) => {
      const { page, faults, close } = await openPage({ locale, colorScheme, viewport: { width, height: 740 } })
      await signIn(page, `${gateway.url}/login`, adminPassword)
      await page.getByRole('heading', { level: 1 }).waitFor()
      const phone = width < 768
      await page
        .locator('canvas')
        .nth(phone ? 0 : 3)
        .waitFor()
      expect(await scrollsSideways(page)).toBe(false)
      expect(await accessibilityFaults(page)).toEqual([])
      const t = sayIn(locale)
      const cursor = page.getByRole('slider').first()
      await cursor.focus()
      await page.keyboard.press('End')
      expect(await cursor.getAttribute('aria-valuetext')).toContain(`${t('charts.ok')}: 4, ${t('charts.failed')}: 1`)
      const asTable = page.getByRole('button', { name: new RegExp(t('chart.asTable')) })
      const charts = phone ? ['请求', '耗时', 'Token 用量', '额度消耗'] : ['']
      for (const name of charts) {
        // A phone shows one at a time.
        if (phone) await page.getByRole('button', { name, exact: true }).click()
        await page.locator('figure').getByRole('heading', { name }).first().waitFor()
        while ((await asTable.count()) > 0) await asTable.first().click()
        expect(await page.locator('figure').getByRole('table').count()).toBe(phone ? 1 : 4)
      }
      expect(await scrollsSideways(page)).toBe(false)
      expect(await accessibilityFaults(page)).toEqual([])
      expect(faults).toEqual([])
      await close()
    },
  )
}
