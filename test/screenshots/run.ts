// Every page of the console, in both themes, on a desktop and a phone, into docs/screenshots: bun run screenshots [page ...]
import { mkdir, readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { startBrowser } from '../support/browser.ts'
import { signIn } from '../support/console.ts'
import { adminPassword, type Gateway } from '../support/gateway.ts'
import { startTeam } from './team.ts'

const folder = path.join(import.meta.dir, '../../docs/screenshots')
/** All pictures together, as they are part of every clone. */
const mostBytes = 3_000_000

type Shot = { readonly name: string; readonly path: string; readonly prepare?: (page: Page) => Promise<unknown> }

const shots: readonly Shot[] = [
  { name: 'overview', path: '/' },
  { name: 'logs', path: '/logs' },
  { name: 'accounts', path: '/accounts' },
  { name: 'users', path: '/users' },
  { name: 'integrations', path: '/integrations' },
  { name: 'settings', path: '/settings' },
  { name: 'playground', path: '/playground', prepare: ask },
  { name: 'models', path: '/models' },
  { name: 'proxies', path: '/proxies' },
  { name: 'backup', path: '/backup' },
  { name: 'health', path: '/health' },
]
const screens = [
  { name: 'desktop', viewport: { width: 1280, height: 800 } },
  { name: 'phone', viewport: { width: 390, height: 844 } },
] as const

const wanted = process.argv.slice(2)
const gateway = await startTeam()
const browser = await startBrowser()
try {
  await mkdir(folder, { recursive: true })
  for (const theme of ['light', 'dark'] as const)
    for (const screen of screens) await shoot(browser, gateway, theme, screen)
  for (const language of ['zh-CN'] as const)
    await shoot(
      browser,
      gateway,
      'light',
      { name: `desktop-${language.toLowerCase()}`, viewport: screens[0].viewport },
      language,
    )
} finally {
  await browser.close()
  await gateway.stop()
}
const sizes = await Promise.all((await readdir(folder)).map(async (file) => (await stat(path.join(folder, file))).size))
const total = sizes.reduce((sum, size) => sum + size, 0)
console.log(`${sizes.length} pictures, ${(total / 1e6).toFixed(2)} MB`)
if (total > mostBytes) {
  console.log(`more than ${mostBytes / 1e6} MB`)
  process.exit(1)
}

async function shoot(
  browser: Browser,
  gateway: Gateway,
  theme: 'light' | 'dark',
  screen: { readonly name: string; readonly viewport: { readonly width: number; readonly height: number } },
  locale = 'en-US',
): Promise<void> {
  const context = await browser.newContext({
    viewport: screen.viewport,
    colorScheme: theme,
    locale,
    reducedMotion: 'reduce',
  })
  const page = await context.newPage()
  await signIn(page, `${gateway.url}/login?next=/accounts`, adminPassword)
  await page.getByRole('main').getByRole('heading', { level: 1 }).waitFor()
  await page.getByRole('navigation').waitFor()
  const session = await context.newCDPSession(page)
  for (const shot of shots) {
    if (wanted.length > 0 && !wanted.includes(shot.name)) continue
    await page.goto(gateway.url + shot.path)
    await page.getByRole('heading', { level: 1 }).waitFor()
    await shot.prepare?.(page)
    // What is fetched and drawn after the first paint: charts, counts, the live stream.
    await page.waitForTimeout(1_500)
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 72 })
    await Bun.write(path.join(folder, `${shot.name}-${theme}-${screen.name}.webp`), Buffer.from(data, 'base64'))
  }
  await context.close()
}

async function ask(page: Page): Promise<void> {
  await page
    .locator('form textarea')
    .first()
    .fill('Write a short Markdown list of three good names for a build server, then a line of TypeScript.')
  await page.keyboard.press('Enter')
  await page.waitForTimeout(6_000)
}
