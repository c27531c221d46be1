import { expect, test } from 'bun:test'
import { Secret, TOTP } from 'otpauth'
import type { Page } from 'playwright-core'
import { accessibilityFaults, scrollsSideways } from '../support/browser.ts'
import { bothLooks, look } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'
import { en, sayIn } from '../support/words.ts'

consoleTests(settings)

function settings({ gateway, openPage, open }: ConsoleStand): void {
  const save = (page: Page, name: string = en['settings.save']) => page.getByRole('button', { name }).click()

  test.each(bothLooks)(
    'an invalid value blocks saving and gets the focus, a right one is saved, and the default is one press away (45): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const { page, faults, close } = await open('/settings/routing', look(locale, width))
      const field = page.getByLabel(t('settings.field.maxErrorCount'), { exact: true })
      await field.fill('0')
      await save(page, t('settings.save'))
      await page.getByText(t('settings.fault.least', { minimum: 1 })).waitFor()
      expect(await field.evaluate((element) => element === document.activeElement)).toBe(true)
      expect(await field.getAttribute('aria-invalid')).toBe('true')
      expect(await accessibilityFaults(page)).toEqual([])
      // From another section it is led back to.
      await page.getByRole('link', { name: t('settings.section.general') }).click()
      await page.getByText(t('settings.barOne')).waitFor()
      await save(page, t('settings.save'))
      await page.waitForURL(/settings\/routing/)
      await field.fill('12')
      await save(page, t('settings.save'))
      await page.getByText(t('settings.saved')).waitFor()
      expect((await gateway.admin('GET', '/v2/settings')).maxErrorCount).toBe(12)
      await page
        .getByRole('button', { name: t('settings.useDefaultNamed', { name: t('settings.field.maxErrorCount') }) })
        .click()
      expect(await field.inputValue()).toBe('30')
      await save(page, t('settings.save'))
      await page.getByText(t('settings.barOne')).waitFor({ state: 'detached' })
      const { fields } = (await gateway.admin('GET', '/v2/settings/fields')) as {
        fields: readonly { readonly name: string; readonly changed: boolean }[]
      }
      expect(fields.filter(({ changed }) => changed)).toEqual([])
      expect(faults).toEqual([])
      await close()
    },
  )

  test('a time zone is found by typing, one that the list leaves out is taken too, and the system’s is named', async () => {
    const { page, faults, close } = await open('/settings/general')
    const zone = page.getByRole('combobox', { name: 'Time zone' })
    const system = Intl.DateTimeFormat().resolvedOptions().timeZone
    expect(await zone.getAttribute('placeholder')).toBe(`System: ${system}`)
    await page.getByText(`Default: ${system}`).waitFor()
    const choose = async (typed: string): Promise<void> => {
      await zone.fill(typed)
      await page.getByRole('option', { name: typed === 'shanghai' ? 'Asia/Shanghai' : typed }).waitFor()
      expect(await accessibilityFaults(page)).toEqual([])
      await page.keyboard.press('ArrowDown')
      await page.keyboard.press('Enter')
      await page.getByText('1 unsaved change').waitFor()
      await save(page)
      await page.getByText('1 unsaved change').waitFor({ state: 'detached' })
    }
    await choose('shanghai')
    expect((await gateway.admin('GET', '/v2/settings')).timezone).toBe('Asia/Shanghai')
    await choose('+05:30')
    expect((await gateway.admin('GET', '/v2/settings')).timezone).toBe('+05:30')
    await page.getByRole('button', { name: 'Clear Time zone' }).click()
    await save(page)
    await page.getByText('0 of').waitFor()
    expect((await gateway.admin('GET', '/v2/settings')).timezone).toBe('')
    expect(faults).toEqual([])
    await close()
  })

  test('the rule of when a change holds is said once, and a tag marks only what differs', async () => {
    const { page, close } = await open('/settings/quota')
    await page.getByText('Saved changes take effect at once').waitFor()
    expect(await page.getByText('Now', { exact: true }).count()).toBe(0)
    expect(await page.getByText('Next round', { exact: true }).count()).toBeGreaterThan(0)
    await close()
  })

  test.each(bothLooks)(
    'two windows that change the same see both values; changes of different settings both hold (45): %s, %d px',
    async (locale, width) => {
      const t = sayIn(locale)
      const one = await open('/settings/quota', look(locale, width))
      const other = await open('/settings/quota', look(locale, width))
      const every = (page: Page) => page.getByLabel(t('settings.field.quotaRefreshInterval'), { exact: true })
      await every(one.page).fill('200')
      await every(other.page).fill('300')
      await other.page.getByLabel(t('settings.field.quotaRefreshConcurrency'), { exact: true }).fill('7')
      await save(one.page, t('settings.save'))
      await one.page.getByText(t('settings.saved')).waitFor()
      await save(other.page, t('settings.save'))
      const dialog = other.page.getByRole('dialog', { name: t('settings.conflictTitle') })
      await dialog.getByText(`${t('settings.conflict.theirs')}: 200`).waitFor()
      await dialog.getByText(`${t('settings.conflict.mine')}: 300`).waitFor()
      expect(await accessibilityFaults(other.page)).toEqual([])
      // Put off is not decided.
      await other.page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'detached' })
      await save(other.page, t('settings.save'))
      await dialog.getByRole('button', { name: t('common.cancel') }).click()
      await dialog.waitFor({ state: 'detached' })
      await save(other.page, t('settings.save'))
      await dialog.getByText(`${t('settings.conflict.theirs')}: 200`).waitFor()
      expect(await gateway.admin('GET', '/v2/settings')).toMatchObject({ quotaRefreshInterval: 200 })
      await dialog.getByLabel(`${t('settings.conflict.mine')}: 300`).check()
      await dialog.getByRole('button', { name: t('settings.conflictSave') }).click()
      await other.page.getByText(t('settings.saved')).waitFor()
      expect(await gateway.admin('GET', '/v2/settings')).toMatchObject({
        quotaRefreshInterval: 300,
        quotaRefreshConcurrency: 7,
      })
      // The first window has since been behind, but nothing of it crosses.
      await one.page.getByRole('link', { name: t('settings.section.limits') }).click()
      await one.page.getByLabel(t('settings.field.ipRateLimitWindow'), { exact: true }).fill('5')
      await save(one.page, t('settings.save'))
      await one.page.getByText(t('settings.saved')).nth(0).waitFor()
      await one.page.getByText(t('settings.barOne')).waitFor({ state: 'detached' })
      expect(await gateway.admin('GET', '/v2/settings')).toMatchObject({
        quotaRefreshInterval: 300,
        ipRateLimitWindow: 5,
      })
      await one.close()
      await other.close()
      await gateway.admin('PUT', '/v2/settings', {
        reset: ['quotaRefreshInterval', 'quotaRefreshConcurrency', 'ipRateLimitWindow'],
      })
    },
  )

  test('what the environment sets is shown as locked with its variable; a search finds by the words of both languages (45)', async () => {
    const { page, close } = await open('/settings/network')
    const port = page.locator('dl > div').filter({ hasText: 'server.port' })
    await port.getByText('Set by the environment variable PORT.').waitFor()
    expect(await port.locator('input, select, textarea, button').count()).toBe(0)
    await page.getByLabel('Search settings').fill('额度用完预警')
    await page.getByText('Warn before an account runs out').waitFor()
    expect(new URL(page.url()).searchParams.get('q')).toBe('额度用完预警')
    await page.getByLabel('Search settings').fill('日志保留')
    await page.getByText('Keep records for').waitFor()
    await page.getByLabel('Search settings').fill('no such setting at all')
    await page.getByText('No setting matches').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await close()
  })

  test('leaving with unsaved changes asks, and stays when told so', async () => {
    const { page, close } = await open('/settings/general')
    await page.getByLabel('Announcement text', { exact: true }).fill('Maintenance at noon')
    await page.getByRole('link', { name: 'Users & keys' }).click()
    await page.getByRole('dialog', { name: 'Leave without saving?' }).getByRole('button', { name: 'Cancel' }).click()
    expect(await page.getByLabel('Announcement text', { exact: true }).inputValue()).toBe('Maintenance at noon')
    await page.getByLabel('Announcement', { exact: true }).check({ force: true })
    await save(page)
    await page.getByText('Saved.').waitFor()
    await page.getByText('Maintenance at noon').first().waitFor()
    await close()
    await gateway.admin('PUT', '/v2/settings', { reset: ['announcementText', 'announcementEnabled'] })
  })

  test('an admin token is shown once, works, and is revoked', async () => {
    const { page, faults, close } = await open('/settings/security')
    await page.getByRole('button', { name: 'Create token' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill('nightly')
    await dialog.getByRole('button', { name: 'Create token' }).click()
    const token = await dialog.getByLabel('New token').inputValue()
    const asToken = () => fetch(`${gateway.url}/v2/meta`, { headers: { authorization: `Bearer ${token}` } })
    expect((await asToken()).status).toBe(200)
    expect(await accessibilityFaults(page)).toEqual([])
    await dialog.getByRole('button', { name: 'I have saved it' }).click()
    await page.getByText(`…${token.slice(-4)}`).waitFor()
    expect(await page.content()).not.toContain(token)
    await page.getByRole('button', { name: 'Revoke nightly' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke token' }).click()
    await page.getByText('Revoked nightly.').waitFor()
    expect((await asToken()).status).toBe(401)
    expect(faults).toEqual([])
    await close()
  })

  test('a second factor is turned on by its QR code or key, gives recovery codes, and is turned off', async () => {
    const { page, close } = await open('/settings/security')
    await page.getByRole('button', { name: 'Turn on', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.locator('[autocomplete=current-password]').fill(adminPassword)
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.getByRole('img', { name: 'QR code for your authenticator app' }).waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    const secret = (await dialog.locator('code').textContent()) ?? ''
    await dialog.getByLabel('Code the app shows').fill(new TOTP({ secret: Secret.fromBase32(secret) }).generate())
    await dialog.getByRole('button', { name: 'Turn on' }).click()
    await dialog.getByText('The second factor is on.').waitFor()
    const code = (await dialog.locator('li').first().textContent()) ?? ''
    await dialog.getByRole('button', { name: 'I have saved them' }).click()
    await page.getByText('10 recovery codes left').waitFor()
    await page.getByRole('button', { name: 'Turn off', exact: true }).click()
    await dialog.locator('[autocomplete=current-password]').fill(adminPassword)
    await dialog.getByLabel('Authenticator code').fill(code)
    await dialog.getByRole('button', { name: 'Turn off' }).click()
    await page.getByText('The second factor is off.').waitFor()
    await close()
  })

  test('a console user is added with a role and sees what that role may; the audit log knows and is whole', async () => {
    const { page, close } = await open('/settings/security')
    await page.getByRole('button', { name: 'Add user' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Username').fill('vera')
    await dialog.getByLabel('Password', { exact: true }).fill('a quiet long passphrase')
    await dialog.getByRole('button', { name: 'Save' }).click()
    await page.getByText('vera was saved.').waitFor()
    await page.getByRole('cell', { name: 'vera', exact: true }).waitFor()
    await page.getByLabel('About', { exact: true }).selectOption({ label: 'Console users' })
    await page.getByRole('cell', { name: 'Added a console user · vera' }).waitFor()
    await page
      .getByRole('button', { name: /^Details of entry/ })
      .first()
      .click()
    await page.getByRole('dialog').getByRole('definition').getByText('vera', { exact: true }).first().waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: 'Verify' }).click()
    await page.getByText('The log is intact').waitFor()
    const viewer = await openPage({ locale: 'en-US' })
    await viewer.page.goto(`${gateway.url}/login?next=/settings/security`)
    await viewer.page.getByLabel('Username').fill('vera')
    await viewer.page.locator('[autocomplete=current-password]').fill('a quiet long passphrase')
    await viewer.page.locator('button[type=submit]').click()
    await viewer.page.getByRole('heading', { name: 'Signed-in devices' }).waitFor()
    expect(await viewer.page.getByRole('heading', { name: 'Admin tokens' }).count()).toBe(0)
    expect(await viewer.page.getByRole('heading', { name: 'Console users' }).count()).toBe(0)
    expect(await viewer.page.getByLabel('Sign out after idle', { exact: true }).isDisabled()).toBe(true)
    await viewer.close()
    await page.getByRole('button', { name: 'More actions for vera' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete user' }).click()
    await page.getByText('Deleted vera.').waitFor()
    await close()
  })

  test.each(['zh-CN', 'en-US'])(
    'codes have words, times their zone, and what the audit log shows is in the address: %s',
    async (locale) => {
      const t = sayIn(locale)
      const name = `nightly ${locale}`
      await gateway.admin('POST', '/v2/admin-tokens', { name, scopes: ['read', 'accounts'], expiresInDays: 7 })
      const { maxErrorCount } = (await gateway.admin('GET', '/v2/settings')) as { readonly maxErrorCount: number }
      await gateway.admin('PUT', '/v2/settings', { maxErrorCount: maxErrorCount + 1 })
      const { page, faults, close } = await open('/settings/security', { locale })
      const token = page.getByRole('row').filter({ hasText: name }).first()
      await token.getByText(t('settings.tokens.scope.read')).waitFor()
      expect(await token.textContent()).toContain(t('settings.tokens.scope.accounts'))
      expect(await token.textContent()).not.toContain('read, accounts')
      await token.getByText(t('role.owner'), { exact: true }).waitFor()
      expect(await token.locator('time').first().getAttribute('title')).toMatch(/\d\d:\d\d:\d\d|:\d\d [AP]M [A-Z]/)
      const entry = page
        .getByRole('row')
        .filter({ hasText: t('audit.do.PUT /v2/settings') })
        .first()
      await entry.getByText(t('settings.field.maxErrorCount')).waitFor()
      expect(await entry.locator('time').textContent()).toMatch(/:\d\d:\d\d/)
      expect(await entry.locator('time').getAttribute('title')).toMatch(/UTC|GMT/)
      await page.getByLabel(t('settings.audit.action'), { exact: true }).selectOption('/settings')
      await page.waitForURL('**/settings/security?about=%2Fsettings')
      await page.getByLabel(t('settings.audit.actor'), { exact: true }).fill('nobody')
      await page.getByText(t('settings.audit.noMatch')).waitFor()
      await page.reload()
      await page.getByText(t('settings.audit.noMatch')).waitFor()
      expect(await page.getByLabel(t('settings.audit.actor'), { exact: true }).inputValue()).toBe('nobody')
      await page.getByLabel(t('settings.audit.actor'), { exact: true }).fill('')
      await entry.getByRole('button').click()
      const drawer = page.getByRole('dialog')
      await drawer.getByText(t('settings.field.maxErrorCount'), { exact: true }).first().waitFor()
      expect(await drawer.textContent()).not.toContain('"maxErrorCount"')
      expect(await accessibilityFaults(page)).toEqual([])
      expect(faults).toEqual([])
      await close()
    },
  )

  test('an alert is tried, and what the webhook answered is said', async () => {
    let got = 0
    const hook = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => new Response(null, { status: got++ === 0 ? 204 : 410 }),
    })
    const { page, close } = await open('/settings/alerts')
    await page.getByLabel('Webhook address', { exact: true }).fill(`http://127.0.0.1:${hook.port}/secret-path`)
    await page.getByLabel('Signing secret', { exact: true }).fill('a secret of the webhook')
    expect(await page.getByRole('button', { name: 'Send a test' }).isDisabled()).toBe(true)
    await save(page)
    await page.getByText('Saved.').waitFor()
    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.getByText('The webhook answered 204').waitFor()
    await page.getByRole('button', { name: 'Send a test' }).click()
    await page.getByText('The webhook did not accept it').waitFor()
    expect(await page.getByLabel('Webhook address', { exact: true }).inputValue()).toBe(
      `http://127.0.0.1:${hook.port}/••••path`,
    )
    await close()
    await hook.stop(true)
  })

  test('of several sign-ins of one browser each is ended by a button with a name of its own', async () => {
    const one = await open('/settings/security')
    // Names tell them apart by the second.
    await Bun.sleep(1_100)
    const other = await open('/settings/security')
    await other.page
      .getByRole('button', { name: /^Sign out .*, / })
      .first()
      .waitFor()
    await Bun.sleep(1_100)
    const { page, close } = await open('/settings/security')
    await page
      .getByRole('button', { name: /^Sign out .*, / })
      .nth(1)
      .waitFor()
    const ends = await page
      .locator('button[aria-label^="Sign out "]')
      .evaluateAll((buttons) => buttons.map((button) => button.getAttribute('aria-label')))
    expect(ends.length).toBeGreaterThanOrEqual(2)
    expect(new Set(ends).size).toBe(ends.length)
    for (const opened of [one, other]) await opened.close()
    await close()
  })

  test('signing out everywhere else ends the other browser within seconds, and there the sign-in stands over the page (13)', async () => {
    const one = await open('/settings/security')
    const other = await open('/settings/security')
    await one.page.getByRole('button', { name: 'Sign out everywhere else' }).click()
    await one.page.getByRole('dialog').getByRole('button', { name: 'Sign out everywhere else' }).click()
    await one.page.getByText('All other browsers are signed out.').waitFor()
    await other.page.getByRole('dialog').getByText('You were signed out.').waitFor({ timeout: 6_000 })
    await one.close()
    await other.close()
  })

  test.each(['en-US', 'zh-CN'])(
    'in %s every section fits a phone, and nothing is wrong with it for who listens (49, 51)',
    async (locale) => {
      const { page, faults, close } = await open('/settings', { locale, viewport: { width: 360, height: 740 } })
      for (const section of ['general', 'security', 'routing', 'network', 'alerts', 'advanced']) {
        await page.goto(`${gateway.url}/settings/${section}`)
        await page.getByRole('heading', { level: 2 }).waitFor()
        expect([section, await scrollsSideways(page)]).toEqual([section, false])
        expect([section, await accessibilityFaults(page)]).toEqual([section, []])
      }
      expect(faults).toEqual([])
      await close()
    },
  )
}
