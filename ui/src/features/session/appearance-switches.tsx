import { For } from 'solid-js'
import { useI18n } from '../../i18n/i18n.tsx'
import { languageNames, languages, themes } from '../../lib/appearance.ts'
import { createTheme } from '../../lib/theme.ts'

const selectClass = 'control rounded-md border border-transparent bg-transparent px-2 text-text-2 hover:bg-surface-2'

/** Language and theme for pages before sign-in: native selects, to keep those pages small. */
export function AppearanceSwitches() {
  const { t, language, setLanguage } = useI18n()
  const { theme, setTheme } = createTheme()
  return (
    <div class="flex flex-wrap gap-1">
      <select
        aria-label={t('language.label')}
        class={selectClass}
        onChange={(event) => {
          const chosen = languages.find((tag) => tag === event.currentTarget.value)
          if (chosen) void setLanguage(chosen)
        }}
      >
        <For each={languages}>
          {(tag) => (
            <option value={tag} lang={tag} selected={tag === language()}>
              {languageNames[tag]}
            </option>
          )}
        </For>
      </select>
      <select
        aria-label={t('theme.label')}
        class={selectClass}
        onChange={(event) => {
          const chosen = themes.find((name) => name === event.currentTarget.value)
          if (chosen) setTheme(chosen)
        }}
      >
        <For each={themes}>
          {(name) => (
            <option value={name} selected={name === theme()}>
              {t(`theme.${name}`)}
            </option>
          )}
        </For>
      </select>
    </div>
  )
}
