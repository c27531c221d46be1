import { expect, test } from 'bun:test'
import { errorFaults } from '../../server/simulator/fault.ts'
import { accessibilityFaults, scrollsSideways } from '../support/browser.ts'
import { focusIs, inTime, look, showAccounts, someAccount } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { sayIn } from '../support/words.ts'

consoleTests(phone, { simulator: { signIn: { expiresInSeconds: 12, slowDownPolls: 1 } } })

const locale = 'zh-CN'
const t = sayIn(locale)

/** On a phone and in Chinese, what other files drive in English on a desk: cards for rows, windows as large as the screen. */
function phone({ gateway, open }: ConsoleStand): void {
  const onPhone = (path: string) => open(path, look(locale, 360))

  test('a code that expires or is denied says so, one that wants patience goes on, and each has its way on (5)', async () => {
    const { page, faults, close } = await onPhone('/accounts')
    await page
      .getByRole('button', { name: t('accounts.add') })
      .first()
      .click()
    const dialog = page.getByRole('dialog')
    const said = (text: string) => dialog.getByText(text).waitFor({ timeout: 30_000 })
    const press = (name: string) => dialog.getByRole('button', { name, exact: true }).click()
    const code = async (): Promise<string> => (await dialog.locator('code').first().textContent()) ?? ''
    await press(t('device.start'))
    await said(t('device.waiting'))
    // Nobody points the phone at itself.
    expect(await dialog.getByRole('img', { name: t('device.qr') }).count()).toBe(0)
    expect([await accessibilityFaults(page), await scrollsSideways(page)]).toEqual([[], false])
    await said(t('device.slowed', { seconds: '@' }).split('@')[0]?.trim() ?? '')
    await said(t('device.expired'))
    await press(t('device.newCode'))
    await said(t('device.waiting'))
    expect(gateway.simulator.signIns.deny(await code())).toBe(true)
    await said(t('device.denied'))
    expect([await accessibilityFaults(page), await scrollsSideways(page)]).toEqual([[], false])
    await press(t('device.tryAgain'))
    await said(t('device.waiting'))
    expect(gateway.simulator.signIns.approve(await code())).toBe(true)
    await press(t('common.done'))
    await dialog.waitFor({ state: 'detached' })
    expect(faults).toEqual([])
    await close()
  })

  test('a switch shows at once, goes back with a word when the server refuses, and is undone (25)', async () => {
    const { page, faults, close } = await onPhone('/accounts')
    const toggle = page.getByRole('switch').first()
    const [name = ''] = [gateway.accounts[0]?.id]
    let answer: (() => void) | undefined
    await page.route('**/v2/accounts/acc_*', async (route) => {
      if (route.request().method() !== 'PATCH') return route.continue()
      await new Promise<void>((resolve) => (answer = resolve))
      await route.fulfill({ status: 503, json: { error: 'not now', code: 'UNAVAILABLE' } })
    })
    const isOn = (on: boolean) =>
      page.waitForFunction((is) => document.querySelector<HTMLInputElement>('[role=switch]')?.checked === is, on)
    await toggle.press('Space')
    await isOn(false)
    while (answer === undefined) await Bun.sleep(20)
    answer()
    await isOn(true)
    await page.getByText(t('error.code.UNAVAILABLE')).first().waitFor()
    await page.unroute('**/v2/accounts/acc_*')
    await toggle.press('Space')
    await page.getByText(new RegExp(t('accounts.disabledDone', { name: `${name}.*` }))).waitFor()
    expect([await accessibilityFaults(page), await scrollsSideways(page)]).toEqual([[], false])
    await page.getByRole('button', { name: t('common.undo') }).click()
    await isOn(true)
    expect(faults).toEqual([])
    await close()
  })

  test('the state is what holds now, the counts add up, and trouble has one way out (U4, U5)', async () => {
    const { page, faults, close } = await onPhone('/models')
    const words = errorFaults.suspended.message
    await showAccounts(page, () => [
      someAccount('locked', 'suspended', { status_reason: words, status_kind: 'account-suspended' }),
      someAccount('google', 'expired', { auth_method: 'social' }),
      someAccount('device', 'expired', { auth_method: 'builder-id' }),
      someAccount('broken', 'failing', { error_count: 7, status_kind: 'upstream-failed' }),
      someAccount('rests', 'cooling', { state_until: inTime(20 * 60_000), status_kind: 'rate-limited' }),
      someAccount('new', 'unchecked'),
      someAccount('fine', 'ready'),
    ])
    await page
      .getByRole('link', { name: t('nav.accounts') })
      .first()
      .click()
    await page
      .getByText(t('accounts.answer', { ready: 1, total: 7 }))
      .first()
      .waitFor()
    const chips = page.getByRole('group', { name: t('accounts.filter') }).getByRole('button')
    const [all, ...each] = (await chips.allTextContents()).map((text) => Number(/\d+$/.exec(text)?.[0]))
    expect([all, each.reduce((sum, count) => sum + count, 0)]).toEqual([7, 7])
    const card = (name: string) => page.locator('[data-row]').filter({ has: page.getByText(name, { exact: true }) })
    await card('rests')
      .getByText(new RegExp(t('status.coolingUntil', { time: '\\d+ 分钟' })))
      .waitFor()
    await card('rests').getByText(t('reason.rate-limited')).waitFor()
    await card('broken')
      .getByText(t('status.failing', { count: 7 }))
      .waitFor()
    await card('broken').getByText(t('reason.upstream-failed')).waitFor()
    await card('broken')
      .getByRole('button', { name: t('remedy.check') })
      .waitFor()
    await card('google')
      .getByRole('button', { name: t('remedy.paste') })
      .waitFor()
    await card('device')
      .getByRole('button', { name: t('remedy.sign-in') })
      .waitFor()
    expect([await accessibilityFaults(page), await scrollsSideways(page)]).toEqual([[], false])
    await card('locked')
      .getByRole('button', { name: t('remedy.read') })
      .click()
    await page.getByRole('dialog').getByText(words, { exact: true }).waitFor()
    expect([await accessibilityFaults(page), await scrollsSideways(page)]).toEqual([[], false])
    expect(faults).toEqual([])
    await close()
  })

  test('accounts without a label are told apart in cards and in what is asked before deleting (U3)', async () => {
    const { page, faults, close } = await onPhone('/models')
    await showAccounts(page, () =>
      [11, 12].map((number) => ({
        ...someAccount(`n${number}`, 'ready'),
        ...{ id: `acc_000000${number}`, label: null, email: `simulated-${number}@example.com` },
      })),
    )
    await page
      .getByRole('link', { name: t('nav.accounts') })
      .first()
      .click()
    const names = [11, 12].map((number) => `si***-${number}@example.com #0000${number}`)
    for (const name of names) await page.getByRole('checkbox', { name: t('accounts.choose', { name }) }).check()
    const bar = page.getByRole('region', { name: t('accounts.bulk.label') })
    await bar.getByRole('button', { name: t('accounts.delete'), exact: true }).click()
    const asked = (await page.getByRole('dialog').textContent()) ?? ''
    for (const name of names) expect(asked).toContain(name)
    await focusIs(page, t('common.cancel'))
    expect([await accessibilityFaults(page), await scrollsSideways(page)]).toEqual([[], false])
    await page.keyboard.press('Escape')
    await focusIs(page, t('accounts.delete'))
    expect(faults).toEqual([])
    await close()
  })

  test('Enter while an input method composes does not send, Shift+Enter adds a line, Stop keeps the text (42)', async () => {
    const { page, faults, close } = await onPhone('/playground')
    const message = page.getByLabel(t('playground.message'), { exact: true }).last()
    await message.fill('你')
    await message.dispatchEvent('keydown', { key: 'Enter', isComposing: true, bubbles: true })
    await message.dispatchEvent('keydown', { key: 'Enter', keyCode: 229, bubbles: true })
    await message.press('Shift+Enter')
    await page.keyboard.type('好')
    expect(await message.inputValue()).toBe('你\n好')
    expect(new URL(page.url()).pathname).toBe('/playground')
    await message.fill('数数。[[sim:repeat=500]] [[sim:pace=30]]')
    await page.keyboard.press('Enter')
    const answer = page.locator('.markdown')
    await answer.getByText('模拟').first().waitFor()
    await page.getByRole('button', { name: t('playground.stop'), exact: true }).click()
    await page.getByText(t('playground.stopped'), { exact: true }).waitFor()
    await focusIs(page, t('playground.message'))
    const text = await answer.textContent()
    expect(text?.length).toBeGreaterThan(20)
    await page.waitForTimeout(300)
    expect(await answer.textContent()).toBe(text)
    expect([await accessibilityFaults(page), await scrollsSideways(page)]).toEqual([[], false])
    expect(faults).toEqual([])
    await close()
  })
}
