type Field = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement

const fields = 'input, select, textarea'
/** Said again to be let do something: nothing that anybody would miss. */
const passing = '[autocomplete="current-password"], [autocomplete="one-time-code"]'

function stateOf(field: Field): string | boolean {
  if (!(field instanceof HTMLInputElement)) return field.value
  if (field.type === 'checkbox' || field.type === 'radio') return field.checked
  return field.type === 'file' ? String(field.files?.length ?? 0) : field.value
}

/** Whether somebody changed a field of a form in an element, as it is at the moment: what was changed back was not. */
export function createTyped() {
  const start = new Map<Field, string | boolean>()
  const touched = new Set<Field>()
  return {
    watch(container: HTMLElement): void {
      // As they are before anything is done to one of them; the container itself has the focus at first.
      const notice = (): void => {
        for (const field of container.querySelectorAll<Field>(fields))
          if (!start.has(field)) start.set(field, stateOf(field))
      }
      const note = ({ target }: Event): void => {
        if (target instanceof Element && target.matches(fields)) touched.add(target as Field)
      }
      for (const type of ['focusin', 'pointerdown', 'keydown', 'beforeinput'])
        container.addEventListener(type, notice, { capture: true })
      container.addEventListener('input', note, { capture: true })
      container.addEventListener('change', note, { capture: true })
    },
    isChanged: (): boolean =>
      [...touched].some(
        (field) =>
          field.isConnected && field.form !== null && !field.matches(passing) && stateOf(field) !== start.get(field),
      ),
    forget(): void {
      start.clear()
      touched.clear()
    },
  }
}
