import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { accessibilityFaults, scrollsSideways } from '../support/browser.ts'
import { bothLooks, look, signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'
import { startProxyServer } from '../support/proxy-server.ts'
import { sayIn } from '../support/words.ts'

consoleTests(imports)

function imports({ gateway, openPage }: ConsoleStand): void {
  test('an import says what a file is, what each line of it is worth, and afterwards what came of it (27)', async () => {
    const password = 'Correct-Horse-Battery-Staple'
    const [here] = gateway.accounts
    const fresh = gateway.simulator.accounts.add({ method: 'builder-id', email: 'imported@example.com' })
    const dead = gateway.simulator.accounts.add({ method: 'builder-id', email: 'dead@example.com' })
    dead.killRefresh()
    const managed = [fresh, dead].map((account) => {
      const { refreshToken, clientId, clientSecret } = account.secrets()
      return { email: account.email, idp: 'BuilderId', credentials: { refreshToken, clientId, clientSecret } }
    })
    const text = JSON.stringify({
      version: '1',
      accounts: [...managed, { email: 'nobody@example.com', credentials: {} }],
    })
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    const dialog = page.getByRole('dialog')
    const row = (name: string) => dialog.getByRole('row').filter({ hasText: name })
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('button', { name: 'Add account' }).first().click()
    await dialog.getByRole('tab', { name: 'Import' }).click()

    await dialog.getByLabel(/^JSON, or one sign-in/).fill(`somebody@example.com----${password}`)
    await dialog.getByText('passwords are dropped), 1 account, 1 cannot be used').waitFor()
    await row('Line 1').getByText('Cannot be used').waitFor()
    expect(await dialog.getByRole('table').textContent()).not.toContain(password)
    await dialog.getByLabel(/^JSON, or one sign-in/).fill('')

    await dialog.locator('input[type=file]').setInputFiles({
      name: 'manager.json',
      mimeType: 'application/json',
      buffer: Buffer.from(text),
    })
    await dialog.getByText('manager.json: Kiro Account Manager, 3 accounts, 1 cannot be used').waitFor()
    await row('im***ed@example.com').getByText('New').waitFor()
    await row('no***dy@example.com').getByText('The refresh token is missing.').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await dialog.getByRole('button', { name: 'Import 2' }).click()
    await dialog.getByText('1 added, 0 renewed, 0 already here, 2 refused').waitFor({ timeout: 20_000 })
    await row('im***ed@example.com').getByText('Added').waitFor()
    await row('d***d@example.com').getByText('The provider does not accept this sign-in any more.').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])

    await dialog.getByRole('button', { name: 'Add another' }).click()
    await dialog.getByLabel(/^JSON, or one sign-in/).fill(JSON.stringify([here?.secrets(), managed[0]]))
    await dialog.getByText(/2 accounts, \d already here/).waitFor()
    await dialog.getByRole('button', { name: /^Import/ }).click()
    await dialog.getByText(/^0 added/).waitFor({ timeout: 20_000 })
    await dialog.getByRole('button', { name: 'Done' }).click()
    await page.getByText('im***ed@example.com', { exact: true }).first().waitFor()
    expect(await page.content()).not.toContain(password)
    expect(faults).toEqual([])
    await close()
  })

  test.each(bothLooks)(
    'a hundred lines of every kind: nothing is written before it is asked for, and the second time all are known (27): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const accounts = Array.from({ length: 80 }, (_, index) =>
        gateway.simulator.accounts.add({ method: 'builder-id', email: `line-${index}-${width}@example.com` }),
      )
      const sign = (index: number): string => {
        const { refreshToken, clientId, clientSecret } = accounts[index]?.secrets() ?? {}
        return JSON.stringify({ refreshToken, clientId, clientSecret, provider: 'BuilderId' })
      }
      const [here] = gateway.accounts
      const lines = [
        ...accounts.map((_, index) => sign(index)),
        ...Array.from({ length: 9 }, (_, index) => sign(index)),
        JSON.stringify(here?.secrets()),
        ...Array.from({ length: 10 }, (_, index) => `{"refreshToken":"short-${index}"}`),
      ]
      expect(lines).toHaveLength(100)
      const countHere = async (): Promise<number> =>
        ((await gateway.admin('GET', '/v2/accounts')) as { accountStats: { totalCount: number } }).accountStats
          .totalCount
      const before = await countHere()
      const { page, faults, close } = await openPage({ ...look(locale, width), acceptDownloads: true })
      const dialog = page.getByRole('dialog')
      await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
      const give = async (): Promise<void> => {
        await page
          .getByRole('button', { name: t('accounts.add') })
          .first()
          .click()
        await dialog.getByRole('tab', { name: t('add.import') }).click()
        await dialog.getByLabel(t('import.text')).fill(lines.join('\n'))
      }
      await give()
      await dialog.getByText(t('import.accounts.other', { count: 100 })).waitFor()
      expect(await dialog.textContent()).toContain(t('import.unusable', { count: 10 }))
      expect([await accessibilityFaults(page), await scrollsSideways(page)]).toEqual([[], false])
      expect(await countHere()).toBe(before)
      await dialog.getByRole('button', { name: new RegExp(`^${t('import.run', { count: '\\d+' })}$`) }).click()
      await dialog
        .getByText(new RegExp(`^${t('import.result', { added: 80, renewed: '\\d+', present: '\\d+', refused: 10 })}$`))
        .waitFor({ timeout: 90_000 })
      expect(await countHere()).toBe(before + 80)
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        dialog.getByRole('button', { name: t('import.failedLines') }).click(),
      ])
      expect((await Bun.file(await download.path()).text()).trim().split('\n')).toEqual(lines.slice(-10))
      await dialog.getByRole('button', { name: t('common.done') }).click()
      await give()
      await dialog.getByText(t('import.accounts.other', { count: 100 })).waitFor()
      await dialog.getByRole('button', { name: new RegExp(`^${t('import.run', { count: '\\d+' })}$`) }).click()
      await dialog
        .getByText(
          new RegExp(`^${t('import.result', { added: 0, renewed: '\\d+', present: '\\d+', refused: '\\d+' })}$`),
        )
        .waitFor({ timeout: 90_000 })
      expect(await countHere()).toBe(before + 80)
      expect(faults).toEqual([])
      await close()
    },
  )

  test('what the original exports is read, with names in either spelling (28)', async () => {
    const folder = path.join(import.meta.dir, '../fixtures/imports')
    const given = readFileSync(path.join(folder, 'original-export.json'), 'utf8')
    const other = given.replaceAll(/"([a-z]+(?:[A-Z][a-z]+)+)":/g, (_, name: string) => `"${snake(name)}":`)
    expect(other).not.toBe(given)
    const { page, close } = await openPage({ locale: 'en-US' })
    const dialog = page.getByRole('dialog')
    await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
    await page.getByRole('button', { name: 'Add account' }).first().click()
    await dialog.getByRole('tab', { name: 'Import' }).click()
    const read = async (text: string): Promise<string> => {
      await dialog.getByLabel(/^JSON, or one sign-in/).fill(text)
      await dialog.getByText(/\d accounts?/).waitFor()
      await dialog.getByRole('table').waitFor()
      return (await dialog.getByRole('table').textContent()) ?? ''
    }
    const table = await read(given)
    expect(table).toContain('New')
    await dialog.getByLabel(/^JSON, or one sign-in/).fill('')
    await dialog.getByRole('table').waitFor({ state: 'detached' })
    expect(await read(other)).toBe(table)
    await close()
  })

  test('an account that signs in again keeps its id and what it did, by the proxy it has (29)', async () => {
    const proxy = await startProxyServer()
    const { proxy: made } = (await gateway.admin('POST', '/v2/proxies', { url: proxy.url, name: 'Office' })) as {
      proxy: { id: string }
    }
    // The imports before have made more accounts than a page has.
    const found = `/accounts?q=${gateway.accounts[0]?.id}`
    type List = { accounts: { id: string; label: string }[]; accountStats: { totalCount: number } }
    const { accounts, accountStats } = (await gateway.admin('GET', `/v2${found}`)) as List
    const own = accounts.find(({ label }) => label === gateway.accounts[0]?.id)
    await gateway.admin('PATCH', `/v2/accounts/${own?.id}`, { proxyId: made.id })
    const { page, faults, close } = await openPage({ locale: 'en-US' })
    const dialog = page.getByRole('dialog')
    await signIn(page, `${gateway.url}/login?next=${encodeURIComponent(found)}`, adminPassword)
    await page.getByRole('button', { name: new RegExp(`^More actions for ${own?.label} `) }).click()
    await page.getByRole('menuitem', { name: 'Sign in again' }).click()
    const before = proxy.targets.length
    await dialog.getByRole('button', { name: 'Get a code' }).click()
    await dialog.getByText('Waiting for you to sign in…').waitFor()
    const code = (await dialog.locator('code').first().textContent()) ?? ''
    expect(gateway.simulator.signIns.approve(code, gateway.accounts[0]?.id)).toBe(true)
    await dialog.getByText(/is ready\./).waitFor({ timeout: 30_000 })
    expect(proxy.targets.length).toBeGreaterThan(before)
    const after = (await gateway.admin('GET', `/v2${found}`)) as List
    expect(after.accountStats.totalCount).toBe(accountStats.totalCount)
    expect(after.accounts.map(({ id }) => id).toSorted()).toEqual(accounts.map(({ id }) => id).toSorted())
    const { events } = (await gateway.admin('GET', `/v2/accounts/${own?.id}/events`)) as { events: object[] }
    expect(events.length).toBeGreaterThan(0)
    expect(faults).toEqual([])
    await close()
    proxy.stop()
  })
}

const snake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
