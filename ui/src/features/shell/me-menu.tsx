import { useNavigate } from '@solidjs/router'
import Keyboard from 'lucide-solid/icons/keyboard'
import LockKeyhole from 'lucide-solid/icons/lock-keyhole'
import LogOut from 'lucide-solid/icons/log-out'
import MonitorSmartphone from 'lucide-solid/icons/monitor-smartphone'
import MonitorX from 'lucide-solid/icons/monitor-x'
import UserRound from 'lucide-solid/icons/user-round'
import { Show } from 'solid-js'
import type { SessionView } from '../../../../server/admin/contract/session.ts'
import { Menu, MenuChoice, MenuItem, MenuNote, MenuSeparator } from '../../components/menu.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { languageNames, languages, type Theme, themes } from '../../lib/appearance.ts'

type MeMenuProps = {
  readonly user: SessionView['user']
  readonly theme: Theme
  readonly onTheme: (theme: Theme) => void
  readonly onKeys: () => void
  readonly onSignOut: () => void
  readonly onSignOutEverywhere: () => void
}

export function MeMenu(props: MeMenuProps) {
  const { t, language, setLanguage } = useI18n()
  const navigate = useNavigate()
  return (
    <Menu
      label={t('me.label')}
      triggerClass="control-square inline-flex items-center justify-center rounded-md text-text-2 hover:bg-surface-2"
      trigger={<UserRound size={20} strokeWidth={1.75} aria-hidden="true" />}
    >
      <Show when={props.user}>
        {(user) => (
          <>
            <MenuNote text={t('me.signedInAs', { name: user().name, role: t(`role.${user().role}`) })} />
            <MenuSeparator />
          </>
        )}
      </Show>
      <MenuChoice
        label={t('language.label')}
        value={language()}
        options={languages.map((tag) => ({ value: tag, text: languageNames[tag], lang: tag }))}
        onChange={(tag) => void setLanguage(tag)}
      />
      <MenuSeparator />
      <MenuChoice
        label={t('theme.label')}
        value={props.theme}
        options={themes.map((name) => ({ value: name, text: t(`theme.${name}`) }))}
        onChange={props.onTheme}
      />
      <MenuSeparator />
      <MenuItem icon={Keyboard} text={t('shortcuts.title')} onSelect={props.onKeys} />
      <MenuItem icon={LockKeyhole} text={t('me.password')} onSelect={() => navigate('/password')} />
      <MenuItem icon={MonitorSmartphone} text={t('me.devices')} onSelect={() => navigate('/settings/security')} />
      <MenuItem icon={LogOut} text={t('me.signOut')} onSelect={props.onSignOut} />
      <MenuItem icon={MonitorX} text={t('me.signOutEverywhere')} onSelect={props.onSignOutEverywhere} />
    </Menu>
  )
}
