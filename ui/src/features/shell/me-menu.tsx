import { useNavigate } from '@solidjs/router'
import LockKeyhole from 'lucide-solid/icons/lock-keyhole'
import LogOut from 'lucide-solid/icons/log-out'
import UserRound from 'lucide-solid/icons/user-round'
import { Show } from 'solid-js'
import type { SessionView } from '../../../../server/admin/contract/session.ts'
import { Menu, MenuChoice, MenuItem, MenuNote, MenuSeparator } from '../../components/menu.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { languageNames, languages, themes } from '../../lib/appearance.ts'
import { createTheme } from '../../lib/theme.ts'

export function MeMenu(props: { user: SessionView['user']; onSignOut: () => void }) {
  const { t, language, setLanguage } = useI18n()
  const navigate = useNavigate()
  const { theme, setTheme } = createTheme()
  return (
    <Menu
      label={t('me.label')}
      triggerClass="control-square inline-flex items-center justify-center gap-2.5 rounded-md text-text-2 hover:bg-surface-2 md:px-2 xl:justify-start"
      trigger={
        <>
          <UserRound size={20} strokeWidth={1.75} aria-hidden="true" />
          <span class="sr-only xl:not-sr-only">{t('me.label')}</span>
        </>
      }
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
        value={theme()}
        options={themes.map((name) => ({ value: name, text: t(`theme.${name}`) }))}
        onChange={setTheme}
      />
      <MenuSeparator />
      <MenuItem icon={LockKeyhole} text={t('me.password')} onSelect={() => navigate('/password')} />
      <MenuItem icon={LogOut} text={t('me.signOut')} onSelect={props.onSignOut} />
    </Menu>
  )
}
