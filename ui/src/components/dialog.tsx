import { Dialog as Base } from '@kobalte/core/dialog'
import X from 'lucide-solid/icons/x'
import { children, createComputed, createSignal, type JSX, on, onCleanup, Show } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { firstField, keepFocus, lastFocused, returnFocus } from '../lib/focus.ts'
import { Banner } from './banner.tsx'
import { Button, IconButton } from './button.tsx'

type OverlayProps = {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly children: JSX.Element
  readonly footer?: JSX.Element
  /** Gets the focus on opening; else the first field does, else the main button. */
  readonly firstFocus?: (() => HTMLElement | undefined) | undefined
  /** False: neither Esc, the cross nor a click outside closes it. */
  readonly closable?: boolean | undefined
  /** Something was typed: closing asks first. */
  readonly dirty?: boolean | undefined
}

type DialogProps = OverlayProps & { readonly wide?: boolean }

/** A modal dialog; full screen on phones. Its top stays where it is whatever it holds. */
export function Dialog(props: DialogProps) {
  return (
    <Overlay
      {...props}
      frame="flex items-start justify-center md:px-6 md:pt-[10vh]"
      class={`max-md:h-full md:max-h-[80dvh] md:rounded-xl md:border ${props.wide ? 'md:max-w-2xl' : 'md:max-w-lg'}`}
    />
  )
}

/** A look at one thing beside its list; the whole page on phones. */
export function Drawer(props: OverlayProps) {
  return <Overlay {...props} frame="flex justify-end" class="h-full md:max-w-130 md:border-l" />
}

/** What is open, the newest last: it alone keeps the focus inside, and what lies below it takes neither focus nor keys. */
const [openOverlays, setOpenOverlays] = createSignal<readonly object[]>([])

/** A place among what is open, from before anything inside takes the focus; tells whether it is the newest. */
export function createLayer(isOpen: () => boolean): () => boolean {
  const self = {}
  const leave = (): unknown => setOpenOverlays((all) => all.filter((one) => one !== self))
  createComputed(on(isOpen, (open) => (open ? setOpenOverlays((all) => [...all, self]) : leave())))
  onCleanup(leave)
  return () => openOverlays().at(-1) === self
}

/** The one place that owns the focus of what opens over a page: to the first field, kept inside, back to the opener. */
function Overlay(props: OverlayProps & { readonly frame: string; readonly class: string }) {
  const { t } = useI18n()
  const [asking, setAsking] = createSignal(false)
  let opener: HTMLElement | undefined
  // Made once: it is asked for twice.
  const footer = children(() => props.footer)
  // Before anything inside takes the focus.
  createComputed(
    on(
      () => props.open,
      (open) => {
        if (open) opener = lastFocused()
        setAsking(false)
      },
    ),
  )
  const isTop = createLayer(() => props.open)
  const keepOpen = (event: Event): void => {
    if (props.closable === false) event.preventDefault()
  }
  const close = (): void => {
    if (props.closable === false) return
    if (props.dirty && !asking()) setAsking(true)
    else props.onClose()
  }
  return (
    <Base open={props.open} modal={isTop()} onOpenChange={(open) => !open && close()}>
      <Base.Portal>
        <Base.Overlay class="appear fixed inset-0 z-40 bg-scrim" />
        <div class={`fixed inset-0 z-40 ${props.frame}`} inert={props.open && !isTop()}>
          <Base.Content
            ref={(element: HTMLElement) => onCleanup(keepFocus(element, isTop))}
            class={`appear forced-border flex max-h-full w-full flex-col border-border bg-surface shadow-overlay outline-none ${props.class}`}
            onEscapeKeyDown={keepOpen}
            onInteractOutside={(event: Event) => !isTop() && event.preventDefault()}
            onPointerDownOutside={(event: Event) => {
              keepOpen(event)
              // A toast lies outside of the dialog; using it must not close the dialog.
              const target = (event as CustomEvent<{ originalEvent: Event }>).detail?.originalEvent?.target
              if (target instanceof Element && target.closest('[data-toasts]')) event.preventDefault()
            }}
            onOpenAutoFocus={(event: Event) => {
              event.preventDefault()
              const content = event.currentTarget as HTMLElement
              const first = props.firstFocus?.() ?? firstField(content) ?? content
              first.focus({ preventScroll: true })
            }}
            onCloseAutoFocus={(event: Event) => {
              event.preventDefault()
              // What opened meanwhile, such as the sign-in, keeps it.
              if (openOverlays().length === 0 || opener?.closest('[role="dialog"]')) returnFocus(opener)
            }}
          >
            <div class="flex items-start justify-between gap-3 border-border border-b py-2.5 pr-2.5 pl-4">
              <Base.Title class="wrap-anywhere py-1 font-semibold text-16 max-md:py-2.5">{props.title}</Base.Title>
              <Show when={props.closable !== false}>
                <IconButton icon={X} label={t('common.close')} onClick={close} />
              </Show>
            </div>
            <div class="flex min-h-0 grow flex-col gap-4 overflow-y-auto p-4">{props.children}</div>
            <Show when={asking() && props.dirty}>
              <div class="px-4 pb-4">
                <Banner
                  tone="warning"
                  action={
                    <span class="flex flex-wrap gap-2">
                      <Button ref={(element) => queueMicrotask(() => element.focus())} onClick={() => setAsking(false)}>
                        {t('form.keep')}
                      </Button>
                      <Button look="danger" onClick={() => props.onClose()}>
                        {t('form.discard')}
                      </Button>
                    </span>
                  }
                >
                  {t('form.discardAsk')}
                </Banner>
              </div>
            </Show>
            <Show when={footer()}>
              <div class="flex flex-wrap justify-end gap-2 border-border border-t px-4 py-3 pb-[max(0.75rem,env(safe-area-inset-bottom))]">
                {footer()}
              </div>
            </Show>
          </Base.Content>
        </div>
      </Base.Portal>
    </Base>
  )
}

type ConfirmProps = {
  readonly open: boolean
  readonly onClose: () => void
  readonly title: string
  readonly text: string
  /** Named after the act: "Revoke key". */
  readonly action: string
  readonly onConfirm: () => void
  readonly busy?: boolean
  readonly error?: string | undefined
}

/** For what cannot be undone: says the effect in one sentence, and the focus starts on Cancel. */
export function ConfirmDialog(props: ConfirmProps) {
  const { t } = useI18n()
  return (
    <Dialog
      open={props.open}
      onClose={props.onClose}
      title={props.title}
      footer={
        <>
          <Button data-first-focus="" onClick={() => props.onClose()}>
            {t('common.cancel')}
          </Button>
          <Button look="danger" busy={props.busy ?? false} onClick={() => props.onConfirm()}>
            {props.action}
          </Button>
        </>
      }
    >
      <p class="wrap-anywhere">{props.text}</p>
      <Show when={props.error}>{(error) => <Banner tone="danger">{error()}</Banner>}</Show>
    </Dialog>
  )
}
