import { expect, test } from 'bun:test'
import type { Page } from 'playwright-core'
import { realEffects } from '../../server/lib/effects.ts'
import { errorFaults } from '../../server/simulator/fault.ts'
import { accessibilityFaults, scrollsSideways } from '../support/browser.ts'
import { bothLooks, look, signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword, answerOnce, loggedRows } from '../support/gateway.ts'
import { sayIn } from '../support/words.ts'

/** What the provider takes its time for, until `goOn`. */
const heldMs = 3_600_000
let goOn: () => void = () => undefined
const held = new Promise<void>((resolve) => (goOn = resolve))

consoleTests(accounts, {
  accounts: Array.from({ length: 6 }, () => ({ plan: 'power' as const })),
  simulator: {
    effects: { ...realEffects, sleep: (ms, signal) => (ms === heldMs ? held : realEffects.sleep(ms, signal)) },
  },
})

const desktop = { locale: 'en-US', viewport: { width: 1280, height: 740 } }

function accounts({ gateway, openPage }: ConsoleStand): void {
  const open = async (path: string, options: object = desktop) => {
    const opened = await openPage(options)
    await signIn(opened.page, `${gateway.url}/login?next=${encodeURIComponent(path)}`, adminPassword)
    await opened.page.getByText('sim-2', { exact: true }).waitFor()
    return opened
  }
  /** Of the table, or the card on a phone. */
  const row = (page: Page, name: string) =>
    page
      .getByRole('row')
      .or(page.getByRole('main').getByRole('listitem'))
      .filter({ has: page.getByText(name, { exact: true }) })
  const idOf = async (label: string): Promise<string> => {
    const list = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { id: string; label: string }[] }
    return list.accounts.find((one) => one.label === label)?.id ?? ''
  }

  test.each(bothLooks)(
    'two chips and a text select together, and their address shows the same in a new tab (23): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      await gateway.admin('PATCH', `/v2/accounts/${await idOf('sim-3')}`, { enabled: false })
      const { page, faults, close } = await open('/accounts', look(locale, width))
      const chips = page.getByRole('group', { name: t('accounts.filter') })
      const chip = (text: string) => chips.getByRole('button', { name: new RegExp(`^${text}`) })
      await chip(t('status.disabled')).click()
      await page.getByText('sim-2', { exact: true }).waitFor({ state: 'detached' })
      await page.getByText('sim-3', { exact: true }).waitFor()
      await chip(t('status.ready')).click()
      await page.getByText('sim-2', { exact: true }).waitFor()
      await page.getByLabel(t('accounts.search')).fill('sim-3')
      await page.getByText('sim-2', { exact: true }).waitFor({ state: 'detached' })
      const { search } = new URL(page.url())
      expect(Object.fromEntries(new URLSearchParams(search))).toEqual({ status: 'disabled,ready', q: 'sim-3' })
      const other = await page.context().newPage()
      await other.goto(`${gateway.url}/accounts${search}`)
      await other.getByText('sim-3', { exact: true }).waitFor()
      expect(await other.getByText('sim-2', { exact: true }).count()).toBe(0)
      await gateway.admin('PATCH', `/v2/accounts/${await idOf('sim-3')}`, { enabled: true })
      expect(faults).toEqual([])
      await close()
    },
  )

  test.each(bothLooks)(
    'work on all that match is a job; what failed says why and stays chosen (24): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      gateway.accounts[3]?.killRefresh()
      const { page, faults, close } = await open('/accounts', look(locale, width))
      const box = (name: string) =>
        page.getByRole('checkbox', { name: new RegExp(`^${t('accounts.choose', { name: `${name} ` })}`) })
      await box('sim-2').check()
      const bar = page.getByRole('region', { name: t('accounts.bulk.label') })
      const button = (name: string) => bar.getByRole('button', { name, exact: true })
      const chosen = (count: number) => bar.getByText(t('common.chosen', { count }), { exact: true }).waitFor()
      const ended = (text: string) => bar.getByText(`${t('jobs.state.done')} · ${text}`).waitFor({ timeout: 60_000 })
      await chosen(1)
      await button(t('accounts.bulk.selectAll', { count: 6 })).click()
      await chosen(6)
      expect(await accessibilityFaults(page)).toEqual([])
      expect(await scrollsSideways(page)).toBe(false)
      await button(t('accounts.bulk.check')).click()
      await ended(t('jobs.progressFailed', { done: 6, total: 6, failed: 1 }))
      await chosen(1)
      expect(await box('sim-4').isChecked()).toBe(true)
      // Why, in the reader's language too.
      const why = bar.getByRole('listitem').filter({ hasText: 'sim-4' })
      await why.getByText(t('error.code.SIGN_IN_EXPIRED')).waitFor()
      expect(await accessibilityFaults(page)).toEqual([])
      expect(await scrollsSideways(page)).toBe(false)
      await button(t('common.close')).click()
      await button(t('accounts.bulk.weight')).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByLabel(t('accounts.weight')).fill('0')
      await dialog.getByRole('button', { name: t('common.save') }).click()
      await dialog.getByText(t('accounts.weightFault')).waitFor()
      await dialog.getByLabel(t('accounts.weight')).fill('7')
      await dialog.getByRole('button', { name: t('common.save') }).click()
      await ended(t('jobs.progress', { done: 1, total: 1 }))
      const { weight } = await gateway.admin('GET', `/v2/accounts/${await idOf('sim-4')}`)
      expect(weight).toBe(7)
      await gateway.admin('PATCH', `/v2/accounts/${await idOf('sim-4')}`, { weight: 1 })
      expect(faults).toEqual([])
      await close()
    },
  )

  test('a job goes on while its page is left, is found there again, and ends when it is cancelled (24)', async () => {
    gateway.accounts[3]?.killRefresh()
    const slow = gateway.accounts.filter((_, index) => index !== 3)
    for (const account of slow) account.set({ calls: { GetUsageLimits: { name: 'slow-headers', waitMs: heldMs } } })
    const { page, faults, close } = await open('/accounts')
    const bar = page.getByRole('region', { name: 'Selected accounts' })
    await page.getByRole('checkbox', { name: /^Select sim-4 / }).check()
    await bar.getByRole('button', { name: 'Select all 6 that match' }).click()
    await bar.getByText('6 selected').waitFor()
    await bar.getByRole('button', { name: 'Check', exact: true }).click()
    // Four at a time: the one that fails makes room for the next.
    await bar.getByText('1 of 6 done, 1 failed').waitFor()
    await bar.getByRole('meter').waitFor()
    await page.getByRole('link', { name: 'Models', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Models' }).waitFor()
    await page.getByRole('link', { name: /^Accounts/ }).click()
    await bar.getByText('1 of 6 done, 1 failed').waitFor()
    const other = await page.context().newPage()
    await other.goto(`${gateway.url}/accounts`)
    await other.getByRole('region', { name: 'Selected accounts' }).getByText('1 of 6 done, 1 failed').waitFor()
    await other.close()
    const [cancelled] = await Promise.all([
      page.waitForResponse('**/v2/jobs/*/cancel'),
      bar.getByRole('button', { name: 'Cancel' }).click(),
    ])
    expect(cancelled.ok()).toBe(true)
    goOn()
    // Those under way come to their end, the last is never asked for.
    await bar.getByText('Cancelled · 5 of 6 done, 1 failed').waitFor()
    await bar.getByRole('listitem').filter({ hasText: 'sim-4' }).waitFor()
    await bar.getByText('1 selected').waitFor()
    expect(await page.getByRole('checkbox', { name: /^Select sim-4 / }).isChecked()).toBe(true)
    expect(await accessibilityFaults(page)).toEqual([])
    for (const account of slow) account.set({ calls: {} })
    expect(faults).toEqual([])
    await close()
  })

  test.each(bothLooks)(
    'of a suspended account the provider’s own words are shown, and since when (30, U4): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const account = gateway.accounts[4]
      account?.set({ fault: 'suspended' })
      const id = await idOf('sim-5')
      const before = Date.now()
      await gateway.admin('POST', `/v2/accounts/${id}/refresh`, {}).catch(() => ({}))
      const { page, faults, close } = await open('/accounts', look(locale, width))
      await page.getByRole('button', { name: new RegExp(`^${t('remedy.read')}.*sim-5`) }).click()
      const drawer = page.getByRole('dialog')
      await drawer.getByText(t('accounts.reported')).waitFor()
      // But for the id by which the provider calls whom it is about: that stands apart.
      await drawer.getByText(errorFaults.suspended.message.replace(' (d-simulated)', ''), { exact: true }).waitFor()
      await drawer.getByText(account?.userId ?? '', { exact: true }).waitFor()
      const since = drawer.getByText(t('accounts.sinceLabel'), { exact: true }).locator('+ dd time')
      expect(Date.parse((await since.getAttribute('datetime')) ?? '')).toBeWithin(before, Date.now())
      expect(await accessibilityFaults(page)).toEqual([])
      expect(await scrollsSideways(page)).toBe(false)
      account?.set({ fault: undefined })
      await gateway.admin('POST', `/v2/accounts/${id}/refresh`, {})
      expect(faults).toEqual([])
      await close()
    },
  )

  test.each(bothLooks)(
    'one that is deleted comes back by Undo, three are asked for by name and come back from what was deleted (26): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const { total } = await gateway.admin('GET', `/v2/logs?limit=1&account_id=${await idOf('sim-2')}`)
      const menuOf = (name: string) => new RegExp(t('common.more', { name: `${name} .*` }))
      const restoring = (name: string) => new RegExp(`^${t('accounts.restore')}.*${name} `)
      const id = await idOf('sim-2')
      const answered = Number((await gateway.admin('GET', `/v2/accounts/${id}`)).success_count)
      const { page, faults, close } = await open('/accounts', look(locale, width))
      // A request of its own, to be told of afterwards.
      const status = await page.evaluate(async (account) => {
        const answer = await fetch(`/v2/test/v1/messages?account_id=${account}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({
            ...{ model: 'claude-sonnet-4.5', max_tokens: 50 },
            messages: [{ role: 'user', content: 'hello' }],
          }),
        })
        await answer.text()
        return answer.status
      }, id)
      expect(status).toBe(200)
      const [served] = await loggedRows<{ readonly id: string }>(gateway, Number(total) + 1, `&account_id=${id}`)
      const history = async () => {
        const { success_count, created_at, label } = await gateway.admin('GET', `/v2/accounts/${id}`)
        const { events } = (await gateway.admin('GET', `/v2/accounts/${id}/events`)) as { events: readonly object[] }
        return { success_count, created_at, label, events }
      }
      // The counters of a call come together after it.
      const before = await answerOnce(history, ({ success_count }) => Number(success_count) === answered + 1)
      expect(before.success_count).toBe(answered + 1)
      await page.getByRole('button', { name: menuOf('sim-2') }).click()
      await page.getByRole('menuitem', { name: t('accounts.delete') }).click()
      await page.getByText(new RegExp(`^${t('accounts.deleted', { name: 'sim-2 .*' })}`)).waitFor()
      await row(page, 'sim-2').waitFor({ state: 'detached' })
      await page.getByRole('button', { name: t('common.undo') }).click()
      await row(page, 'sim-2').waitFor()
      // With all that it did and that became of it.
      expect(await history()).toEqual(before)
      await page.getByRole('link', { name: 'sim-2', exact: true }).click()
      const drawer = page.getByRole('dialog')
      await drawer.getByText(new RegExp(`^${t('accounts.callCounts', { good: '[1-9]\\d*', bad: '\\d+' })}$`)).waitFor()
      await drawer.getByRole('tab', { name: t('accounts.tab.requests') }).click()
      await drawer.locator(`a[href*="${served?.id}"]`).waitFor()
      await drawer.getByRole('tab', { name: t('accounts.tab.events') }).click()
      await drawer.getByText(t('accounts.event.added'), { exact: true }).waitFor()
      await page.keyboard.press('Escape')
      await drawer.waitFor({ state: 'detached' })
      for (const name of ['sim-1', 'sim-5', 'sim-6'])
        await page.getByRole('checkbox', { name: new RegExp(`^${t('accounts.choose', { name: `${name} ` })}`) }).check()
      const bar = page.getByRole('region', { name: t('accounts.bulk.label') })
      await bar.getByRole('button', { name: t('accounts.delete') }).click()
      const asked = page.getByRole('dialog')
      await asked.getByRole('heading', { name: t('accounts.bulk.deleteTitle', { count: 3 }) }).waitFor()
      for (const name of ['sim-1', 'sim-5', 'sim-6']) expect(await asked.textContent()).toContain(name)
      await asked.getByRole('button', { name: t('accounts.bulk.deleteAction', { count: 3 }) }).click()
      await bar
        .getByText(`${t('jobs.state.done')} · ${t('jobs.progress', { done: 3, total: 3 })}`)
        .waitFor({ timeout: 60_000 })
      await bar.getByRole('button', { name: t('common.close') }).click()
      await row(page, 'sim-5').waitFor({ state: 'detached' })
      await page.getByRole('button', { name: t('accounts.moreActions') }).click()
      await page.getByRole('menuitem', { name: t('accounts.deletedTitle') }).click()
      const deleted = page.getByRole('dialog')
      await deleted.getByRole('button', { name: restoring('sim-5') }).waitFor()
      expect(await accessibilityFaults(page)).toEqual([])
      for (const name of ['sim-1', 'sim-5', 'sim-6']) {
        await deleted.getByRole('button', { name: restoring(name) }).click()
        await deleted.getByRole('button', { name: restoring(name) }).waitFor({ state: 'detached' })
      }
      await deleted.getByRole('button', { name: t('common.done') }).click()
      await row(page, 'sim-5').waitFor()
      expect(faults).toEqual([])
      await close()
    },
  )

  test('an export has secrets only after the password, and a file of the Kiro form (14)', async () => {
    const { page, faults, close } = await open('/accounts')
    const [secret] = gateway.accounts.map((account) => account.secrets().refreshToken ?? '')
    const exported = async (act: () => Promise<void>): Promise<string> => {
      const [download] = await Promise.all([page.waitForEvent('download'), act()])
      return Bun.file(await download.path()).text()
    }
    const dialog = page.getByRole('dialog')
    const start = async (): Promise<void> => {
      await page.getByRole('button', { name: 'More actions for accounts' }).click()
      await page.getByRole('menuitem', { name: 'Export accounts…' }).click()
      await dialog.getByLabel('Kiro token file').check()
    }
    const run = (): Promise<void> => dialog.getByRole('button', { name: 'Export', exact: true }).click()
    await start()
    expect(await accessibilityFaults(page)).toEqual([])
    const masked = await exported(run)
    expect(JSON.parse(masked)).toHaveLength(6)
    expect(masked).not.toContain(secret ?? 'none')
    await start()
    await dialog.getByLabel('Include sign-in secrets').check()
    await dialog.getByRole('textbox', { name: 'Your password' }).fill('not this one')
    await run()
    await dialog.getByText('That password is not right.').first().waitFor()
    await dialog.getByRole('textbox', { name: 'Your password' }).fill(adminPassword)
    expect(await exported(run)).toContain('"refreshToken"')
    expect(faults).toEqual([])
    await close()
  })

  test('the drawer tells requests, events and why it was or was not chosen, and keeps what is set', async () => {
    const { total } = await gateway.admin('GET', '/v2/logs?limit=1')
    for (let turn = 0; turn < 6; turn++) {
      await fetch(`${gateway.url}/v1/messages`, {
        method: 'POST',
        headers: { 'x-api-key': gateway.key, 'content-type': 'application/json' },
        body: JSON.stringify({
          ...{ model: 'claude-sonnet-4.5', max_tokens: 50 },
          messages: [{ role: 'user', content: `hello ${turn}` }],
        }),
      }).then((response) => response.text())
    }
    await loggedRows(gateway, Number(total) + 6)
    const id = await idOf('sim-2')
    const { page, faults, close } = await open('/accounts')
    await page.goto(`${gateway.url}/accounts/${id}?tab=routing`)
    const drawer = page.getByRole('dialog')
    await drawer.getByText('It would be considered now').waitFor()
    await drawer.getByText(/^In the last \d+ requests$/).waitFor()
    expect(
      await drawer.getByText(/^(chosen: it had the least work|not chosen: another account suited)/).count(),
    ).toBeGreaterThan(0)
    expect(await accessibilityFaults(page)).toEqual([])
    await drawer.getByRole('tab', { name: 'Events' }).click()
    await drawer.getByText('Added', { exact: true }).waitFor()
    expect(new URL(page.url()).searchParams.get('tab')).toBe('events')
    await drawer.getByRole('tab', { name: 'Settings' }).click()
    await drawer.getByLabel('Notes').fill('rented <b>until</b> May')
    await drawer.getByLabel('Allow overage').check()
    await drawer.getByLabel('US dollars per month at most').fill('12.5')
    expect(await accessibilityFaults(page)).toEqual([])
    await drawer.getByRole('button', { name: 'Save' }).click()
    await page.getByText(/^Saved sim-2 /).waitFor()
    const kept = await gateway.admin('GET', `/v2/accounts/${id}`)
    expect(kept).toMatchObject({
      notes: 'rented <b>until</b> May',
      overage: { enabled: true, max_micro_usd: 12_500_000 },
    })
    await drawer.getByRole('tab', { name: 'Overview' }).click()
    await drawer.getByText('rented <b>until</b> May').waitFor()
    await drawer.getByRole('tab', { name: 'Requests' }).click()
    await drawer.getByText(/All requests of this account|It has served no request yet/).waitFor()
    expect(faults).toEqual([])
    await close()
  })

  test('on a phone, in Chinese, accounts are chosen and nothing lies beside the screen (51)', async () => {
    const { page, faults, close } = await open('/accounts', { locale: 'zh-CN', viewport: { width: 360, height: 740 } })
    await page.getByRole('checkbox', { name: /^选择 sim-2 / }).check()
    await page.getByRole('region', { name: '已选账号' }).getByText('已选 1 个').waitFor()
    expect(await scrollsSideways(page)).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })
}
