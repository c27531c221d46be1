import type { Client } from './client.ts'
import { anthropicSdk, curl, openaiSdk } from './code-clients.ts'
import { cline, continueDev, cursor } from './editor-clients.ts'
import { claudeCode, codex, droid, opencode } from './terminal-clients.ts'

/** In the order of the page. */
export const clients: readonly Client[] = [
  claudeCode,
  codex,
  opencode,
  cursor,
  cline,
  continueDev,
  droid,
  openaiSdk,
  anthropicSdk,
  curl,
]
