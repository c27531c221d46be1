import { useMutation, useQueryClient } from '@tanstack/solid-query'
import { onMount, Show } from 'solid-js'
import { api } from '../../api/client.ts'
import { errorText } from '../../api/error-text.ts'
import { queries } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { useI18n } from '../../i18n/i18n.tsx'

/** A demo is entered by one click. */
export function DemoEntry(props: { password: string; onDone: () => void }) {
  const { t } = useI18n()
  const client = useQueryClient()
  let button: HTMLButtonElement | undefined
  onMount(() => button?.focus({ preventScroll: true }))
  const enter = useMutation(() => ({
    gcTime: 0,
    mutationFn: () => api.login({ password: props.password }),
    onSuccess: async () => {
      await client.fetchQuery({ ...queries.session(), staleTime: 0 })
      props.onDone()
    },
  }))
  return (
    <div class="flex flex-col gap-4">
      <p class="text-text-2">{t('login.demo')}</p>
      <Show when={enter.error}>
        <Banner tone="danger">{errorText(enter.error, t)}</Banner>
      </Show>
      <Button
        ref={(element) => (button = element)}
        look="primary"
        busy={enter.isPending}
        onClick={() => enter.mutate()}
      >
        {t('login.enterDemo')}
      </Button>
    </div>
  )
}
