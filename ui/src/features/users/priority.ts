import type { Translate } from '../../i18n/dictionary.ts'

export function priorityText(priority: number, t: Translate): string {
  if (priority <= 0) return t('users.priority.0')
  return priority === 1 ? t('users.priority.1') : t('users.priority.more', { level: priority })
}

export const priorityOptions = (t: Translate): readonly { readonly value: string; readonly text: string }[] =>
  Array.from({ length: 10 }, (_, priority) => ({
    value: String(priority),
    text: priority === 9 ? t('users.priority.last') : priorityText(priority, t),
  }))
