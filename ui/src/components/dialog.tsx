import { Dialog as Base } from '@kobalte/core/dialog'
import { useBeforeLeave } from '@solidjs/router'
import X from 'lucide-solid/icons/x'
import { children, createComputed, createEffect, createSignal, type JSX, on, onCleanup, Show } from 'solid-js'
import { useI18n } from '../i18n/i18n.tsx'
import { firstField, lastFocused } from '../lib/focus.ts'
import { Banner } from './banner.tsx'
import { Button, IconButton } from './button.tsx'
import { keepFocus, keepOpener, returnFocus } from './lost-focus.ts'
import { createTyped } from './typed.ts'

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
  /** Something was typed: closing and leaving the page ask first. A dialog that does not say looks at the fields of its forms. */
  readonly dirty?: boolean | undefined
  /** Something is shown that can be seen this once: closing and leaving the page ask first, in words of its own. */
  readonly secret?: ShownOnce | undefined
}

/** Keeps what is shown once from being let go of unnoticed. */
export type ShownOnce = {
  readonly saved: () => boolean
  /** Leaves if it was saved, else asks. `then` happens once somebody leaves. */
  readonly leave: (then?: () => void) => void
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
  // What is typed in one is kept by its own means, if at all: it is a look at something, not a form.
  return (
    <Overlay {...props} dirty={props.dirty ?? false} frame="flex justify-end" class="h-full md:max-w-130 md:border-l" />
  )
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

/** Of what is open, those that ask before what is in them is lost, the newest last. */
const guards: ((go: () => void) => boolean)[] = []

/** Goes at once, or once somebody has let go of what was typed or is shown in what is open. */
export function letGo(go: () => void): void {
  if (!guards.toReversed().some((asks) => asks(go))) go()
}

/** The one place that owns the focus of what opens over a page: to the first field, kept inside, back to the opener. */
function Overlay(props: OverlayProps & { readonly frame: string; readonly class: string }) {
  const { t } = useI18n()
  const [asking, setAsking] = createSignal(false)
  const typed = createTyped()
  let opener: HTMLElement | undefined
  let before: HTMLElement | undefined
  let after: (() => void) | undefined
  // Made once: it is asked for twice.
  const footer = children(() => props.footer)
  // Before anything inside takes the focus.
  createComputed(
    on(
      () => props.open,
      (open) => {
        setAsking(false)
        typed.forget()
        if (!open) return
        opener = lastFocused()
        if (opener) onCleanup(keepOpener(opener))
      },
    ),
  )
  const isTop = createLayer(() => props.open)
  const keepOpen = (event: Event): void => {
    if (props.closable === false) event.preventDefault()
  }
  const isAtRisk = (): boolean => {
    if (!props.open || props.closable === false) return false
    return props.secret ? !props.secret.saved() : (props.dirty ?? typed.isChanged())
  }
  const ask = (then?: () => void): void => {
    if (props.secret) {
      props.secret.leave(then)
      return
    }
    before = lastFocused()
    after = then
    setAsking(true)
  }
  const discard = (): void => {
    typed.forget()
    setAsking(false)
    props.onClose()
    after?.()
  }
  const close = (): void => {
    if (props.closable === false) return
    if (props.secret) props.secret.leave()
    else if (asking()) discard()
    else if (isAtRisk()) ask()
    else props.onClose()
  }
  useBeforeLeave((event) => {
    // Within a page an address says what is shown there; only the way back has to be asked about.
    const isHere = typeof event.to === 'string' && event.to.split(/[?#]/)[0] === event.from.pathname
    if (isHere || event.defaultPrevented || !isAtRisk()) return
    event.preventDefault()
    ask(() => event.retry(true))
  })
  createEffect(() => {
    if (!props.open) return
    const asks = (go: () => void): boolean => {
      const atRisk = isAtRisk()
      if (atRisk) ask(go)
      return atRisk
    }
    const keep = (event: BeforeUnloadEvent): void => {
      if (isAtRisk()) event.preventDefault()
    }
    guards.push(asks)
    addEventListener('beforeunload', keep)
    onCleanup(() => {
      guards.splice(guards.indexOf(asks), 1)
      removeEventListener('beforeunload', keep)
    })
  })
  return (
    <Base open={props.open} modal={isTop()} onOpenChange={(open) => !open && close()}>
      <Base.Portal>
        <Base.Overlay class="appear fixed inset-0 z-40 bg-scrim" />
        <div class={`fixed inset-0 z-40 ${props.frame}`} inert={props.open && !isTop()}>
          <Base.Content
            ref={(element: HTMLElement) => {
              typed.watch(element)
              onCleanup(keepFocus(element, isTop))
            }}
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
            <Show when={asking()}>
              <div class="px-4 pb-4">
                <Banner
                  tone="warning"
                  action={
                    <span class="flex flex-wrap gap-2">
                      <Button
                        ref={(element) => queueMicrotask(() => element.focus())}
                        onClick={() => {
                          setAsking(false)
                          returnFocus(before)
                        }}
                      >
                        {t('form.keep')}
                      </Button>
                      <Button look="danger" onClick={discard}>
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
