import type { JSX } from 'solid-js'
import { Logo } from '../../components/logo.tsx'
import { AppearanceSwitches } from './appearance-switches.tsx'

/** The frame of the pages outside of the shell: sign-in and the forced password change. */
export function Entrance(props: { app: string; title: string; lead?: string | undefined; children: JSX.Element }) {
  return (
    <div class="flex min-h-dvh flex-col">
      <header class="flex flex-wrap items-center justify-between gap-2 px-4 py-3">
        <span class="inline-flex items-center gap-2 font-semibold text-16">
          <span class="text-accent">
            <Logo />
          </span>
          {props.app}
        </span>
        <AppearanceSwitches />
      </header>
      <main class="flex grow items-start justify-center px-4 pt-[8vh] pb-12">
        <div class="flex w-full max-w-sm flex-col gap-5 rounded-lg border border-border bg-surface p-5">
          <div>
            <h1 class="font-semibold text-20">{props.title}</h1>
            <p class="text-text-2">{props.lead}</p>
          </div>
          {props.children}
        </div>
      </main>
    </div>
  )
}
