import { expect, test } from 'bun:test'
import { accessibilityFaults } from '../support/browser.ts'
import { signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'
import { startProxyServer } from '../support/proxy-server.ts'

consoleTests(proxies)

function proxies({ gateway, openPage }: ConsoleStand): void {
  test('a proxy is added, given to an account and removed; its password is shown nowhere (40)', async () => {
    const password = 'S3CRET-of-the-proxy'
    const proxy = await startProxyServer({ user: 'office', password })
    const shown = `http://office:••••@127.0.0.1:${proxy.port}`
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    const dialog = page.getByRole('dialog')
    const row = page.getByRole('row').filter({ hasText: shown })
    const pick = async (name: string, item: string): Promise<void> => {
      await page.getByRole('button', { name: `More actions for ${name}` }).click()
      await page.getByRole('menuitem', { name: item }).click()
    }
    await signIn(page, `${gateway.url}/login?next=/proxies`, adminPassword)
    await page.getByText('No proxies yet.').waitFor()
    await page.getByRole('button', { name: 'Add proxy' }).click()
    await dialog.getByLabel('Address').fill(`127.0.0.1:${proxy.port}`)
    await dialog.getByRole('button', { name: 'Add proxy' }).click()
    await dialog.getByText('Begin with http://').waitFor()
    expect(await dialog.getByLabel('Address').evaluate((field) => field === document.activeElement)).toBe(true)
    await dialog.getByLabel('Address').fill(proxy.url)
    await dialog.getByLabel('Name').fill('Office')
    expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.press('Enter')
    await dialog.waitFor({ state: 'detached' })
    await row.getByText('Up', { exact: true }).waitFor()
    expect(await page.content()).not.toContain(password)

    await pick('Office', 'Edit')
    expect(await dialog.getByLabel('Address').inputValue()).toBe(shown)
    await dialog.getByLabel('Name').fill('Head office')
    await dialog.getByLabel('Weight').fill('101')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await dialog.getByText('A whole number from 1 to 100.').waitFor()
    await dialog.getByLabel('Weight').fill('7')
    await page.keyboard.press('Enter')
    await row.getByText('Head office', { exact: true }).waitFor()
    await row.getByRole('button', { name: 'Test Head office' }).click()
    await page.getByText(/Head office answers in/).waitFor()
    const { proxies } = (await gateway.admin('GET', '/v2/proxies')) as { proxies: { state: string; weight: number }[] }
    expect(proxies).toMatchObject([{ state: 'up', weight: 7 }])
    expect(JSON.stringify(await gateway.admin('GET', '/v2/proxies'))).not.toContain(password)

    const name = gateway.accounts[0]?.id ?? ''
    await page.getByRole('link', { name: 'Accounts' }).click()
    await pick(name, 'Set proxy…')
    await dialog.getByLabel('Dedicated proxy').selectOption('Head office')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText('Proxy: Head office').waitFor()
    await page.getByRole('button', { name: 'Add account' }).first().click()
    await dialog.getByLabel('Dedicated proxy').waitFor()
    expect(await dialog.getByLabel('Dedicated proxy').locator('option').allTextContents()).toEqual([
      'None',
      'Head office',
    ])
    await page.keyboard.press('Escape')

    await page.getByRole('link', { name: 'Proxies' }).click()
    await row.getByRole('switch').focus()
    await page.keyboard.press('Space')
    await dialog.getByText('The account dedicated to it sends nothing until it is on again.').waitFor()
    await dialog.getByRole('button', { name: 'Cancel' }).click()
    expect(await row.getByRole('switch').isChecked()).toBe(true)
    await row.getByRole('switch').focus()
    await page.keyboard.press('Space')
    await dialog.getByRole('button', { name: 'Switch off' }).click()
    await row.getByText('The account dedicated to it sends nothing.').waitFor()
    await pick('Head office', 'Remove')
    await dialog.getByText('One account loses its dedicated proxy').waitFor()
    await dialog.getByRole('button', { name: 'Remove proxy' }).click()
    await page.getByText('No proxies yet.').waitFor()
    const { accounts } = (await gateway.admin('GET', '/v2/accounts')) as { accounts: { proxy_id: string | null }[] }
    expect(accounts.map((account) => account.proxy_id)).toEqual(accounts.map(() => null))
    expect(await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(password)
    expect(faults).toEqual([])
    await close()
    proxy.stop()
  })

  test('the pool and the global proxy are set and unset (40)', async () => {
    const settings = () => gateway.admin('GET', '/v2/settings')
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    const dialog = page.getByRole('dialog')
    await signIn(page, `${gateway.url}/login?next=/proxies`, adminPassword)
    await page.getByRole('switch', { name: 'Proxy pool' }).focus()
    await page.keyboard.press('Space')
    await page.getByText('The pool is on.').waitFor()
    await page.getByText('the pool has none to give').waitFor()
    expect(await settings()).toMatchObject({ proxyPoolEnabled: true })
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('The pool is off.').waitFor()
    expect(await settings()).toMatchObject({ proxyPoolEnabled: false })

    const change = async (to: string): Promise<void> => {
      await page.getByRole('button', { name: 'Edit global proxy' }).click()
      await dialog.getByLabel('Address').fill(to)
      await dialog.getByRole('button', { name: 'Save' }).click()
    }
    await change('ftp://office:S3CRET@127.0.0.1:9')
    await dialog.getByText('Begin with http://').waitFor()
    await page.keyboard.press('Escape')
    await dialog.getByRole('button', { name: 'Discard' }).click()
    await change('socks5://office:S3CRET@127.0.0.1:9')
    await page.getByText('socks5://office:••••@127.0.0.1:9').waitFor()
    await dialog.waitFor({ state: 'detached' })
    expect(await page.content()).not.toContain('S3CRET')
    await change('')
    await page.getByText('None: the server’s HTTP_PROXY').waitFor()
    expect(await settings()).toMatchObject({ httpProxy: '' })
    expect(faults).toEqual([])
    await close()
  })
}
