import { type Accessor, createSignal, onCleanup } from 'solid-js'
import { applyTheme, onSystemTheme, savedTheme, saveTheme, type Theme } from './appearance.ts'

/** The chosen theme; while it is "system", the page follows the system. */
export function createTheme(): { readonly theme: Accessor<Theme>; readonly setTheme: (choice: Theme) => void } {
  const [theme, setTheme] = createSignal<Theme>(savedTheme())
  onCleanup(onSystemTheme(() => applyTheme(theme())))
  return {
    theme,
    setTheme: (choice) => {
      saveTheme(choice)
      applyTheme(choice)
      setTheme(choice)
    },
  }
}
