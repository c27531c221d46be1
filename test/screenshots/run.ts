// Every page of the console, in both themes, on a desktop and a phone, into docs/screenshots: bun run screenshots [page ...]
// Best on a machine that does nothing else, with fonts for Chinese (Debian's fonts-noto-cjk): without them boxes stand in the pictures.
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

type Shot = {
  readonly name: string
  readonly path: string
  readonly prepare?: (page: Page, locale: Locale) => Promise<unknown>
}
type Locale = 'en-US' | 'zh-CN'

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

/** What is asked, and what the simulated provider is told to answer: not for the picture. */
const chats = {
  'en-US': [
    'Three good names for a build server, and a line of TypeScript that lists them?',
    '1. **anvil** – shapes what it is given',
    '2. **kiln** – hot, and it finishes things',
    '3. **ferry** – brings each build to the other side',
  ],
  'zh-CN': [
    '给构建服务器起三个好名字，再写一行列出它们的 TypeScript？',
    '1. **anvil**：千锤百炼，来者成形',
    '2. **kiln**：炉火正旺，件件出窑',
    '3. **ferry**：把每次构建送到对岸',
  ],
} as const satisfies Record<Locale, readonly string[]>
const code = "```ts\nconst servers: readonly string[] = ['anvil', 'kiln', 'ferry']\n```"

const wanted = process.argv.slice(2)
if (Bun.which('fc-list') !== null && Bun.spawnSync(['fc-list', ':lang=zh-cn']).stdout.length === 0) {
  console.log('no font for Chinese on this machine (Debian: apt-get install fonts-noto-cjk)')
  process.exit(1)
}
const gateway = await startTeam()
const browser = await startBrowser()
try {
  await mkdir(folder, { recursive: true })
  for (const theme of ['light', 'dark'] as const)
    for (const screen of screens) await shoot(browser, gateway, theme, screen)
  await shoot(browser, gateway, 'light', { name: 'desktop-zh-cn', viewport: screens[0].viewport }, 'zh-CN')
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
  locale: Locale = 'en-US',
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
    await shot.prepare?.(page, locale)
    // What is fetched and drawn after the first paint: charts, counts, the live stream.
    await page.waitForTimeout(1_500)
    const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 72 })
    await Bun.write(path.join(folder, `${shot.name}-${theme}-${screen.name}.webp`), Buffer.from(data, 'base64'))
  }
  await context.close()
}

async function ask(page: Page, locale: Locale): Promise<void> {
  const [question, ...names] = chats[locale]
  const answer = `[[sim:text=${[names.join('\n'), code].join('\n\n')}]]`
  await page.route('**/v2/test/v1/**', (route) =>
    route.continue({
      postData: (route.request().postData() ?? '').replace(question, JSON.stringify(question + answer).slice(1, -1)),
    }),
  )
  await page.locator('form textarea').first().fill(question)
  await page.keyboard.press('Enter')
  await page.getByRole('button', { name: locale === 'zh-CN' ? '重新回答' : 'Ask again' }).waitFor()
  await page.unroute('**/v2/test/v1/**')
}
