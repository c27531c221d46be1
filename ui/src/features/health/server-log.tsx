import { useQueryClient } from '@tanstack/solid-query'
import { createVirtualizer } from '@tanstack/solid-virtual'
import Download from 'lucide-solid/icons/download'
import Eraser from 'lucide-solid/icons/eraser'
import Pause from 'lucide-solid/icons/pause'
import Play from 'lucide-solid/icons/play'
import { createEffect, createMemo, createSignal, For, on, onCleanup, Show } from 'solid-js'
import { Button } from '../../components/button.tsx'
import { CopyButton } from '../../components/copy-button.tsx'
import { Dialog } from '../../components/dialog.tsx'
import { SelectField, TextField } from '../../components/field.tsx'
import { useI18n } from '../../i18n/i18n.tsx'
import { createMediaQuery } from '../../lib/media.ts'
import { saveText } from '../../lib/save-file.ts'
import { createTest, filtered, type Level, type LogLine, levels, logFile } from './log-lines.ts'
import { createLogStream, type StreamState } from './log-stream.ts'

const levelClass: Readonly<Record<Level, string>> = {
  debug: 'text-text-3',
  info: 'text-accent-text',
  warn: 'text-warning',
  error: 'text-danger',
}
const stateText = {
  connecting: 'health.log.connecting',
  live: 'health.log.live',
  paused: 'health.log.paused',
  away: 'health.log.away',
} as const satisfies Readonly<Record<StreamState, string>>

const rest = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))

