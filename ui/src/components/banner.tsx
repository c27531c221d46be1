import CircleAlert from 'lucide-solid/icons/circle-alert'
import CircleCheck from 'lucide-solid/icons/circle-check'
import Info from 'lucide-solid/icons/info'
import TriangleAlert from 'lucide-solid/icons/triangle-alert'
import type { JSX } from 'solid-js'
import { Dynamic } from 'solid-js/web'

const tones = {
  info: ['bg-accent-soft text-text', Info],
  success: ['bg-success-soft text-success', CircleCheck],
  warning: ['bg-warning-soft text-warning', TriangleAlert],
  danger: ['bg-danger-soft text-danger', CircleAlert],
} as const

export type BannerTone = keyof typeof tones

/** A message in place. Warnings and dangers are announced when they appear. */
export function Banner(props: { tone: BannerTone; children: JSX.Element; action?: JSX.Element }) {
  return (
    <div
      role={props.tone === 'danger' || props.tone === 'warning' ? 'alert' : 'status'}
      class={`forced-border flex flex-wrap items-start gap-x-3 gap-y-2 rounded-lg px-3 py-2 ${tones[props.tone][0]}`}
    >
      <span class="mt-[3px] shrink-0">
        <Dynamic component={tones[props.tone][1]} size={16} strokeWidth={1.75} aria-hidden="true" />
      </span>
      <div class="min-w-0 flex-1">{props.children}</div>
      {props.action}
    </div>
  )
}
