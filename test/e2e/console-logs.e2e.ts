import { expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import type { RequestRowList, RequestTail } from '../../server/admin/contract/logs.ts'
import { accessibilityFaults, costs, longestTask, scrollsSideways } from '../support/browser.ts'
import { bothLooks, look, signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword, answerOnce } from '../support/gateway.ts'
import { logRow } from '../support/log-rows.ts'
import { sayIn } from '../support/words.ts'

consoleTests(logs, { accounts: [{ plan: 'power' }, { plan: 'power' }] })

const desktop = { locale: 'en-US', viewport: { width: 1280, height: 740 } }
const pageOfRows = 200

/** Answers the list with made-up rows, by cursor as the server does. */
async function showRows(page: Page, count: number): Promise<void> {
  await page.route('**/v2/logs?*', async (route) => {
    const { searchParams } = new URL(route.request().url())
    const begin = Number(searchParams.get('cursor') ?? 0)
    const end = Math.min(count, begin + pageOfRows)
    const logs = Array.from({ length: end - begin }, (_, index) => logRow(begin + index, (begin + index) * 5 + 60))
    const next_cursor = end < count ? String(end) : null
    const answer = { logs, limit: pageOfRows, offset: 0, next_cursor, total: count } satisfies RequestRowList
    await route.fulfill({ json: answer })
  })
  await page.route('**/v2/logs/tail*', (route) =>
    route.fulfill({ json: { logs: [], mark: 'made-1', gap: false } satisfies RequestTail }),
  )
}

function logs({ gateway, openPage }: ConsoleStand): void {
  const send = async (text: string, more: object = {}, headers: Record<string, string> = {}) => {
    const response = await fetch(`${gateway.url}/v1/messages`, {
      method: 'POST',
      headers: { 'x-api-key': gateway.key, 'content-type': 'application/json', 'user-agent': 'probe/1.0', ...headers },
      body: JSON.stringify({
        ...{ model: 'claude-sonnet-4.5', max_tokens: 100, stream: true },
        ...{ messages: [{ role: 'user', content: text }], ...more },
      }),
    })
    await response.text()
    return response.headers.get('request-id') ?? response.headers.get('x-request-id') ?? ''
  }
  const open = async (path: string, options: object = desktop) => {
    const opened = await openPage(options)
    await signIn(opened.page, `${gateway.url}/login?next=${encodeURIComponent(path)}`, adminPassword)
    return opened
  }
  /** Until the requests are in the log: they are written in batches, after the answers. */
  const logged = async (...ids: readonly string[]): Promise<void> => {
    for (const id of ids) {
      const row = () => gateway.admin('GET', `/v2/logs/${id}`).catch(() => undefined)
      expect(await answerOnce(row, (found) => found !== undefined)).toMatchObject({ id })
    }
  }
  const rowLinks = (page: Page) => page.locator('[data-row] a')

  test('filters are in the address, select what they say, and a new tab shows the same (19)', async () => {
    await logged(
      await send('one'),
      await send('two', { stream: false }),
      await send('three', { model: 'no-such-model' }),
    )
    const { page, faults, close } = await open('/logs')
    await rowLinks(page).nth(2).waitFor()
    await page.getByLabel('Outcome').selectOption('failed')
    await page.getByText('404 rejected').waitFor()
    await page.getByText('1 of 1 shown').waitFor()
    await page.getByRole('button', { name: 'Filters', exact: true }).click()
    await page.getByLabel('Reply').selectOption('no')
    await page.getByText('No request matches these filters.').waitFor()
    expect(Object.fromEntries(new URL(page.url()).searchParams)).toEqual({ status: 'failed', stream: 'no' })
    await page.goBack()
    await page.getByText('404 rejected').waitFor()
    await page.reload()
    await page.getByText('1 of 1 shown').waitFor()
    await page.getByRole('button', { name: 'Clear filters' }).click()
    await rowLinks(page).nth(2).waitFor()
    await page.getByLabel('Error text or request ID').fill('no-such-model')
    await page.waitForURL('**/logs?error=no-such-model')
    await page.getByText('1 of 1 shown').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })

  test.each(bothLooks)(
    'a request that needed two accounts is one row, with its attempts and why each was chosen in the drawer (34): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const id = await send('[[sim:fault=suspended-unnamed]] go on')
      await logged(id, await send('after that'))
      const { page, faults, close } = await open('/logs?retried=1', look(locale, width))
      const row = page.locator(`[data-row="${id}"]`)
      await row.getByText('×2').first().waitFor()
      expect(await row.count()).toBe(1)
      await row.getByRole('link').first().click()
      const drawer = page.getByRole('dialog')
      await drawer.getByRole('heading', { name: t('logs.section.attempts', { count: 2 }) }).waitFor()
      expect(await drawer.getByText(t('failure.account-suspended')).count()).toBeGreaterThan(0)
      await drawer.getByText(t('chosenBy.least_loaded')).first().waitFor()
      await drawer.getByText(t('logs.why.moved')).waitFor()
      await drawer.getByText('probe/1.0').waitFor()
      expect([await accessibilityFaults(page), await scrollsSideways(page)]).toEqual([[], false])
      expect(faults).toEqual([])
      await close()
      // So that the others find a pool that serves.
      const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { id: string }[] }
      for (const { id } of accounts) await gateway.admin('POST', `/v2/accounts/${id}/refresh`, {}).catch(() => ({}))
    },
  )

  test('a reply that was repaired and a search that was made are told as what they were, not as failures', async () => {
    const weather = { name: 'get_weather', input_schema: { type: 'object', properties: { city: { type: 'string' } } } }
    const repaired = await send('[[sim:instead=It is sunny.]] weather?', {
      ...{ stream: false, tools: [weather], tool_choice: { type: 'tool', name: 'get_weather' } },
    })
    const searched = await send('[[sim:search=bun releases]] what is new?', {
      ...{ stream: false, tools: [{ type: 'web_search_20250305', name: 'web_search' }] },
    })
    await logged(repaired, searched)
    const { page, faults, close } = await open(`/logs/${repaired}`)
    const drawer = page.getByRole('dialog')
    await drawer.getByText('so the model was asked once more').waitFor()
    await drawer.getByText('It is sunny.').waitFor()
    await drawer.getByRole('heading', { name: 'Attempts (2)' }).waitFor()
    expect(await drawer.getByText('asked once more', { exact: true }).count()).toBe(1)
    expect(await drawer.getByText('Its first attempt failed', { exact: false }).count()).toBe(0)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.goto(`${gateway.url}/logs/${searched}`)
    await drawer.getByRole('heading', { name: 'Web searches (1)' }).waitFor()
    await drawer.getByText('after a web search').first().waitFor()
    expect(await drawer.getByText('Its first attempt failed', { exact: false }).count()).toBe(0)
    expect(faults).toEqual([])
    await close()
  })

  test('J and K step through the filtered list, and Esc goes back to the row that was looked at last (37)', async () => {
    const { page, close } = await openPage(desktop)
    await showRows(page, 30)
    await page.route('**/v2/logs/req_made*', (route) => {
      const number = Number(/req_made(\d+)/.exec(route.request().url())?.[1])
      const detail = {
        ...logRow(number, number * 5 + 60),
        method: 'POST',
        path: '/v1/messages',
        user_agent: `agent-${number}`,
      }
      return route.fulfill({ json: { ...detail, route: { considered: [], attempts: [] }, account_names: {} } })
    })
    await signIn(page, `${gateway.url}/login?next=/logs`, adminPassword)
    await rowLinks(page).nth(2).click()
    const drawer = page.getByRole('dialog')
    await drawer.getByText('agent-2', { exact: true }).waitFor()
    await page.keyboard.press('j')
    await drawer.getByText('agent-3', { exact: true }).waitFor()
    await page.keyboard.press('j')
    await drawer.getByText('agent-4', { exact: true }).waitFor()
    await page.keyboard.press('k')
    await drawer.getByText('agent-3', { exact: true }).waitFor()
    expect(new URL(page.url()).pathname).toBe('/logs/req_made3')
    await page.keyboard.press('Escape')
    await drawer.waitFor({ state: 'detached' })
    await page.waitForFunction(
      () => document.activeElement?.closest('[data-row]')?.getAttribute('data-row') === 'req_made3',
    )
    await page.keyboard.press('ArrowDown')
    await page.waitForFunction(
      () => document.activeElement?.closest('[data-row]')?.getAttribute('data-row') === 'req_made4',
    )
    await close()
  })

  test('10,000 rows scroll without a long task, and only those in view are in the page (35)', async () => {
    const { page, faults, close } = await openPage(desktop)
    await showRows(page, 10_500)
    await signIn(page, `${gateway.url}/login?next=/logs`, adminPassword)
    await rowLinks(page).first().waitFor()
    const loading = await longestTask(page, async () => {
      await page.evaluate(async () => {
        while (!document.querySelector('main')?.textContent?.includes('The newest 10,000 are shown.')) {
          scrollTo(0, document.documentElement.scrollHeight)
          await new Promise((resolve) => setTimeout(resolve, 30))
        }
      })
    })
    expect(loading).toBeLessThan(100)
    expect(await page.locator('tbody tr').count()).toBeLessThan(80)
    const scrolled = await longestTask(page, () =>
      page.evaluate(async () => {
        for (let frame = 0; frame < 300; frame++) {
          scrollBy(0, -150)
          await new Promise(requestAnimationFrame)
        }
      }),
    )
    expect(scrolled).toBeLessThanOrEqual(50)
    // The columns fill the table: nothing of it is left over at the right.
    const rightOf = (selector: string): Promise<number> =>
      page
        .locator(selector)
        .evaluateAll((cells) => Math.max(...cells.map((cell) => cell.getBoundingClientRect().right)))
    expect(await rightOf('thead th')).toBeCloseTo(await rightOf('table'), 0)
    // A screen and more at each step: all rows are new.
    const each = await costs(page, 40, (index) =>
      page.evaluate(async (at) => {
        scrollTo(0, document.documentElement.scrollHeight - at * 900)
        await new Promise(requestAnimationFrame)
        await new Promise(requestAnimationFrame)
      }, index),
    )
    expect(each.filter((ms) => ms > 100)).toEqual([])
    expect(each.toSorted((a, b) => a - b)[20]).toBeLessThan(50)
    expect(await page.locator('tbody tr').count()).toBeLessThan(80)
    expect(faults).toEqual([])
    await close()
  })

  test('live rows come in batches; a pointer over the list freezes it and counts what is new; memory stays (36)', async () => {
    const { page, faults, close } = await openPage(desktop)
    await showRows(page, 40)
    let made = 100_000
    let asked = 0
    await page.route('**/v2/logs/tail*', (route) => {
      const isFirst = !route.request().url().includes('after=')
      if (!isFirst) asked++
      const logs = isFirst ? [] : Array.from({ length: 50 }, () => logRow(made++, 0))
      return route.fulfill({ json: { logs, mark: `made-${made}`, gap: false } satisfies RequestTail })
    })
    await signIn(page, `${gateway.url}/login?next=${encodeURIComponent('/logs?live=1')}`, adminPassword)
    await rowLinks(page).first().waitFor()
    await page.mouse.move(5, 5)
    const session = await page.context().newCDPSession(page)
    const heap = async (): Promise<number> => {
      await session.send('HeapProfiler.collectGarbage')
      const { usedSize } = await session.send('Runtime.getHeapUsage')
      return usedSize
    }
    for (let turn = 0; turn < 5; turn++) await send('warm')
    await page.waitForFunction(() => document.querySelector('[data-row^="req_made10"]') !== null)
    const before = await heap()
    const [began, first] = [Date.now(), asked]
    for (let turn = 0; turn < 60; turn++) {
      await send(`live ${turn}`)
      await Bun.sleep(20)
    }
    await Bun.sleep(600)
    // However many requests end, it is asked four times a second at most.
    expect(asked - first).toBeLessThanOrEqual(Math.ceil((Date.now() - began) / 250) + 1)
    expect((await heap()) - before).toBeLessThan(20 * 1024 * 1024)
    expect(await page.locator('tbody tr').count()).toBeLessThan(80)
    await rowLinks(page).nth(1).hover()
    const top = await page.locator('[data-row]').first().getAttribute('data-row')
    await send('while somebody reads')
    await page.getByRole('button', { name: / new$/ }).waitFor()
    expect(await page.locator('[data-row]').first().getAttribute('data-row')).toBe(top)
    await page.mouse.move(5, 5)
    await page.waitForFunction((id) => document.querySelector('[data-row]')?.getAttribute('data-row') !== id, top)
    expect(faults).toEqual([])
    await close()
  })

  test('an export is the filtered rows, in a coding a spreadsheet reads, and nothing in it computes (38)', async () => {
    await logged(await send('x', { model: '=HYPERLINK("http://x","中文")' }))
    const { page, close } = await open('/logs?status=failed&error=HYPERLINK')
    await rowLinks(page).first().waitFor()
    await page.getByRole('button', { name: 'Export' }).click()
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'CSV (spreadsheet)' }).click(),
    ])
    const bytes = new Uint8Array(await Bun.file(await download.path()).arrayBuffer())
    expect([...bytes.slice(0, 3)]).toEqual([0xef, 0xbb, 0xbf])
    const lines = new TextDecoder().decode(bytes).trimEnd().split('\r\n')
    expect(lines).toHaveLength(2)
    expect(lines[1]).toContain(`"'=HYPERLINK(""http://x"",""中文"")"`)
    await close()
  })

  test('what is kept of a key is marked, shown on demand only, and old rows are counted before they go (16)', async () => {
    const { keys } = (await gateway.admin('GET', '/v2/keys')) as { keys: { id: string }[] }
    const { page, faults, close } = await open('/logs')
    await page.getByRole('button', { name: 'More actions for the log' }).click()
    await page.getByRole('menuitem', { name: 'Keep prompts and replies…' }).click()
    await page.getByRole('switch', { name: 'Keep prompts and replies of test' }).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await page.getByRole('switch', { name: 'Keep prompts and replies of test' }).press('Space')
    await page.getByText(/^On until /).waitFor()
    await page.getByRole('dialog').getByRole('button', { name: 'Done' }).click()
    await page.getByText('Prompts and replies are being kept for test.').waitFor()
    await logged(await send('the secret <b>recipe</b>'))
    await page.reload()
    await rowLinks(page).first().waitFor()
    await page.getByRole('img', { name: 'Prompt and reply are kept' }).first().waitFor()
    await rowLinks(page).first().click()
    const drawer = page.getByRole('dialog')
    await drawer.getByRole('button', { name: 'Show content' }).waitFor()
    expect(await page.content()).not.toContain('recipe')
    await drawer.getByRole('button', { name: 'Show content' }).click()
    await drawer.getByText('the secret <b>recipe</b>').waitFor()
    await page.keyboard.press('Escape')
    await gateway.admin('DELETE', `/v2/captures/${keys[0]?.id}`)
    await page.getByRole('button', { name: 'More actions for the log' }).click()
    await page.getByRole('menuitem', { name: 'Delete old logs…' }).click()
    await page.getByRole('dialog').getByText('Nothing is older than that.').waitFor()
    expect(await page.getByRole('dialog').getByRole('button', { name: 'Delete logs' }).isDisabled()).toBe(true)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })

  test('one’s own address is blocked only after a second word, and a block for a time ends by itself (39)', async () => {
    await logged(
      await send('from the office', {}, { 'x-forwarded-for': '203.0.113.9' }),
      await send('from here', {}, { 'x-forwarded-for': '198.51.100.4' }),
    )
    const { page, faults, close } = await open('/logs?view=addresses', {
      ...desktop,
      extraHTTPHeaders: { 'x-forwarded-for': '198.51.100.4' },
    })
    const row = (ip: string) => page.getByRole('row').filter({ hasText: ip })
    await row('198.51.100.4').getByText('(you)').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'More actions for 198.51.100.4' }).click()
    await page.getByRole('menuitem', { name: 'Block' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Block', exact: true }).click()
    await dialog.getByText('This is the address you are using. Blocking it locks you out.').waitFor()
    await dialog.getByRole('button', { name: 'Block my own address' }).waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    await page.getByRole('button', { name: 'More actions for 203.0.113.9' }).click()
    await page.getByRole('menuitem', { name: 'Note and limits…' }).click()
    await dialog.getByLabel('Note').fill('the <i>office</i>')
    await dialog.getByLabel('Requests per minute').fill('many')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('A whole number up to 1,000,000.').waitFor()
    await dialog.getByLabel('Requests per minute').fill('60')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await row('203.0.113.9').getByText('the <i>office</i>').waitFor()
    await row('203.0.113.9').getByText('60 / min').waitFor()
    const block = (ms: number) =>
      gateway.admin('POST', '/v2/ips/block', {
        ...{ ip: '203.0.113.0/24', expires_at: new Date(Date.now() + ms).toISOString() },
      })
    await block(3_600_000)
    const status = async () =>
      (
        await fetch(`${gateway.url}/v1/models`, {
          headers: { 'x-api-key': gateway.key, 'x-forwarded-for': '203.0.113.9' },
        })
      ).status
    expect(await status()).toBe(403)
    await page.reload()
    await row('203.0.113.9').getByText('Blocked').waitFor()
    await page.getByRole('code').filter({ hasText: '203.0.113.0/24' }).waitFor()
    // What goes is the range with all its addresses: it is named, and comes back whole.
    const before = (await gateway.admin('GET', '/v2/ips/blocked')).blocked_ips
    await page.getByRole('button', { name: 'More actions for 203.0.113.9' }).click()
    await page.getByRole('menuitem', { name: 'Unblock all of 203.0.113.0/24' }).click()
    await page.getByText('203.0.113.0/24 is no longer blocked.').waitFor()
    expect(await status()).toBe(200)
    await page.getByRole('button', { name: 'Undo' }).click()
    await row('203.0.113.9').getByText('Blocked').waitFor()
    expect((await gateway.admin('GET', '/v2/ips/blocked')).blocked_ips).toEqual(before)
    await block(1_000)
    expect(await answerOnce(status, (code) => code === 200)).toBe(200)
    await page.reload()
    await row('203.0.113.9').waitFor()
    expect(await row('203.0.113.9').getByText('Blocked').count()).toBe(0)
    await row('203.0.113.9').getByRole('button', { name: '203.0.113.9', exact: true }).click()
    await page.waitForURL('**/logs?ip=203.0.113.9')
    await page.getByText('1 of 1 shown').waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('on a phone the rows are cards, in Chinese, and nothing lies beside the screen (34, 51)', async () => {
    const { page, faults, close } = await open('/logs', { locale: 'zh-CN', viewport: { width: 360, height: 740 } })
    await rowLinks(page).first().waitFor()
    await page.getByRole('heading', { level: 1, name: '请求日志' }).waitFor()
    expect(await scrollsSideways(page)).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    await rowLinks(page).first().click()
    await page.getByRole('dialog').getByText('为什么是这个账号').waitFor()
    expect(await scrollsSideways(page)).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.goto(`${gateway.url}/logs?view=addresses`)
    await page.getByText('已封禁的地址').waitFor()
    expect(await scrollsSideways(page)).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })
}