/** What is the process doing right now? */
export default function ServerLog() {
  const { t, format } = useI18n()
  const client = useQueryClient()
  // Two lines high where fingers press.
  const forFingers = createMediaQuery('(max-width: 47.99rem), (pointer: coarse)')
  const rowHeight = (): number => (forFingers() ? 44 : 24)
  const stream = createLogStream(() => void client.invalidateQueries({ queryKey: ['session'] }))
  const [level, setLevel] = createSignal<Level>('info')
  const [search, setSearch] = createSignal('')
  const [asked, setAsked] = createSignal('')
  const [shown, setShown] = createSignal<readonly LogLine[]>([])
  const [following, setFollowing] = createSignal(true)
  const [open, setOpen] = createSignal(false)
  const [subject, setSubject] = createSignal<LogLine>()
  let frame: HTMLDivElement | undefined
  let typing: ReturnType<typeof setTimeout> | undefined
  let turn = 0
  onCleanup(() => {
    clearTimeout(typing)
    turn++
  })
  const test = createMemo(() => createTest(asked(), level()))
  createEffect(
    on([stream.lines, test], ([lines, wanted]) => {
      if (wanted === undefined) return
      const mine = ++turn
      void filtered(lines, wanted, () => mine === turn, rest).then((found) => found && setShown(found))
    }),
  )
  const virtualizer = createVirtualizer({
    get count() {
      return shown().length
    },
    getScrollElement: () => frame ?? null,
    estimateSize: rowHeight,
    getItemKey: (index) => shown()[index]?.key ?? index,
    overscan: 10,
  })
  createEffect(on(forFingers, () => virtualizer.measure(), { defer: true }))
  const toEnd = (): void => {
    if (frame) frame.scrollTop = frame.scrollHeight
  }
  createEffect(on(shown, () => following() && requestAnimationFrame(toEnd)))
  const time = new Intl.DateTimeFormat('sv-SE', {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    fractionalSecondDigits: 3,
  })
  const markText = ({ mark }: LogLine): string => {
    if (mark?.kind === 'restart') return t('health.log.restarted')
    return mark?.missed === undefined
      ? t('health.log.gapUnknown')
      : t('health.log.gap', { count: format().number(mark.missed) })
  }
  const isPaused = (): boolean => stream.state() === 'paused'
  return (
    <section class="flex flex-col gap-3">
      <div class="flex flex-wrap items-end gap-3">
        <div class="min-w-56 grow md:max-w-96">
          <TextField
            type="search"
            label={t('health.log.search')}
            value={search()}
            error={test() === undefined ? t('health.log.badPattern') : undefined}
            onInput={(event) => {
              setSearch(event.currentTarget.value)
              clearTimeout(typing)
              typing = setTimeout(() => setAsked(search()), 250)
            }}
          />
        </div>
        <div class="w-44">
          <SelectField
            label={t('health.log.level')}
            value={level()}
            options={levels.map((one) => ({ value: one, text: t(`health.log.level.${one}`) }))}
            onChange={(value) => setLevel(value as Level)}
          />
        </div>
        <div class="flex flex-wrap gap-2">
          <Button icon={isPaused() ? Play : Pause} onClick={() => (isPaused() ? stream.resume() : stream.pause())}>
            {t(isPaused() ? 'health.log.resume' : 'health.log.pause')}
          </Button>
          <Button icon={Eraser} onClick={stream.clear}>
            {t('health.log.clear')}
          </Button>
          <Button
            icon={Download}
            disabled={shown().length === 0}
            onClick={() => saveText(logFile(shown()), 'server.log')}
          >
            {t('health.log.download')}
          </Button>
        </div>
      </div>
      <p role="status" class="numbers flex flex-wrap gap-x-3 text-13 text-text-2">
        <span data-stream={stream.state()}>{t(stateText[stream.state()])}</span>
        <span>
          {t('health.log.count', {
            shown: format().number(shown().length),
            total: format().number(stream.lines().length),
          })}
        </span>
      </p>
      <div class="relative">
        <div
          ref={(element) => (frame = element)}
          role="log"
          aria-live="off"
          aria-label={t('health.log.lines')}
          // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard
          tabIndex={0}
          onScroll={({ currentTarget }) => {
            const { scrollTop, scrollHeight, clientHeight } = currentTarget
            setFollowing(scrollHeight - scrollTop - clientHeight < rowHeight() * 2)
          }}
          class="h-[60dvh] overflow-auto rounded-lg border border-border bg-code-bg font-mono text-12"
        >
          <Show when={shown().length === 0}>
            <p class="p-3 font-sans text-text-3">
              {t(stream.lines().length === 0 ? 'health.log.empty' : 'health.log.noMatch')}
            </p>
          </Show>
          <div class="relative w-full" style={{ height: `${virtualizer.getTotalSize()}px` }}>
            <For each={virtualizer.getVirtualItems()}>
              {(item) => {
                const line = () => shown()[item.index]
                return (
                  <Show when={line()}>
                    {(row) => (
                      <div
                        class="absolute inset-x-0 flex items-center"
                        style={{ height: `${rowHeight()}px`, transform: `translateY(${item.start}px)` }}
                      >
                        <Show
                          when={!row().mark}
                          fallback={
                            <span class="w-full bg-warning-soft px-3 font-sans text-warning">{markText(row())}</span>
                          }
                        >
                          <button
                            type="button"
                            tabIndex={-1}
                            class="flex h-full w-full items-center gap-x-3 overflow-hidden whitespace-pre px-3 text-left hover:bg-surface-2 max-md:flex-wrap max-md:content-center"
                            onClick={() => {
                              setSubject(row())
                              setOpen(true)
                            }}
                          >
                            <span class="shrink-0 text-text-3">{time.format(row().at).replace(',', '.')}</span>
                            <span class={`w-12 shrink-0 ${levelClass[row().level]}`}>
                              {t(`health.log.word.${row().level}`)}
                            </span>
                            <span class="truncate max-md:w-full">{row().text}</span>
                          </button>
                        </Show>
                      </div>
                    )}
                  </Show>
                )
              }}
            </For>
          </div>
        </div>
        <Show when={!following() && shown().length > 0}>
          <div class="absolute right-4 bottom-3">
            <Button
              onClick={() => {
                setFollowing(true)
                toEnd()
              }}
            >
              {t('health.log.latest')}
            </Button>
          </div>
        </Show>
      </div>
      <Dialog open={open()} onClose={() => setOpen(false)} wide title={t('health.log.open')}>
        <Show when={subject()}>
          {(line) => (
            <>
              <p class="numbers text-13 text-text-2">
                {format().exact(line().at)} · {t(`health.log.word.${line().level}`)}
              </p>
              <pre class="wrap-anywhere whitespace-pre-wrap rounded-md bg-code-bg p-3 font-mono text-12">
                {line().whole}
              </pre>
              <div class="flex justify-end">
                <CopyButton text={line().whole} />
              </div>
            </>
          )}
        </Show>
      </Dialog>
    </section>
  )
}
