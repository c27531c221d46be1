import Activity from 'lucide-solid/icons/activity'
import Archive from 'lucide-solid/icons/archive'
import Boxes from 'lucide-solid/icons/boxes'
import KeyRound from 'lucide-solid/icons/key-round'
import LayoutDashboard from 'lucide-solid/icons/layout-dashboard'
import MessageSquare from 'lucide-solid/icons/message-square'
import Plug from 'lucide-solid/icons/plug'
import Route from 'lucide-solid/icons/route'
import ScrollText from 'lucide-solid/icons/scroll-text'
import Settings from 'lucide-solid/icons/settings'
import UsersRound from 'lucide-solid/icons/users-round'
import type { StatusView } from '../../../../server/admin/contract/events.ts'
import type { Icon } from '../../components/icon.ts'
import type { PlainKey } from '../../i18n/dictionary.ts'

export type NavEntry = {
  readonly href: string
  readonly text: PlainKey
  /** In a narrow place. */
  readonly short?: PlainKey
  readonly icon: Icon
  /** Pressed after `g`. */
  readonly key: string
  /** On a phone the first four stand in the bar; the rest is behind "Menu". */
  readonly phone?: boolean
  /** How many things there want a person. */
  readonly count?: (status: StatusView) => number
}

/** The pages in their order: what is looked at each day, then what is set up once, then tools. One line for each page. */
export const navEntries: readonly NavEntry[] = [
  { href: '/', text: 'nav.overview', icon: LayoutDashboard, key: 'o', phone: true },
  { href: '/logs', text: 'nav.logs', short: 'nav.logsShort', icon: ScrollText, key: 'l', phone: true },
  {
    href: '/accounts',
    text: 'nav.accounts',
    icon: UsersRound,
    key: 'a',
    phone: true,
    count: ({ badges }) => badges.accounts,
  },
  { href: '/users', text: 'nav.users', icon: KeyRound, key: 'u' },
  { href: '/integrations', text: 'nav.integrations', icon: Plug, key: 'i' },
  { href: '/playground', text: 'nav.playground', icon: MessageSquare, key: 'p', phone: true },
  { href: '/models', text: 'nav.models', icon: Boxes, key: 'm' },
  { href: '/proxies', text: 'nav.proxies', icon: Route, key: 'x', count: ({ badges }) => badges.proxies },
  { href: '/backup', text: 'nav.backup', icon: Archive, key: 'b' },
  { href: '/settings', text: 'nav.settings', icon: Settings, key: 's' },
  { href: '/health', text: 'nav.health', icon: Activity, key: 'h' },
]

export const isHere = (href: string, path: string): boolean =>
  href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`)
