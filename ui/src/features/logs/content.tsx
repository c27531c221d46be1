import { useQuery } from '@tanstack/solid-query'
import Eye from 'lucide-solid/icons/eye'
import EyeOff from 'lucide-solid/icons/eye-off'
import { createSignal, Show } from 'solid-js'
import type { RequestDetail } from '../../../../server/admin/contract/logs.ts'
import { errorText } from '../../api/error-text.ts'
import { logsApi } from '../../api/logs.ts'
import { createMayChange } from '../../api/may-change.tsx'
import { dataOf } from '../../api/queries.ts'
import { Banner } from '../../components/banner.tsx'
import { Button } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { ErrorState, Skeleton } from '../../components/states.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { Section } from './section.tsx'

/** Prompt and reply of a request whose key keeps them; read only when somebody asks for it, for each look is noted. */
export function Content(props: { readonly request: RequestDetail }) {
  const { t } = useI18n()
  const mayChange = createMayChange()
  const [open, setOpen] = createSignal(false)
  const read = useQuery(() => ({
    queryKey: ['log-content', props.request.id],
    queryFn: ({ signal }: { signal: AbortSignal }) => logsApi.content(props.request.id, signal),
    enabled: open(),
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
    retry: false,
  }))
  return (
    <Show when={props.request.content_captured}>
      <Section title={t('logs.section.content')}>
        <Show when={mayChange()} fallback={<p class="text-13 text-text-2">{t('logs.contentForAdmins')}</p>}>
          <p class="text-13 text-text-2">{t('logs.contentKept')}</p>
          {/* The one button stays: the focus would be lost with it. */}
          <div>
            <Button icon={open() ? EyeOff : Eye} aria-expanded={open()} onClick={() => setOpen(!open())}>
              {open() ? t('logs.contentHide') : t('logs.contentShow')}
            </Button>
          </div>
          <Show when={open()}>
            <Show
              when={dataOf(read)}
              fallback={
                <Show when={read.error} fallback={<Skeleton rows={2} label={t('common.loading')} />}>
                  <ErrorState
                    text={t('logs.contentFailed')}
                    detail={errorText(read.error, t)}
                    retry={t('common.retry')}
                    onRetry={() => void read.refetch()}
                  />
                </Show>
              }
            >
              {(content) => (
                <>
                  <Show when={content().cut}>
                    <Banner tone="info">{t('logs.contentCut')}</Banner>
                  </Show>
                  <Words title={t('logs.prompt')} text={content().prompt} />
                  <Words title={t('logs.reply')} text={content().reply} />
                </>
              )}
            </Show>
          </Show>
        </Show>
      </Section>
    </Show>
  )
}

function Words(props: { readonly title: string; readonly text: string }) {
  return (
    <figure class="flex flex-col gap-1">
      <figcaption class="flex items-center justify-between gap-2 text-12 text-text-2">
        {props.title}
        <CopyButton text={props.text} look="quiet" about={props.title} />
      </figcaption>
      {/* What scrolls must be reachable by keyboard. */}
      <pre
        tabindex="0"
        class="wrap-anywhere max-h-72 overflow-auto whitespace-pre-wrap rounded-md bg-code-bg px-3 py-2 font-mono text-12"
      >
        {props.text}
      </pre>
    </figure>
  )
}
