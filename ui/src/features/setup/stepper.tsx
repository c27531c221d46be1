import Check from 'lucide-solid/icons/check'
import { For, Show } from 'solid-js'
import { useI18n } from '../../i18n/i18n.tsx'
import { type Step, steps } from './progress.ts'

/** Where one is among the five. */
export function Stepper(props: { readonly step: Step }) {
  const { t } = useI18n()
  const at = (): number => steps.indexOf(props.step)
  return (
    <ol class="flex flex-wrap gap-x-4 gap-y-1 text-13">
      <For each={steps}>
        {(step, index) => (
          <li
            aria-current={index() === at() ? 'step' : undefined}
            class={`inline-flex items-center gap-1.5 ${index() === at() ? 'font-medium text-text' : 'text-text-3'}`}
          >
            <span
              class={`numbers forced-border inline-flex size-5 items-center justify-center rounded-full text-12 ${
                index() === at()
                  ? 'bg-accent text-on-accent'
                  : index() < at()
                    ? 'bg-success-soft text-success'
                    : 'bg-surface-3 text-text-2'
              }`}
            >
              <Show when={index() < at()} fallback={index() + 1}>
                <Check size={12} strokeWidth={2.5} aria-label={t('setup.stepDone')} />
              </Show>
            </span>
            <span class={index() === at() ? '' : 'max-md:sr-only'}>{t(`setup.step.${step}`)}</span>
          </li>
        )}
      </For>
    </ol>
  )
}
