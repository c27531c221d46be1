import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { accessibilityFaults, scrollsSideways } from '../support/browser.ts'
import { signIn } from '../support/console.ts'
import { type ConsoleStand, consoleTests } from '../support/console-tests.ts'
import { adminPassword } from '../support/gateway.ts'

consoleTests(backups)

const passphrase = 'correct horse battery staple'

function backups({ gateway, openPage }: ConsoleStand): void {
  const at = (): string => `${gateway.url}/login?next=${encodeURIComponent('/backup')}`
  const open = async (locale = 'en-US') => {
    const opened = await openPage({ locale, acceptDownloads: true })
    await signIn(opened.page, at(), adminPassword)
    await opened.page.waitForURL(({ pathname }) => pathname !== '/login')
    await opened.page.getByRole('heading', { level: 1 }).waitFor()
    return opened
  }
  const keyNames = async (): Promise<readonly string[]> =>
    ((await gateway.admin('GET', '/v2/keys')).keys as readonly { readonly name: string }[])
      .map(({ name }) => name)
      .toSorted()
  const confirm = async (page: Page): Promise<void> => {
    const dialog = page.getByRole('dialog', { name: 'Confirm it is you' })
    await dialog.locator('[autocomplete=current-password]').fill(adminPassword)
    await dialog.getByRole('button', { name: 'Continue' }).click()
    await dialog.waitFor({ state: 'detached' })
  }
  const planOf = (page: Page) => page.getByRole('dialog', { name: 'What a restore would do' })
  /** Everything is replaced, which is chosen unless it is an undoing, and asks for the word. */
  const replace = async (page: Page): Promise<void> => {
    const plan = planOf(page)
    const choice = plan.getByRole('radio', { name: 'Replace' })
    await plan.getByRole('button', { name: 'Cancel' }).waitFor()
    if ((await choice.count()) > 0) await choice.check()
    await plan.getByLabel('Type RESTORE to confirm').fill('restore')
    await plan.getByRole('button', { name: 'Replace now' }).click()
  }
  /** What the dialog, or the page, says of a part: by the name of the change. */
  const changesOf = async (place: Locator, part: string): Promise<Readonly<Record<string, number>>> => {
    const row = place.locator(`[data-part=${part}]`)
    await row.waitFor()
    const cells = await row.locator('[data-change]').all()
    return Object.fromEntries(
      await Promise.all(
        cells.map(async (cell) => [await cell.getAttribute('data-change'), Number(await cell.textContent())] as const),
      ),
    )
  }
  /** The restored server knows nobody who was signed in. */
  const signInAgain = async (page: Page): Promise<void> => {
    const dialog = page.getByRole('dialog').filter({ hasText: 'You were signed out' })
    await dialog.locator('[autocomplete=current-password]').fill(adminPassword, { timeout: 40_000 })
    await dialog.locator('button[type=submit]').click()
    await dialog.waitFor({ state: 'detached' })
  }

  test('a copy is restored after a look and the password, as foreseen, and the restore is undone (14, 46)', async () => {
    const { page, faults, close } = await open()
    await page.getByRole('button', { name: 'Back up now' }).click()
    await page.getByText('The copy').waitFor()
    const before = await keyNames()
    await gateway.admin('POST', '/v2/keys', { name: 'made later' })
    await page
      .getByRole('button', { name: /^Restore claude-server-/ })
      .first()
      .click()
    const plan = planOf(page)
    expect(await changesOf(plan, 'apiKeys')).toMatchObject({ added: 0, changed: 0 })
    await plan.getByRole('radio', { name: 'Replace' }).check()
    await plan.getByLabel('Type RESTORE to confirm').waitFor()
    await plan.getByText('Removed').waitFor()
    const foreseen = await changesOf(plan, 'apiKeys')
    // The console's own key is among them, which is on no list.
    expect([foreseen.removed, (foreseen.same ?? 0) >= before.length]).toEqual([1, true])
    expect(await accessibilityFaults(page)).toEqual([])
    // Nothing happens without the word.
    await plan.getByRole('button', { name: 'Replace now' }).click()
    await plan.getByText('Type the word exactly as shown.').waitFor()
    await replace(page)
    await confirm(page)
    await signInAgain(page)
    expect(await keyNames()).toEqual(before)
    // It was kept, and can be come back to.
    await page.getByText('Kept before a restore').waitFor()
    await page.getByText('What changed').click()
    expect(await changesOf(page.locator('details'), 'apiKeys')).toEqual(foreseen)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.getByRole('button', { name: 'Undo this restore' }).click()
    await planOf(page).getByLabel('Type RESTORE to confirm').waitFor()
    expect(await planOf(page).getByRole('radio').count()).toBe(0)
    await replace(page)
    await confirm(page)
    await signInAgain(page)
    expect(await keyNames()).toEqual([...before, 'made later'].toSorted())
    expect(faults).toEqual([])
    await close()
  })

  test('a portable backup and a copy ask for the password once in five minutes; the file brings everything back (14, 46)', async () => {
    const { page, close } = await open()
    const before = await keyNames()
    await page.getByLabel('Passphrase', { exact: true }).fill('short')
    await page.getByRole('button', { name: 'Download', exact: true }).click()
    await page.getByText('Use at least 12 characters.').waitFor()
    await page.getByLabel('Passphrase', { exact: true }).fill(passphrase)
    await page.getByLabel('Repeat the passphrase', { exact: true }).fill(passphrase)
    const first = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download', exact: true }).click()
    expect(await accessibilityFaults(page)).toEqual([])
    await confirm(page)
    const file = await (await first).path()
    expect(readFileSync(file, 'utf8')).not.toContain('made later')
    // Asked for a moment ago: not again.
    await page
      .getByRole('button', { name: /^More actions for claude-server-/ })
      .first()
      .click()
    const second = page.waitForEvent('download')
    await page.getByRole('menuitem', { name: 'Download' }).click()
    expect((await second).suggestedFilename()).toStartWith('claude-server-')
    await gateway.admin('POST', '/v2/keys', { name: 'later still' })
    await page.getByLabel('Backup file').setInputFiles({
      name: 'backup.jsonl',
      mimeType: 'application/x-ndjson',
      buffer: readFileSync(file),
    })
    const field = page.getByLabel(/^Passphrase of the file/)
    await field.fill('not the right passphrase')
    await page.getByRole('button', { name: 'Preview the restore' }).click()
    await page.getByText('The passphrase is wrong or missing').waitFor()
    expect(await field.getAttribute('aria-invalid')).toBe('true')
    await field.fill(passphrase)
    await page.getByRole('button', { name: 'Preview the restore' }).click()
    await replace(page)
    await signInAgain(page)
    expect(await keyNames()).toEqual(before)
    await close()
  })

  test('a file is merged unless something else is chosen: what is missing comes, what only is here stays, as foreseen, and it is undone (46)', async () => {
    const { page, faults, close } = await open()
    const { key: first } = await gateway.admin('POST', '/v2/keys', { name: 'in the file' })
    const list = (await gateway.admin('GET', '/v2/keys')).keys as readonly { readonly id: string; name: string }[]
    const ours = list.find(({ name }) => name === 'in the file')?.id ?? ''
    await page.getByLabel('Passphrase', { exact: true }).fill(passphrase)
    await page.getByLabel('Repeat the passphrase', { exact: true }).fill(passphrase)
    const download = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download', exact: true }).click()
    await confirm(page)
    const file = readFileSync(await (await download).path())
    await gateway.admin('DELETE', `/v2/keys/${ours}`)
    await gateway.admin('POST', '/v2/keys', { name: 'only here' })
    const before = await keyNames()
    await page
      .getByLabel('Backup file')
      .setInputFiles({ name: 'b.jsonl', mimeType: 'application/x-ndjson', buffer: file })
    await page.getByLabel(/^Passphrase of the file/).fill(passphrase)
    await page.getByRole('button', { name: 'Preview the restore' }).click()
    const plan = planOf(page)
    const foreseen = await changesOf(plan, 'apiKeys')
    expect(foreseen).toMatchObject({ added: 1, changed: 0 })
    expect(foreseen.removed ?? 0).toBe(0)
    expect(await plan.getByRole('radio', { name: 'Merge' }).isChecked()).toBe(true)
    expect(await plan.getByLabel('Type RESTORE to confirm').count()).toBe(0)
    expect(await accessibilityFaults(page)).toEqual([])
    await plan.getByRole('button', { name: 'Merge now' }).click()
    await signInAgain(page)
    expect(await keyNames()).toEqual([...before, 'in the file'].toSorted())
    const answer = await fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${first}` } })
    expect(answer.status).toBe(200)
    await page.getByText('The backup was merged into the data here.').waitFor()
    await page.getByText(/kept as data\.sqlite3\.before-restore-/).waitFor()
    await page.getByText('What changed').click()
    expect(await changesOf(page.locator('details'), 'apiKeys')).toEqual(foreseen)
    await page.getByRole('button', { name: 'Undo this restore' }).click()
    await replace(page)
    await confirm(page)
    await signInAgain(page)
    expect(await keyNames()).toEqual(before)
    expect(faults).toEqual([])
    await close()
  })

  test('a restore under way says how far it is; one that fails says why, and the plan is there again (46)', async () => {
    const { page, close } = await open()
    await page
      .getByRole('button', { name: /^Restore claude-server-/ })
      .first()
      .click()
    const plan = planOf(page)
    await plan.getByRole('button', { name: 'Merge now' }).waitFor()
    const job = {
      ...{ id: 'job_1', kind: 'backup.restore', state: 'running', total: 26, done: 3, failed: 0, error: null },
      ...{ created_at: new Date().toISOString(), ended_at: null, results_left_out: 0 },
      results: [{ index: 2, ok: true, outcome: 'restored', name: 'proxies' }],
    }
    const failed = { index: 3, ok: false, outcome: 'failed', error: 'a reason', code: 'INVALID_BACKUP' }
    let state: object = job
    await page.route('**/v2/backup/files/*/restore', (route) => route.fulfill({ status: 202, json: { job } }))
    // A call without an answer, and one that fails, are not the end.
    let lost = 0
    await page.route('**/v2/jobs/job_1', (route) => {
      lost++
      if (lost === 1) return route.abort()
      return lost === 2 ? route.fulfill({ status: 500, json: { code: 'INTERNAL' } }) : route.fulfill({ json: state })
    })
    await plan.getByRole('button', { name: 'Merge now' }).click()
    await confirm(page)
    await plan.getByText('Done: Proxies').waitFor()
    await plan.getByText('3 of 26 kinds of data').waitFor()
    await plan.getByText('You may close this page; the restore goes on.').waitFor()
    expect(await accessibilityFaults(page)).toEqual([])
    state = { ...job, state: 'done', done: 4, failed: 1, results: [...job.results, failed] }
    await plan.getByText('Nothing was restored.').waitFor()
    expect(await plan.getByRole('button', { name: 'Merge now' }).isVisible()).toBe(true)
    expect(await accessibilityFaults(page)).toEqual([])
    await close()
  })

  test('the file is chosen by a button in the language of the page, with the keyboard too, and its name is shown', async () => {
    const { page, close } = await open('zh-CN')
    const field = page.locator('input[type=file]')
    expect((await field.boundingBox())?.width).toBeLessThanOrEqual(1)
    await page.getByText('未选择文件').waitFor()
    const chooser = page.waitForEvent('filechooser')
    await field.press('Space')
    await (await chooser).setFiles({ name: '备份.json', mimeType: 'application/json', buffer: Buffer.from('{}') })
    await page.getByText('备份.json').waitFor()
    const another = page.waitForEvent('filechooser')
    await page.getByText('选择文件…').click()
    await another
    expect(await accessibilityFaults(page)).toEqual([])
    await close()
  })

  test('a backup the original made is taken, and what became of it is told (28)', async () => {
    const { page, close } = await open()
    const text = readFileSync(path.join(import.meta.dir, '../fixtures/imports/original-backup.json'), 'utf8')
    await page.getByLabel('Backup file').setInputFiles({
      name: 'backup.json',
      mimeType: 'application/json',
      buffer: Buffer.from(text),
    })
    await page.getByRole('button', { name: 'Preview the restore' }).click()
    const plan = page.getByRole('dialog', { name: 'What a restore would do' })
    await plan.getByText('What only the backup has is added.').waitFor()
    expect((await changesOf(plan, 'accounts')).added).toBeGreaterThan(0)
    await plan.getByRole('radio', { name: 'Replace' }).check()
    await plan.getByText('A backup of the original').waitFor()
    await page.keyboard.press('Escape')
    await page
      .getByRole('button', { name: /^More actions for claude-server-/ })
      .first()
      .click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Delete copy' }).click()
    await page.getByText(/^Deleted claude-server-/).waitFor()
    await close()
  })

  test('in Chinese and on a phone the page fits, and nothing is wrong with it for who listens (46, 49, 51)', async () => {
    const { page, faults, close } = await openPage({ locale: 'zh-CN', viewport: { width: 360, height: 740 } })
    await signIn(page, at(), adminPassword)
    await page.getByRole('heading', { name: '备份', level: 1 }).waitFor()
    await page.getByText('恢复前保留').first().waitFor()
    await page.getByText('变更内容').click()
    expect(await scrollsSideways(page)).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.getByRole('button', { name: '撤销此次恢复' }).click()
    await page.getByRole('dialog').getByRole('button', { name: '立即替换' }).waitFor()
    expect(await scrollsSideways(page)).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    await page.keyboard.press('Escape')
    await page
      .getByRole('button', { name: /^恢复 / })
      .first()
      .click()
    const plan = page.getByRole('dialog')
    await plan.getByRole('button', { name: '立即合并' }).waitFor()
    await plan.getByText('新增').first().waitFor()
    expect(await scrollsSideways(page)).toBe(false)
    expect(await accessibilityFaults(page)).toEqual([])
    expect(faults).toEqual([])
    await close()
  })

  // The last: others find the copy that they made by its being the only one.
  test('a key alone makes no backup: it asks first', async () => {
    const { page, close } = await open()
    const made: string[] = []
    page.on('request', (request) => request.method() === 'POST' && made.push(new URL(request.url()).pathname))
    await page.getByRole('button', { name: 'Back up now' }).first().waitFor()
    const ask = page.getByRole('dialog', { name: 'Make a backup now?' })
    await page.keyboard.press('n')
    await ask.waitFor()
    await page.keyboard.press('Escape')
    await ask.waitFor({ state: 'detached' })
    expect(made).toEqual([])
    await page.keyboard.press('n')
    await ask.getByRole('button', { name: 'Back up now' }).click()
    await page.getByText(/^The copy .* was made\.$/).waitFor()
    expect(made).toEqual(['/v2/backup/files'])
    await close()
  })
}
