import { Glyph } from './glyph.tsx'
import type { Icon } from './icon.ts'

const tones = {
  success: 'bg-success-soft text-success',
  warning: 'bg-warning-soft text-warning',
  danger: 'bg-danger-soft text-danger',
  violet: 'bg-violet-soft text-violet',
  accent: 'bg-accent-soft text-accent-text',
  neutral: 'bg-neutral-soft text-text-2',
} as const

/** A state: icon, word and colour together, so that none of them is needed alone. */
export function Badge(props: { tone: keyof typeof tones; icon: Icon; text: string }) {
  return (
    <span
      class={`forced-border inline-flex shrink-0 items-center gap-1.5 rounded-full px-2 py-0.5 font-medium text-12 ${tones[props.tone]}`}
    >
      <span class="shrink-0">
        <Glyph icon={props.icon} size={14} />
      </span>
      <span class="md:whitespace-nowrap">{props.text}</span>
    </span>
  )
}
